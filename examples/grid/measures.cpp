// SPDX-License-Identifier: MIT
// What hears what.
#include "grid/measures.hpp"

#include "dormant/concepts.hpp"

#include <cmath>
#include <cstddef>

namespace grid {

static_assert(dm::observes<all_measures, dm::site::pattern> &&
              dm::observes<all_measures, dm::site::v> && dm::observes<all_measures, dm::site::z> &&
              dm::observes<all_measures, dm::site::value_out> &&
              dm::observes<all_measures, dm::site::resid_post> &&
              dm::observes<all_measures, dm::site::logits>);

void share_on_bos::operator()(dm::site::pattern at, dm::view<float const, 3> const& pattern) {
  auto const& seq = at.sequence;
  for (std::size_t h = 0; h < pattern.shape(0); ++h) {
    for (std::size_t q = seq.first_with_choice(); q < pattern.shape(1); ++q) {
      if (seq.trigger(q)) continue;
      double on_bos = 0, sum = 0;
      for (std::size_t k = 0; k <= q; ++k) {
        double const weight = std::abs(static_cast<double>(pattern(h, q, k)));
        sum += weight;
        if (seq.sink(k)) on_bos += weight;
      }
      seen_[at.layer].add(sum == 0 ? 0 : on_bos / sum);
    }
  }
}

void share_on_bos::report(dm::probe_row& row) const {
  for (std::size_t l = 0; l < seen_.size(); ++l)
    row.add("share_on_bos.on_background", l, seen_.at(l).mean());
}

void all_measures::operator()(dm::site::pattern at, dm::view<float const, 3> const& x) {
  sink_(at, x);
  share_(at, x);
  rate_(at, x);
  dormancy_(at, x);
}
void all_measures::operator()(dm::site::v at, dm::view<float const, 3> const& x) {
  dormancy_(at, x);
  broadcast_(at, x);
}
void all_measures::operator()(dm::site::z at, dm::view<float const, 3> const& x) {
  dormancy_(at, x);
  broadcast_(at, x);
}
void all_measures::operator()(dm::site::value_out at, dm::view<float const, 3> const& x) {
  drain_(at, x);
}
void all_measures::operator()(dm::site::resid_post at, dm::view<float const, 2> const& x) {
  peak_(at, x);
  massive_(at, x);
  quantised_(at, x);
}
void all_measures::operator()(dm::site::logits at, dm::view<float const, 2> const& x) {
  risk_(at, x);
  excess_(at, x);
}

void all_measures::merge(all_measures const& later) {
  risk_.merge(later.risk_);
  excess_.merge(later.excess_);
  sink_.merge(later.sink_);
  share_.merge(later.share_);
  drain_.merge(later.drain_);
  peak_.merge(later.peak_);
  massive_.merge(later.massive_);
  rate_.merge(later.rate_);
  dormancy_.merge(later.dormancy_);
  broadcast_.merge(later.broadcast_);
  quantised_.merge(later.quantised_);
}

void all_measures::report(dm::probe_row& row) const {
  row.add("excess_risk.bigram", excess_.bigram.mean());
  row.add("excess_risk.backcopy", excess_.backcopy.mean());
  risk_.report(row);
  sink_.report(row);
  share_.report(row);
  drain_.report(row);
  peak_.report(row);
  massive_.report(row);
  rate_.report(row);
  dormancy_.report(row);
  broadcast_.report(row);
  quantised_.report(row);
}

} // namespace grid
