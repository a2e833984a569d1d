// SPDX-License-Identifier: MIT
// Matrix products on row-major operands: packed weights and weight gradients. Every element is one
// fixed chain over k (or, in up to three last columns, one vector of chains), whatever its row,
// however many rows there are and however large the caches.
#pragma once

#include "dormant/kernels/caches.hpp"
#include "dormant/kernels/last_columns.hpp"
#include "dormant/kernels/packing.hpp"

namespace dormant::kernels {

namespace detail {

/// Rows of B repacked at a time by the products whose B is not packed: the panel stays in L1.
inline constexpr std::size_t panel_rows = 256;

/// Asks for a block of a matrix that is needed soon and that no prefetcher of the processor's sees
/// coming.
template <class T>
[[gnu::noinline]] void expect(T const* data, std::size_t stride, std::size_t rows,
                              std::size_t cols) {
  constexpr std::size_t line = 64 / sizeof(T);
  __asm__ volatile(""); // g++ takes a function that only prefetches for one without effect
  for (std::size_t r = 0; r < rows; ++r, data += stride)
    for (std::size_t l = 0; l < cols; l += line) __builtin_prefetch(data + l, 0, 2);
}

/// Such a block, asked for in equal shares of its rows, one with each tile, so that the waits hide
/// behind the work.
template <class T>
struct ahead {
  T const* data;
  std::size_t stride;
  std::size_t rows;
  std::size_t cols;
  std::size_t share; ///< rows

  [[gnu::noinline]] ahead(matrix<T const> m, std::size_t row, std::size_t col, std::size_t n_rows,
                          std::size_t n_cols, std::size_t shares)
      : data(m.row(row) + col), stride(m.stride), rows(n_cols == 0 ? 0 : n_rows), cols(n_cols),
        share((n_rows + shares - 1) / shares) {}

