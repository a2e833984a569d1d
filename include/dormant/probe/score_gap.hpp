// SPDX-License-Identifier: MIT
// How far the score of key 0 stands above those of other keys, in both definitions that are in use:
// over the keys j, 0 < j <= q, that a query sees, and over all keys, those after q included, as the
// published code of arXiv 2410.13835 has it for pretrained models.
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

namespace dormant {

/// Means over queries and sequences, by head. The second is made from queries and keys as they
/// meet, as the mean of scores is the score of the mean key; soft caps, ALiBi and temperatures are
/// not in it. `sink_logit_gap` is the first by the token that asks.
template <class T>
class score_gap_of {
  using heads = view<T const, 3>;

public:
  void operator()(site::q, heads const& q) { keep(q, q_); }
  void operator()(site::k, heads const& k) { keep(k, k_); }
  void operator()(site::rot_q, heads const& q) { keep(q, q_); }
  void operator()(site::rot_k, heads const& k) { keep(k, k_); }
  void operator()(site::scores at, heads const& scores) {
    std::size_t const length = scores.shape(1), count = scores.shape(0),
                      d = q_.size() / length / count;
    std::size_t const kv_heads = k_.size() / length / d, shared = count / kv_heads;
    std::vector<double> toward(kv_heads * d, 0.0); // key 0 less the mean key
    for (std::size_t t = 0; t < length; ++t) {
      for (std::size_t i = 0; i < toward.size(); ++i) {
        double const key = k_[t * toward.size() + i];
        toward[i] += (t == 0 ? key : 0.0) - key / static_cast<double>(length);
      }
    }
    for (std::size_t h = 0; h < count; ++h) {
      for (std::size_t t = 0; t < length; ++t) {
        double sum = 0;
        for (std::size_t i = 0; i < d; ++i) {
          sum += q_[(t * count + h) * d + i] * toward[h / shared * d + i];
        }
        auto& seen = seen_[at.layer][h];
        seen.all.add(sum / std::sqrt(static_cast<double>(d)));
        double others = 0;
        for (std::size_t j = 1; j <= t; ++j) others += static_cast<double>(scores(h, t, j));
        if (t == 0) continue;
        seen.visible.add(static_cast<double>(scores(h, t, 0)) - others / static_cast<double>(t));
      }
    }
  }
  void merge(score_gap_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_); }

  /// s[q, 0] - mean of s[q, j] over 0 < j <= q, for q > 0.
  [[nodiscard]] double over_visible(std::size_t layer, std::size_t head = all_heads) const {
    return seen_.of(layer, head).visible.mean();
  }
  /// s[q, 0] - mean of s[q, j] over all j, for all q.
  [[nodiscard]] double over_all(std::size_t layer, std::size_t head = all_heads) const {
    return seen_.of(layer, head).all.mean();
  }
  void report(probe_row& row) const {
    seen_.each([&](std::size_t l, std::size_t h) {
      row.add("score_gap.over_visible", l, over_visible(l, h), h);
      row.add("score_gap.over_all", l, over_all(l, h), h);
    });
  }

private:
  static void keep(heads const& x, std::vector<double>& out) { out.assign(x.begin(), x.end()); }

  struct gaps {
    running_mean visible, all;
    gaps& operator+=(gaps const& o) {
      visible += o.visible;
      all += o.all;
      return *this;
    }
  };
  std::vector<double> q_, k_; // of the sequence and layer under way
  per_head<gaps> seen_;
};
using score_gap = score_gap_of<float>;

} // namespace dormant
