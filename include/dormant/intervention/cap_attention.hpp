// SPDX-License-Identifier: MIT
// A bound on the attention that a token can draw: A[q, k] = min(A[q, k], most) for one key k, by
// default `<s>` (arXiv 2410.13835, section 3: interventions).
#pragma once

#include "dormant/error.hpp"
#include "dormant/intervention/require.hpp"
#include "dormant/shape.hpp"
#include "dormant/sites.hpp"

#include <cstddef>
#include <vector>

namespace dormant {

/// No query attends to one position with more than `most`. What is cut off goes nowhere else, so
/// under softmax the weights of such a query sum to less than one.
struct cap_attention {
  std::size_t layer = 0; ///< or `every_layer`
  std::size_t head = every_head;
  std::size_t position = 0; ///< of the key
  double most = 0.5;

  /// Which queries were capped, [H, T]: no gradient passes where the weight is the bound.
  struct saved {
    explicit saved(shape const& s) : context(s.context), capped(s.heads * s.context) {}
    std::size_t context;
    std::vector<char> capped;
  };

  template <class T>
  void operator()(site::pattern at, view<T, 3>& pattern, saved& kept) const {
    auto const bound = static_cast<T>(most);
    each_query(at.layer, pattern, [&](std::size_t h, std::size_t q) {
      bool const above = pattern(h, q, position) > bound;
      kept.capped[h * kept.context + q] = above;
      if (above) pattern(h, q, position) = bound;
    });
  }
  template <class T>
  void operator()(site::gradient_of<site::pattern> at, view<T, 3>& dpattern,
                  saved const& kept) const {
    each_query(at.layer, dpattern, [&](std::size_t h, std::size_t q) {
      if (kept.capped[h * kept.context + q]) dpattern(h, q, position) = 0;
    });
  }
  /// \throws error for a layer or head that does not exist, or a bound below 0
  template <class Model>
  void require(Model const& model) const {
    detail::require_branch(model, "cap_attention", layer, detail::branch::attention);
    detail::require_head(model, "cap_attention", head);
    if (!(most >= 0)) refuse({"cap_attention: most must be at least 0, found ", most});
  }

private:
  template <class View, class F>
  void each_query(std::size_t l, View const& pattern, F f) const {
    if (!detail::concerns(layer, l)) return;
    for (std::size_t h = 0; h < pattern.shape(0); ++h) {
      if (!detail::concerns(head, h)) continue;
      for (std::size_t q = position; q < pattern.shape(1); ++q) f(h, q);
    }
  }
};

} // namespace dormant
