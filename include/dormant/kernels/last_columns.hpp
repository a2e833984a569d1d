// SPDX-License-Identifier: MIT
// The few columns of a product past its last whole panel: the vocabulary of the task has 67.
#pragma once

#include "dormant/kernels/register_tile.hpp"

namespace dormant::kernels::detail {

/// Up to three columns of C past its last whole panel: one of their own would be mostly padding.
/// These columns of B become rows, and an element of C is one vector of sums along k, added at the
/// end.
template <class Arch, class T>
struct last_columns {
  static constexpr std::size_t most = 3;
  static constexpr std::size_t most_depth = 1024; ///< longer ones stay in a panel

  std::size_t count = 0;
  std::size_t depth;
  alignas(64) T rows_of_b[most * most_depth];

  /// Takes them out of the packed B [depth, cols].
  [[gnu::noinline]] last_columns(T const* packed_b, std::size_t depth_, std::size_t cols)
      : depth(depth_) {
    constexpr std::size_t width = tile_cols<Arch, T>;
    std::size_t const rest = cols % width;
    if (rest > most || cols < width || depth > most_depth) return;
    count = rest;
    T const* const panel = packed_b + (cols - rest) * depth;
    for (std::size_t j = 0; j != rest; ++j)
      for (std::size_t k = 0; k != depth; ++k) rows_of_b[j * depth + k] = panel[k * width + j];
  }

  /// Computes them in the rows of tile `t`, whose C and mask begin at the first of them.
  template <class Product>
  [[gnu::noinline]] void multiply(tile<T> const& t) const {
    constexpr std::size_t height = tile_rows<Arch> / 2; // all sums are in registers
    tile<T> part = t;
    part.b = rows_of_b;
    part.b_step = depth;
    part.cols = count;
    for (std::size_t row = 0; row < t.rows; row += height) {
      part.a = t.a + row * t.a_row;
      part.rows = std::min(height, t.rows - row);
      part.c = t.c + row * t.c_stride;
      if (t.how == finish::where_positive) part.mask = t.mask + row * t.mask_stride;
      few_columns<Product>(part, std::make_index_sequence<height>{});
    }
  }

private:
  using batch = vector<Arch, T>;

  /// One register of a row of A.
  template <class Product>
  [[gnu::always_inline]] static void step(batch const& x, batch const& y0, batch const& y1,
                                          batch const& y2, batch& s0, batch& s1, batch& s2) {
    s0 = Product::step(x, y0, s0);
    s1 = Product::step(x, y1, s1);
    s2 = Product::step(x, y2, s2);
  }

  /// Rows and columns past those that count repeat the last.
  template <class Product, std::size_t... Row>
  [[gnu::noinline]] static void few_columns(tile<T> const& t, std::index_sequence<Row...>) {
    T const* const a[] = {t.a + std::min(Row, t.rows - 1) * t.a_row...};
    T const* const b0 = t.b;
    T const* const b1 = t.b + std::min<std::size_t>(1, t.cols - 1) * t.b_step;
    T const* const b2 = t.b + (t.cols - 1) * t.b_step;
    batch s0[] = {(void(Row), batch(T(0)))...};
    batch s1[] = {(void(Row), batch(T(0)))...};
    batch s2[] = {(void(Row), batch(T(0)))...};
    // g++ -O2 would call it, with all sums in memory.
    auto const at = [&](auto reg, std::size_t k) __attribute__((always_inline)) {
      batch const y0 = reg.load(b0 + k), y1 = reg.load(b1 + k), y2 = reg.load(b2 + k);
      (step<Product>(reg.load(a[Row] + k), y0, y1, y2, s0[Row], s1[Row], s2[Row]), ...);
    };
    for_each_register<Arch, T>(t.depth, at);
    batch const sums[][most] = {{s0[Row], s1[Row], s2[Row]}...};
    for (std::size_t row = 0; row != t.rows; ++row) {
      T products[most];
      for (std::size_t j = 0; j != most; ++j) products[j] = add_of<Arch, T>(sums[row][j]);
      finish_row<Arch, T>(t, products, row);
    }
  }
};

} // namespace dormant::kernels::detail
