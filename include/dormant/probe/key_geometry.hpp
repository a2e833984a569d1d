// SPDX-License-Identifier: MIT
// Where the key of `<s>` stands: the cosine between queries and it, and its norm beside those of
// the other keys. A sink may come from either.
#pragma once

#include "dormant/probe/norms.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cstddef>
#include <vector>

namespace dormant {

/// Cosines are of the queries from the first with a choice, and the key at position 0.
/// Queries and keys are as they meet, after rotary embedding where there is one. A query
/// or key of zeros has no cosine.
template <class T>
class key_geometry_of {
  using heads = view<T const, 3>;

public:
  void operator()(site::q /*at*/, heads const& q) { keep(q, q_); }
  void operator()(site::k /*at*/, heads const& k) { keep(k, k_); }
  void operator()(site::rot_q /*at*/, heads const& q) { keep(q, q_); }
  void operator()(site::rot_k /*at*/, heads const& k) { keep(k, k_); }
  void operator()(site::scores at, heads const& scores) {
    auto const& seq = at.sequence;
    std::size_t const count = scores.shape(0), length = scores.shape(1);
    std::size_t const width = q_.size() / length / count, kv_heads = k_.size() / length / width;
    for (std::size_t h = 0; h < count; ++h) {
      auto& seen = seen_[at.layer][h];
      std::size_t const kv = h / (count / kv_heads);
      auto const key = [&](std::size_t t) {
        return [&, t](std::size_t d) { return k_[(t * kv_heads + kv) * width + d]; };
      };
      for (std::size_t t = 0; t < length; ++t) seen.norms.add(seq.sink(t), width, key(t));
      double const of_key = detail::euclidean(width, key(0));
      for (std::size_t t = seq.first_with_choice(); t < length; ++t) {
        auto const query = [&](std::size_t d) { return q_[(t * count + h) * width + d]; };
        double const sizes = of_key * detail::euclidean(width, query);
        if (sizes == 0) continue;
        double product = 0;
        for (std::size_t d = 0; d < width; ++d) product += query(d) * key(0)(d);
        seen.cosine.add(product / sizes);
      }
    }
  }
  void merge(key_geometry_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_); }

  /// cos(q_i, k_0), the mean over queries and sequences.
  [[nodiscard]] double cosine(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).cosine.mean();
  }
  /// Mean of ||k_j|| at `<s>`, elsewhere, and the first over the second.
  [[nodiscard]] double bos(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).norms.bos.mean();
  }
  [[nodiscard]] double other(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).norms.other.mean();
  }
  [[nodiscard]] double ratio(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).norms.ratio();
  }
  void report(probe_row& row) const {
    seen_.each([&](std::size_t l, std::size_t h) {
      row.add("key_geometry.cosine", l, cosine(l, h), h);
      row.add("key_geometry.bos", l, bos(l, h), h);
      row.add("key_geometry.other", l, other(l, h), h);
      row.add("key_geometry.ratio", l, ratio(l, h), h);
    });
  }

private:
  static void keep(heads const& x, std::vector<double>& out) { out.assign(x.begin(), x.end()); }

  struct of_head {
    running_mean cosine;
    bos_norms norms;
    of_head& operator+=(of_head const& o) {
      cosine += o.cosine;
      norms += o.norms;
      return *this;
    }
  };
  std::vector<double> q_, k_; // of the sequence and layer under way: [T, H, D], [T, KV, D]
  per_head<of_head> seen_;
};
using key_geometry = key_geometry_of<float>;

} // namespace dormant
