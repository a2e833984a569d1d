// SPDX-License-Identifier: MIT
// Products with weights larger than the cache, as pretrained models have them.
#pragma once

#include "dormant/kernels/matmul.hpp"

namespace dormant::kernels {

namespace detail {
/// How much of k a long product takes at a time: a panel of B that leaves L1 room, and as many rows
/// of A as a quarter of L2 holds.
inline constexpr std::size_t deep_step = 256;
inline constexpr std::size_t deep_rows = 128;
} // namespace detail

/// As `multiply`, to the bit, for weights that may be larger than the cache: every chain of a long
/// product is taken up again where a step of k left it, so that B is read once for 128 rows.
template <class Arch, class T, class Product = in_full>
[[gnu::noinline]] void multiply_deep(matrix<T const> a, T const* packed_b, matrix<T> c,
                                     epilogue<T> e = {}) {
  // A chain that is added to C cannot be left in C meanwhile.
  if (a.cols <= 4 * detail::deep_step || e.how == finish::accumulate)
    return multiply<Arch, T, Product>(a, packed_b, c, e);
  constexpr std::size_t width = tile_cols<Arch, T>, height = tile_rows<Arch>;
  constexpr std::size_t rows_of_block = detail::deep_rows / height * height;
  // Rows of A side by side: in place they are often a multiple of 4 KB
  // apart, in one set of the cache.
  constexpr std::size_t stride = detail::deep_step + 64 / sizeof(T);
  alignas(64) T block[rows_of_block * stride];
  bool const masked = e.how == finish::where_positive;
  for (std::size_t first = 0; first < a.rows; first += rows_of_block)
    for (std::size_t k = 0; k < a.cols; k += detail::deep_step) {
      std::size_t const depth = std::min(detail::deep_step, a.cols - k);
      std::size_t const rows = std::min(rows_of_block, a.rows - first);
      bool const last = k + depth == a.cols;
      for (std::size_t i = 0; i != rows; ++i)
        std::copy_n(a.row(first + i) + k, depth, block + i * stride);
      for (std::size_t j = 0; j < c.cols; j += width) {
        bool const more = j + width < c.cols;
        T const* const b = packed_b + j * a.cols + k * width;
        // The next panel comes from memory while this one is at work, a share with each tile.
        T const* next = more ? b + a.cols * width : packed_b + (k + depth) * width;
        std::size_t const share = more || !last ? depth * width * height / rows : 0;
        for (std::size_t i = 0; i < rows; i += height, next += share) {
          for (std::size_t ahead = 0; ahead < share; ahead += 64 / sizeof(T))
            __builtin_prefetch(next + ahead, 0, 2);
          // So do the chains that the next tile takes up.
          for (std::size_t row = i + height; row < std::min(i + 2 * height, rows); ++row)
            __builtin_prefetch(c.row(first + row) + j, 1);
          tile<T> const t{.a = block + i * stride,
                          .a_row = stride,
                          .a_step = 1,
                          .b = b,
                          .b_step = width,
                          .depth = depth,
                          .rows = std::min(height, rows - i),
                          .cols = std::min(width, c.cols - j),
                          .c = c.row(first + i) + j,
                          .c_stride = c.stride,
                          .mask = masked ? e.mask.row(first + i) + j : nullptr,
                          .mask_stride = e.mask.stride,
                          .how = last ? e.how : finish::store,
                          .scale = last ? e.scale : T(1)};
          k == 0 ? multiply_tile<Arch, T, Product>(t) : multiply_tile<Arch, T, Product, true>(t);
        }
      }
    }
}

/// Small products as they are; sizes that no type tells may be large.
template <bool Small, class Arch, class T, class Product>
void multiply_by_weights(matrix<T const> a, T const* packed_b, matrix<T> c, epilogue<T> e) {
  if constexpr (Small) {
    multiply<Arch, T, Product>(a, packed_b, c, e);
  } else {
    multiply_deep<Arch, T, Product>(a, packed_b, c, e);
  }
}

} // namespace dormant::kernels
