// SPDX-License-Identifier: MIT
// Which keys a query sees.
#pragma once

#include "dormant/part/attention/options.hpp"
#include "dormant/part/attention/places.hpp"

#include <algorithm>
#include <cstddef>

namespace dormant {

/// Its own position and all before it.
struct causal {
  static constexpr bool ahead = false;
  static constexpr bool windowed = false;
  template <class Pass>
  static std::size_t first(Pass const&, std::size_t /*query*/) {
    return 0;
  }
};

/// Its own position and the n - 1 before it: sliding-window attention
/// (arXiv 2004.05150, 2310.06825).
template <class Options = from_sizes>
struct window {
  using place = dormant::place::mask;
  using part = window;
  static constexpr bool ahead = false;
  static constexpr bool windowed = true;
  template <class Pass>
  static std::size_t first(Pass const& p, std::size_t query) {
    std::size_t const n = Options::window(p.s);
    return n == 0 || query < n ? 0 : query + 1 - n;
  }
};

/// Every position, those after it too: not for predicting the next token.
struct no_mask {
  using place = dormant::place::mask;
  using part = no_mask;
  static constexpr bool ahead = true;
  static constexpr bool windowed = false;
  template <class Pass>
  static std::size_t first(Pass const&, std::size_t) {
    return 0;
  }
};

namespace detail {

/// Keys first(i) .. last(i) - 1 are those that query i sees; `more` scores follow them.
template <class Mask, class Pass>
struct visible_keys {
  Pass const& p;
  std::size_t more;

  [[nodiscard]] std::size_t first(std::size_t i) const { return Mask::first(p, i); }
  [[nodiscard]] std::size_t last(std::size_t i) const { return Mask::ahead ? p.length : i + 1; }
  /// Sets what no query sees to `value`.
  template <class Grid, class T>
  void fill_unseen(Grid g, T value) const {
    for (std::size_t h = 0; h < g.heads; ++h) {
      auto const m = g.of(h);
      for (std::size_t i = 0; i < m.rows; ++i) {
        T* const row = m.data + i * m.stride;
        if constexpr (Mask::windowed) std::fill(row, row + first(i), value);
        std::fill(row + last(i), row + m.cols, value);
      }
    }
  }
};

} // namespace detail
} // namespace dormant
