// SPDX-License-Identifier: MIT
// Operands of products, rewritten in the order in which the register tile reads them.
#pragma once

#include "dormant/kernels/register_tile.hpp"

#include <cstring>

namespace dormant::kernels {

/// Elements of a packed [K, N] operand: panels of two vectors, [N / width][K][width], zero padded.
template <class Arch, class T>
constexpr std::size_t packed_size(std::size_t k, std::size_t n) {
  constexpr std::size_t width = tile_cols<Arch, T>;
  return k * ((n + width - 1) / width * width);
}

namespace detail {

/// Copies `rows` rows of `cols` <= panel width columns into one panel, padded with zeros.
template <class Arch, class T>
[[gnu::noinline]] void pack_panel(T const* b, std::size_t stride, std::size_t rows,
                                  std::size_t cols, T* out) {
  using batch = vector<Arch, T>;
  constexpr std::size_t width = tile_cols<Arch, T>;
  if (cols == width) {
    for (std::size_t k = 0; k != rows; ++k, b += stride, out += width) {
      auto const left = batch::load_unaligned(b), right = batch::load_unaligned(b + batch::size);
      left.store_unaligned(out);
      right.store_unaligned(out + batch::size);
    }
    return;
  }
  for (std::size_t k = 0; k != rows; ++k, b += stride, out += width) {
    for_each_register<Arch, T>(
        cols, [&](auto reg, std::size_t j) { reg.load(b + j).store_unaligned(out + j); });
    for (std::size_t j = (cols + lanes<Arch, T> - 1) / lanes<Arch, T> * lanes<Arch, T>; j < width;
         j += lanes<Arch, T>)
      vector<Arch, T>(T(0)).store_unaligned(out + j);
  }
}

/// C += AB for a tile `t` that accumulates, from rows of B where they are: these it leaves in
/// `panel` for the tiles that come after. A full tile does so on the way, and its products hide the
/// wait for memory.
template <class Arch, class T, class Product>
void multiply_and_pack(tile<T> t, T const* b, std::size_t stride, T* panel) {
  if (t.rows == tile_rows<Arch> && t.cols == tile_cols<Arch, T>) {
    t.b = b;
    t.b_step = stride;
    t.panel = panel;
    full_tile<Arch, T, Product, true, false, true>(t, std::make_index_sequence<tile_rows<Arch>>{});
  } else {
    pack_panel<Arch, T>(b, stride, t.depth, t.cols, panel);
    t.b = panel;
    t.b_step = tile_cols<Arch, T>;
    multiply_tile<Arch, T, Product>(t);
  }
}

/// Strips that are written at a time: more places to write to are more than L1 likes.
inline constexpr std::size_t strips_at_once = 8;

/// Columns of A in strips as high as a tile, [cols / height][rows][height]: what a tile of A^T B
/// reads one after the other. The last strip may be ragged.
template <class Arch, class T>
[[gnu::noinline]] void pack_strips(T const* a, std::size_t stride, std::size_t rows,
                                   std::size_t cols, T* out) {
  constexpr std::size_t height = tile_rows<Arch>;
  constexpr std::size_t group = strips_at_once * height;
  for (std::size_t left = 0; left < cols; left += group, a += group, out += rows * group) {
    std::size_t const right = std::min(group, cols - left);
    T const* from = a;
    T* first = out;
    for (std::size_t k = 0; k != rows; ++k, from += stride, first += height) {
      T* to = first;
      std::size_t i = 0;
      for (; i + height <= right; i += height, to += rows * height)
        std::memcpy(to, from + i, height * sizeof(T));
      std::copy_n(from + i, right - i, to);
    }
  }
}

} // namespace detail

/// Packs B [K, N] for C = A B.
template <class Arch, class T>
void pack(matrix<T const> b, T* out) {
  constexpr std::size_t width = tile_cols<Arch, T>;
  for (std::size_t j = 0; j < b.cols; j += width)
    detail::pack_panel<Arch, T>(b.data + j, b.stride, b.rows, std::min(width, b.cols - j),
                                out + j * b.rows);
}

namespace detail {

/// Writes the transpose of `rows` <= lanes rows of `bt`, zero rows following, as one vector per k.
template <class Arch, class T, std::size_t... Row>
[[gnu::noinline]] void pack_strip(T const* bt, std::size_t stride, std::size_t rows,
                                  std::size_t depth, T* out, std::index_sequence<Row...>) {
  using batch = vector<Arch, T>;
  for_each_register<Arch, T>(depth, [&](auto reg, std::size_t k) {
    batch x[] = {(Row < rows ? reg.load(bt + Row * stride + k) : batch(T(0)))...};
    transpose<Arch, T>(x);
    ((k + Row < depth ? x[Row].store_unaligned(out + (k + Row) * tile_cols<Arch, T>) : void()),
     ...);
  });
}

} // namespace detail

/// Packs the transpose of `bt` [N, K] for C = A bt^T.
template <class Arch, class T>
void pack_transposed(matrix<T const> bt, T* out) {
  constexpr std::size_t strip = lanes<Arch, T>;
  constexpr std::size_t width = tile_cols<Arch, T>;
  for (std::size_t j = 0; j < (bt.rows + width - 1) / width * width; j += strip) {
    std::size_t const first = std::min(j, bt.rows);
    detail::pack_strip<Arch, T>(
        bt.data + first * bt.stride, bt.stride, std::min(strip, bt.rows - first), bt.cols,
        out + j / width * width * bt.cols + j % width, std::make_index_sequence<strip>{});
  }
}

} // namespace dormant::kernels
