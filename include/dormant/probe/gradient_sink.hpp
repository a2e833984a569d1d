// SPDX-License-Identifier: MIT
// Gradient sink: how much of the gradient of the residual stream arrives at `<s>`,
// ||dL/dx_<s>|| / sum_j ||dL/dx_j|| (the gradient's side of arXiv 2410.13835, section 3).
#pragma once

#include "dormant/probe/norms.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cstddef>

namespace dormant {

/// The share of norms, not of their squares, where each layer reads the stream and where it leaves
/// it; of each sequence, averaged over sequences. 1 / T is a gradient that arrives everywhere
/// alike. A sequence without any gradient is left out. Heard in training and by `differentiate`.
template <class T>
class gradient_sink_of {
public:
  void operator()(site::gradient_of<site::resid_pre> at, view<T const, 2> const& gradient) {
    add(seen_[at.layer].before, at.sequence, gradient);
  }
  void operator()(site::gradient_of<site::resid_post> at, view<T const, 2> const& gradient) {
    add(seen_[at.layer].after, at.sequence, gradient);
  }
  void merge(gradient_sink_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_); }

  /// Of dL/d(resid_pre), what the layer sends down; NaN if no gradient was heard.
  [[nodiscard]] double before(std::size_t layer = 0) const { return seen_.at(layer).before.mean(); }
  /// Of dL/d(resid_post), what reaches the layer from above.
  [[nodiscard]] double after(std::size_t layer = 0) const { return seen_.at(layer).after.mean(); }
  [[nodiscard]] std::size_t layers() const { return seen_.size(); }
  void report(probe_row& row) const {
    for (std::size_t l = 0; l < layers(); ++l) {
      row.add("gradient_sink.before", l, before(l));
      row.add("gradient_sink.after", l, after(l));
    }
  }

private:
  struct shares {
    running_mean before, after;
    shares& operator+=(shares const& o) {
      before += o.before;
      after += o.after;
      return *this;
    }
  };
  static void add(running_mean& seen, sequence const& seq, view<T const, 2> const& gradient) {
    double at_sinks = 0, all = 0;
    for (std::size_t t = 0; t < gradient.shape(0); ++t) {
      double const norm =
          detail::euclidean(gradient.shape(1), [&](std::size_t c) { return gradient(t, c); });
      all += norm;
      if (seq.sink(t)) at_sinks += norm;
    }
    if (all != 0) seen.add(at_sinks / all);
  }

  per_layer<shares> seen_;
};
using gradient_sink = gradient_sink_of<float>;

} // namespace dormant
