// SPDX-License-Identifier: MIT
// Whether a sink is there to do nothing or to say one thing to all (arXiv 2606.08105): a
// no-op head has next to no value at `<s>`; a broadcast head writes the same vector, which
// is not zero, at every position.
#pragma once

#include "dormant/probe/norms.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

namespace dormant {

/// Of each head and sequence, averaged over sequences. Outputs are those of the non-trigger queries
/// from the first with a choice (of all of these where the task is unknown), as W_O reads them;
/// values those before a gate on them.
///   - `sameness` near 1 and `output` not near 0: a broadcast;
///   - `value` and `output` near 0: a no-op, whatever the sameness of what little it writes.
template <class T>
class broadcast_sink_of {
public:
  void operator()(site::v at, view<T const, 3> const& v) {
    norms_.assign(v.shape(1), {});
    for (std::size_t t = 0; t < v.shape(0); ++t) {
      for (std::size_t h = 0; h < v.shape(1); ++h) {
        norms_[h].add(at.sequence.sink(t), v.shape(2), [&](std::size_t d) { return v(t, h, d); });
      }
    }
  }
  void operator()(site::z at, view<T const, 3> const& z) {
    auto const& seq = at.sequence;
    std::size_t const heads = z.shape(1);
    std::vector<double> mean(z.shape(2));
    for (std::size_t h = 0; h < heads; ++h) {
      double count = 0, squares = 0;
      mean.assign(mean.size(), 0.0);
      for (std::size_t t = seq.first_with_choice(); t < z.shape(0); ++t) {
        if (seq.trigger(t)) continue;
        count += 1;
        for (std::size_t d = 0; d < mean.size(); ++d) {
          auto const x = static_cast<double>(z(t, h, d));
          mean[d] += x;
          squares += x * x;
        }
      }
      if (count == 0) continue;
      double const of_mean = detail::euclidean(mean.size(), [&](std::size_t d) { return mean[d]; });
      double const size = std::sqrt(squares / count);
      auto const& values = norms_[h / (heads / norms_.size())];
      auto& seen = seen_[at.layer][h];
      if (size != 0) seen.sameness.add(of_mean / count / size); // else there is nothing to compare
      seen.output.add(relative(size, values.other.mean()));
      seen.value.add(relative(values.bos.mean(), values.other.mean()));
    }
  }
  void merge(broadcast_sink_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_); }

  /// ||mean z|| over the root of the mean ||z||^2: 1 where all positions get the same vector,
  /// 1 / sqrt(n) where n of them get unrelated ones. Sequences without any output are left out.
  [[nodiscard]] double sameness(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).sameness.mean();
  }
  /// Root of the mean ||z||^2 over the mean norm of the values of other positions than `<s>`.
  [[nodiscard]] double output(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).output.mean();
  }
  /// Mean norm of the values of `<s>` over that of the others.
  [[nodiscard]] double value(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).value.mean();
  }
  void report(probe_row& row) const {
    seen_.each([&](std::size_t l, std::size_t h) {
      row.add("broadcast_sink.sameness", l, sameness(l, h), h);
      row.add("broadcast_sink.output", l, output(l, h), h);
      row.add("broadcast_sink.value", l, value(l, h), h);
    });
  }

private:
  static double relative(double x, double of) { return x == 0 && of == 0 ? 0 : x / of; }

  struct of_head {
    running_mean sameness, output, value;
    of_head& operator+=(of_head const& o) {
      sameness += o.sameness;
      output += o.output;
      value += o.value;
      return *this;
    }
  };
  std::vector<bos_norms> norms_; // [KV], of the sequence and layer under way
  per_head<of_head> seen_;
};
using broadcast_sink = broadcast_sink_of<float>;

} // namespace dormant
