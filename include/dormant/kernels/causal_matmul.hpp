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
  tile<T> t{.a_row = a.stride,
            .a_step = 1,
            .b_step = width,
            .depth = a.cols,
            .c_stride = s.stride,
            .scale = scale};
  for (std::size_t j = 0; j < s.cols; j += width)
    for (std::size_t i = j / height * height; i < s.rows; i += height) {
      t.a = a.row(i);
      t.b = packed_b + j * a.cols;
      t.rows = std::min(height, s.rows - i);
      std::size_t const reach = i + t.rows - j <= width / 2 ? width / 2 : width;
      t.cols = std::min(reach, s.cols - j);
      t.c = s.row(i) + j;
      multiply_tile<Arch, T>(t);
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
  tile<T> t{.a_row = transposed ? 1 : p.stride,
            .a_step = transposed ? p.stride : 1,
            .b_step = width,
            .c_stride = c.stride,
            .scale = scale};
  for (std::size_t j = 0; j < c.cols; j += width) {
    t.cols = std::min(width, c.cols - j);
    for (std::size_t begin = 0; begin < b.rows; begin += panel_rows) {
      std::size_t const end = std::min(begin + panel_rows, b.rows);
      pack_panel<Arch, T>(b.row(begin) + j, b.stride, end - begin, t.cols, panel);
      bool const more = cold && j + width < c.cols;
      ahead<T> next(b, begin, j + width, end - begin, more ? width : 0,
                    (c.rows + height - 1) / height);
      std::size_t const first = transposed ? 0 : begin / height * height;
      std::size_t const last = transposed ? end : c.rows;
      for (std::size_t i = first; i < last; i += height) {
        next.ask();
        t.rows = std::min(height, c.rows - i);
        std::size_t const from = transposed ? std::max(begin, i) : begin;
        std::size_t const to = transposed ? end : std::min(end, i + t.rows);
        bool const fresh = transposed ? i >= begin : begin == 0;
        t.a = p.data + i * t.a_row + from * t.a_step;
        t.b = panel + (from - begin) * width;
        t.depth = to - from;
        t.c = c.row(i) + j;
        t.how = fresh ? how : finish::accumulate;
        multiply_tile<Arch, T>(t);
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
