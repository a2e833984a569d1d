// SPDX-License-Identifier: MIT
// What the demo measures, as one probe: the library's probes, and three of its own
// (arXiv 2410.13835, sections 2 and 4).
#pragma once

#include "common/excess_risk.hpp"
#include "demo/setting.hpp"
#include "dormant/concepts.hpp"
#include "dormant/probe/attention_sink.hpp"
#include "dormant/probe/norms.hpp"
#include "dormant/probe/residual_peak.hpp"
#include "dormant/probe/value_drain.hpp"

#include <cstddef>

namespace demo {

/// Norms of what the MLP of the writing layer adds to the residual stream.
struct first_write {
  dm::bos_norms norms;

  void operator()(dm::site::mlp_out at, dm::view<float const, 2> const& out) {
    if (at.layer != writing_layer) return;
    for (std::size_t t = 0; t < out.shape(0); ++t) {
      norms.add(at.sequence.sink(t), out.shape(1), [&](std::size_t c) { return out(t, c); });
    }
  }
  void merge(first_write const& later) { norms += later.norms; }
};

/// All numbers of the demo, as `columns` names them.
struct phenomena {
  dm::attention_sink sink;
  dm::value_drain drain;
  dm::residual_peak peak;
  program::excess_risk excess;
  first_write write;

  void operator()(dm::site::pattern at, dm::view<float const, 3> const& x) { sink(at, x); }
  void operator()(dm::site::value_out at, dm::view<float const, 3> const& x) { drain(at, x); }
  void operator()(dm::site::resid_post at, dm::view<float const, 2> const& x) { peak(at, x); }
  void operator()(dm::site::mlp_out at, dm::view<float const, 2> const& x) { write(at, x); }
  void operator()(dm::site::logits at, dm::view<float const, 2> const& x) { excess(at, x); }
  void merge(phenomena const& later) {
    sink.merge(later.sink);
    drain.merge(later.drain);
    peak.merge(later.peak);
    excess.merge(later.excess);
    write.merge(later.write);
  }

  void report(dm::probe_row& row) const {
    row.add(measured::sink, sink.on_background(reading_layer));
    row.add(measured::sink_of_triggers, sink.on_triggers(reading_layer));
    row.add(measured::sink_of_all, sink.mean(reading_layer));
    row.add(measured::drain, drain.ratio(reading_layer));
    row.add(measured::peak, peak.ratio(writing_layer));
    row.add(measured::write, write.norms.ratio());
    row.add(measured::bigram, excess.bigram.mean());
    row.add(measured::backcopy, excess.backcopy.mean());
  }
};
static_assert(dm::observes<phenomena, dm::site::pattern> &&
              dm::observes<phenomena, dm::site::value_out> &&
              dm::observes<phenomena, dm::site::resid_post> &&
              dm::observes<phenomena, dm::site::mlp_out> &&
              dm::observes<phenomena, dm::site::logits>);

} // namespace demo
