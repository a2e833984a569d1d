// SPDX-License-Identifier: MIT
// The authors' score gap in pretrained models: s[q, 0] - mean over all keys j, those after q included, of
// s[q, j] (their published code; `sink_logit_gap` is over the keys that q sees).
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

namespace dormant {

/// From queries and keys as they meet: the mean of scores is the score of the mean key. Soft caps, ALiBi
/// and temperatures are not in it.
template <class T>
class all_keys_gap_of {
  using heads = view<T const, 3>;

public:
  void operator()(site::q, heads const& q) { keep(q, q_); }
  void operator()(site::k, heads const& k) { keep(k, k_); }
  void operator()(site::rot_q, heads const& q) { keep(q, q_); }
  void operator()(site::rot_k, heads const& k) { keep(k, k_); }
  void operator()(site::scores at, heads const& scores) {
    std::size_t const length = scores.shape(1), count = scores.shape(0), d = q_.size() / length / count;
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
        seen_[at.layer][h].add(sum / std::sqrt(static_cast<double>(d)));
      }
    }
  }
  void merge(all_keys_gap_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_); }

  /// Over all queries, query 0 included, and sequences.
  [[nodiscard]] double mean(std::size_t layer, std::size_t head = all_heads) const {
    return seen_.of(layer, head).mean();
  }
  void report(probe_row& row) const {
    seen_.each(
        [&](std::size_t l, std::size_t h) { row.add("all_keys_gap.mean", l, mean(l, h), h); });
  }

private:
  static void keep(heads const& x, std::vector<double>& out) { out.assign(x.begin(), x.end()); }

  std::vector<double> q_, k_; // of the sequence and layer under way
  per_head<running_mean> seen_;
};
using all_keys_gap = all_keys_gap_of<float>;

} // namespace dormant
