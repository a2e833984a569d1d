// SPDX-License-Identifier: MIT
// All that is measured of a trained model, as one probe: each of the grid's models would have to be
// compiled with every probe again, while one probe that hands on what it hears is compiled once.
#pragma once

#include "common/excess_risk.hpp"

#include <dormant/probe/attention_sink.hpp>
#include <dormant/probe/broadcast_sink.hpp>
#include <dormant/probe/head_dormancy.hpp>
#include <dormant/probe/massive_activations.hpp>
#include <dormant/probe/quantisation_error.hpp>
#include <dormant/probe/residual_peak.hpp>
#include <dormant/probe/risk.hpp>
#include <dormant/probe/row.hpp>
#include <dormant/probe/sink_rate.hpp>
#include <dormant/probe/value_drain.hpp>

namespace grid {

namespace dm = dormant;

/// Attention on `<s>` from non-trigger queries as a share of the row, |A[q, <s>]| /
/// sum_k |A[q, k]|, so that rules whose rows do not sum to one can be compared; a
/// row of zeros gives `<s>` nothing.
class share_on_bos {
public:
  void operator()(dm::site::pattern at, dm::view<float const, 3> const& pattern);
  void merge(share_on_bos const& later) { seen_ += later.seen_; }
  void report(dm::probe_row& row) const;

private:
  dm::per_layer<dm::running_mean> seen_;
};

class all_measures {
public:
  void operator()(dm::site::pattern at, dm::view<float const, 3> const& x);
  void operator()(dm::site::v at, dm::view<float const, 3> const& x);
  void operator()(dm::site::z at, dm::view<float const, 3> const& x);
  void operator()(dm::site::value_out at, dm::view<float const, 3> const& x);
  void operator()(dm::site::resid_post at, dm::view<float const, 2> const& x);
  void operator()(dm::site::logits at, dm::view<float const, 2> const& x);
  void merge(all_measures const& later);
  void report(dm::probe_row& row) const;

private:
  dm::risk risk_;
  program::excess_risk excess_;
  dm::attention_sink sink_;
  share_on_bos share_;
  dm::value_drain drain_;
  dm::residual_peak peak_;
  dm::massive_activations massive_;
  dm::sink_rate rate_;
  dm::head_dormancy dormancy_;
  dm::broadcast_sink broadcast_;
  dm::quantisation_error<> quantised_;
};

} // namespace grid
