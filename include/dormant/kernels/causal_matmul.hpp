// SPDX-License-Identifier: MIT
// Products of attention, of which only what lies on and below the diagonal is computed.
#pragma once

#include "dormant/kernels/matmul.hpp"

namespace dormant::kernels {

/// S [T, T] = scale * A [T, D] times B packed by `pack_transposed` from [T, D], on and below the
/// diagonal; tiles wholly above it are not computed, so what is there afterwards is unspecified.
template <class Arch, class T>
[[gnu::noinline]] void causal_scores(matrix<T const> a, T const* packed_b, matrix<T> s, T scale) {
  constexpr std::size_t width = tile_cols<Arch, T>;
  constexpr std::size_t height = tile_rows<Arch>;
  for (std::size_t j = 0; j < s.cols; j += width)
    for (std::size_t i = j / height * height; i < s.rows; i += height) {
      std::size_t const rows = std::min(height, s.rows - i);
      std::size_t const reach = i + rows - j <= width / 2 ? width / 2 : width;
      multiply_tile<Arch, T>({.a = a.data + i * a.stride,
                              .a_row = a.stride,
                              .a_step = 1,
                              .b = packed_b + j * a.cols,
                              .b_step = width,
                              .depth = a.cols,
                              .rows = rows,
                              .cols = std::min(reach, s.cols - j),
                              .c = s.data + i * s.stride + j,
                              .c_stride = s.stride,
                              .mask = nullptr,
                              .mask_stride = 0,
                              .how = finish::store,
                              .scale = scale});
    }
}

namespace detail {

/// C [T, D] = scale * P B or scale * P^T B, P zero above its diagonal: row tile i reads keys
/// up to its last row (P) or rows from its first key (P^T). B is repacked in blocks of rows.
template <class Arch, class T>
[[gnu::noinline]] void causal_product(matrix<T const> p, bool transposed, matrix<T const> b,
                                      matrix<T> c, T scale, finish how) {
  constexpr std::size_t width = tile_cols<Arch, T>;
  constexpr std::size_t height = tile_rows<Arch>;
  alignas(64) T panel[panel_rows * width];
  bool const cold = b.rows * b.cols * sizeof(T) >= caches().l2 / 4;
  for (std::size_t j = 0; j < c.cols; j += width) {
    std::size_t const cols = std::min(width, c.cols - j);
    for (std::size_t begin = 0; begin < b.rows; begin += panel_rows) {
      std::size_t const end = std::min(begin + panel_rows, b.rows);
      pack_panel<Arch, T>(b.data + begin * b.stride + j, b.stride, end - begin, cols, panel);
      bool const more = cold && j + width < c.cols;
      ahead<T> const next(b, begin, j + width, end - begin, more ? width : 0,
                          (c.rows + height - 1) / height);
      std::size_t const first = transposed ? 0 : begin / height * height;
      std::size_t const last = transposed ? end : c.rows;
      for (std::size_t i = first; i < last; i += height) {
        std::size_t const rows = std::min(height, c.rows - i);
        std::size_t const from = transposed ? std::max(begin, i) : begin;
        std::size_t const to = transposed ? end : std::min(end, i + rows);
        bool const fresh = transposed ? i >= begin : begin == 0;
        next.ask(i / height);
        multiply_tile<Arch, T>(
            {.a = p.data + (transposed ? from * p.stride + i : i * p.stride + from),
             .a_row = transposed ? 1 : p.stride,
             .a_step = transposed ? p.stride : 1,
             .b = panel + (from - begin) * width,
             .b_step = width,
             .depth = to - from,
             .rows = rows,
             .cols = cols,
             .c = c.data + i * c.stride + j,
             .c_stride = c.stride,
             .mask = nullptr,
             .mask_stride = 0,
             .how = fresh ? how : finish::accumulate,
             .scale = scale});
      }
    }
  }
}

} // namespace detail

/// Z [T, D] = scale * P V with P [T, T] zero above its diagonal and V [T, D].
template <class Arch, class T>
void causal_mix(matrix<T const> p, matrix<T const> v, matrix<T> z, T scale = T(1)) {
  detail::causal_product<Arch, T>(p, false, v, z, scale, finish::store);
}

/// dV [T, D] = scale * P^T G with P [T, T] zero above its diagonal and G [T, D]; or that is added.
template <class Arch, class T>
void causal_mix_transposed(matrix<T const> p, matrix<T const> g, matrix<T> dv, T scale = T(1),
                           finish how = finish::store) {
  detail::causal_product<Arch, T>(p, true, g, dv, scale, how);
}

} // namespace dormant::kernels