  /// The next share.
  [[gnu::always_inline]] void ask() {
    if (rows != 0) ask_share();
  }

private:
  [[gnu::noinline]] void ask_share() {
    std::size_t const n = std::min(share, rows);
    expect(data, stride, n, cols);
    data += n * stride;
    rows -= n;
  }
};

/// A strip of A meets `cols` columns of packed panels, of which `t` is the first tile; leaves `t`
/// past the last. Meanwhile it asks for `share` columns a tile of the `below` rows that come next.
template <class Arch, class T, class Product>
[[gnu::noinline]] void along_panels(tile<T>& t, std::size_t cols, std::size_t below,
                                    std::size_t share) {
  constexpr std::size_t width = tile_cols<Arch, T>;
  T const* next = t.a + t.rows * t.a_row;
  for (std::size_t j = 0; j < cols; j += width) {
    if (below != 0) {
      expect(next, t.a_row, below, share);
      next += share;
    }
    t.cols = std::min(width, cols - j);
    multiply_tile<Arch, T, Product>(t);
    t.b += width * t.depth;
    t.c += width;
    t.mask += width;
  }
}

} // namespace detail

/// C [M, N] = epilogue of A [M, K] times the packed B [K, N]; K counts elements of the operands,
/// which hold one factor each, or two in bf16.
/// \param known caches decide the order of the tiles, no bit of C; null: those of this processor
template <class Arch, class T, class Product = in_full>
[[gnu::noinline]] void multiply(matrix<T const> a, T const* packed_b, matrix<T> c,
                                epilogue<T> e = {}, cache_sizes const* known = nullptr) {
  cache_sizes const& cache = known != nullptr ? *known : caches();
  constexpr std::size_t width = tile_cols<Arch, T>;
  constexpr std::size_t height = tile_rows<Arch>;
  // Where L1 holds a strip of A beside a panel of B, the strip meets all panels of a block of B
  // that L2 holds. Longer strips wait there in a block of A, which meets panel after panel.
  std::size_t const depth_bytes = std::max<std::size_t>(a.cols, 1) * sizeof(T);
  bool const strips = (height + width) * depth_bytes <= cache.l1;
  auto const fit = [&](std::size_t bytes, std::size_t step) {
    return std::max<std::size_t>(bytes / (depth_bytes * step), 1) * step;
  };
  bool const cold = strips && a.rows * depth_bytes >= cache.l2 / 4;
  std::size_t const row_block = strips ? a.rows : fit(cache.l2 / 4, height);
  std::size_t const col_block = strips ? fit(cache.l2 / 2, width) : width;
  detail::last_columns<Arch, T> const last(packed_b, a.cols, c.cols);
  std::size_t const in_panels = c.cols - last.count;
  bool const masked = e.how == finish::where_positive;
  matrix<T const> const mask = masked ? e.mask : matrix<T const>(c); // else it is not read
  tile<T> t{.a_row = a.stride,
            .a_step = 1,
            .b_step = width,
            .depth = a.cols,
            .c_stride = c.stride,
            .mask_stride = mask.stride,
            .how = e.how,
            .scale = e.scale};
  for (std::size_t top = 0; top < a.rows; top += row_block)
    for (std::size_t left = 0; left < in_panels; left += col_block) {
      std::size_t const cols = std::min(col_block, in_panels - left);
      // While a strip is at work the next one comes, its columns shared among the panels.
      std::size_t const share = (a.cols * width / cols + 15) / 16 * 16;
      for (std::size_t i = top; i < std::min(top + row_block, a.rows); i += height) {
        t.a = a.row(i);
        t.b = packed_b + left * a.cols;
        t.rows = std::min(height, a.rows - i);
        t.c = c.row(i) + left;
        t.mask = mask.row(i) + left;
        std::size_t const below = cold ? std::min(height, a.rows - i - t.rows) : 0;
        detail::along_panels<Arch, T, Product>(t, cols, below, share);
        if (last.count != 0 && left + cols == in_panels) last.template multiply<Product>(t);
      }
    }
}

/// C [M, N] += A^T B with A [R, M] and B [R, N]: a weight gradient. Sums of 256 rows are formed
/// first and then added to C, in row order. (In bf16, R counts pairs of rows.)
template <class Arch, class T, class Product = in_full>
[[gnu::noinline]] void multiply_transposed(matrix<T const> a, matrix<T const> b, matrix<T> c,
                                           cache_sizes const* known = nullptr) {
  cache_sizes const& cache = known != nullptr ? *known : caches();
  constexpr std::size_t width = tile_cols<Arch, T>;
  constexpr std::size_t height = tile_rows<Arch>;
  constexpr std::size_t rows = detail::panel_rows;
  constexpr std::size_t most_cols = 256 * 1024 / sizeof(T) / rows / width * width;
  constexpr std::size_t group = detail::strips_at_once * height;
  constexpr std::size_t most_rows = (most_cols + group - width) / height * height;
  alignas(64) T packed[rows * (most_cols + group)];
  // Rows of A that are far apart share few sets of L1, and each is a page to look up: they are
  // packed in strips. (One step with the vectors of AVX-512 takes longer and hides more of the
  // wait: there it pays from whole pages on.) So are those that meet many panels. All strips at
  // once, if L2 holds them, to meet panel after panel; else some, to meet all panels of a block of
  // B. Otherwise each panel meets all of A where it is.
  bool const cold = a.rows * (a.cols + b.cols) * sizeof(T) >= cache.l2 / 4;
  constexpr std::size_t far = is_avx512<Arch> ? 4096 : 2048;
  bool const apart = a.stride * sizeof(T) >= far;
  bool const all = a.cols <= std::min(cache.l2 * 9 / 16 / sizeof(T) / rows, most_rows);
  bool const strips = apart || (all && b.cols >= 64 * width);
  bool const some = strips && !all;
  std::size_t const row_block = some ? group : std::max<std::size_t>(a.cols, 1);
  std::size_t const col_block =
      some ? std::clamp(cache.l2 / 2 / sizeof(T) / rows / width * width, width, most_cols)
           : std::max<std::size_t>(b.cols, 1);
  T* const panels = packed;
  T* const packed_a = packed + rows * (some ? col_block : width);
  tile<T> t{.a_row = 1,
            .a_step = strips ? height : a.stride,
            .b_step = width,
            .c_stride = c.stride,
            .how = finish::accumulate,
            .scale = T(1)};
  for (std::size_t first = 0; first < a.rows; first += rows) {
    std::size_t const depth = std::min(rows, a.rows - first);
    t.depth = depth;
    for (std::size_t left = 0; left < b.cols; left += col_block) {
      std::size_t const right = std::min(left + col_block, b.cols);
      for (std::size_t top = 0; top < a.cols; top += row_block) {
        std::size_t const bottom = std::min(top + row_block, a.cols);
        if (strips)
          detail::pack_strips<Arch, T>(a.row(first) + top, a.stride, depth, bottom - top, packed_a);
        std::size_t const tiles = (bottom - top + height - 1) / height;
        std::size_t const all_tiles = tiles * ((right - left + width - 1) / width);
        // The next strips of these rows, or, when they have met all of B, the next rows.
        bool const last = bottom == a.cols;
        std::size_t const from = last ? first + depth : first;
        bool const wanted = cold && (!last || right == b.cols);
        detail::ahead<T> next_a(a, from, last ? 0 : bottom, std::min(rows, a.rows - from),
                                wanted ? std::min(row_block, last ? a.cols : a.cols - bottom) : 0,
                                all_tiles);
        for (std::size_t j = left; j < right; j += width) {
          T* const panel = panels + (some ? (j - left) * depth : 0);
          t.b = panel;
          t.cols = std::min(width, b.cols - j);
          bool const more = cold && top == 0 && j + width < b.cols;
          detail::ahead<T> next_b(b, first, j + width, depth, more ? width : 0, tiles);
          for (std::size_t i = top; i < bottom; i += height) {
            next_a.ask();
            next_b.ask();
            t.a = strips ? packed_a + (i - top) * depth : a.row(first) + i;
            t.rows = std::min(height, bottom - i);
            t.c = c.row(i) + j;
            if (i == 0)
              detail::multiply_and_pack<Arch, T, Product>(t, b.row(first) + j, b.stride, panel);
            else
              multiply_tile<Arch, T, Product>(t);
          }
        }
      }
    }
  }
}

} // namespace dormant::kernels
