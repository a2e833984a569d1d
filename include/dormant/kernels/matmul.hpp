// SPDX-License-Identifier: MIT
// Matrix products on row-major operands: packed weights, weight gradients, causal attention.
// Every element is one fixed chain over k, whatever its row and however many rows there are.
#pragma once

#include "dormant/kernels/register_tile.hpp"

namespace dormant::kernels {

/// Elements of a packed [K, N] operand: panels of two vectors, [N / width][K][width], zero padded.
template <class Arch, class T>
constexpr std::size_t packed_size(std::size_t k, std::size_t n) {
  constexpr std::size_t width = tile_cols<Arch, T>;
  return k * ((n + width - 1) / width * width);
}

namespace detail {

/// Rows of B repacked at a time by the products whose B is not packed: the panel stays in L1.
inline constexpr std::size_t panel_rows = 256;

/// Bytes of A that one pass over the panels of B reuses: well inside L2.
inline constexpr std::size_t block_bytes = 256 * 1024;

/// Copies `rows` rows of `cols` <= panel width columns into one panel, padded with zeros.
template <class Arch, class T>
[[gnu::noinline]] void pack_panel(T const* b, std::size_t stride, std::size_t rows,
                                  std::size_t cols, T* out) {
  constexpr std::size_t width = tile_cols<Arch, T>;
  for (std::size_t k = 0; k != rows; ++k, b += stride, out += width) {
    for_each_register<Arch, T>(
        cols, [&](auto reg, std::size_t j) { reg.load(b + j).store_unaligned(out + j); });
    for (std::size_t j = (cols + lanes<Arch, T> - 1) / lanes<Arch, T> * lanes<Arch, T>; j < width;
         j += lanes<Arch, T>)
      vector<Arch, T>(T(0)).store_unaligned(out + j);
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

/// C [M, N] = epilogue of A [M, K] times the packed B [K, N]; K counts elements of the operands,
/// which hold one factor each, or two in bf16.
template <class Arch, class T, class Product = in_full>
[[gnu::noinline]] void multiply(matrix<T const> a, T const* packed_b, matrix<T> c,
                                epilogue<T> e = {}) {
  constexpr std::size_t width = tile_cols<Arch, T>;
  constexpr std::size_t height = tile_rows<Arch>;
  std::size_t const fit = detail::block_bytes / (sizeof(T) * std::max<std::size_t>(a.cols, 1));
  std::size_t const block = std::max<std::size_t>(fit / height, 1) * height;
  bool const masked = e.how == finish::where_positive;
  for (std::size_t first = 0; first < a.rows; first += block)
    for (std::size_t j = 0; j < c.cols; j += width)
      for (std::size_t i = first; i < std::min(first + block, a.rows); i += height)
        multiply_tile<Arch, T, Product>(
            {.a = a.data + i * a.stride,
             .a_row = a.stride,
             .a_step = 1,
             .b = packed_b + j * a.cols,
             .b_step = width,
             .depth = a.cols,
             .rows = std::min(height, a.rows - i),
             .cols = std::min(width, c.cols - j),
             .c = c.data + i * c.stride + j,
             .c_stride = c.stride,
             .mask = masked ? e.mask.data + i * e.mask.stride + j : nullptr,
             .mask_stride = e.mask.stride,
             .how = e.how,
             .scale = e.scale});
}

/// C [M, N] += A^T B with A [R, M] and B [R, N]: a weight gradient. Sums of 256 rows are formed
/// first and then added to C, in row order. (In bf16, R counts pairs of rows.)
template <class Arch, class T, class Product = in_full>
[[gnu::noinline]] void multiply_transposed(matrix<T const> a, matrix<T const> b, matrix<T> c) {
  constexpr std::size_t width = tile_cols<Arch, T>;
  constexpr std::size_t height = tile_rows<Arch>;
  alignas(64) T panel[detail::panel_rows * width];
  for (std::size_t first = 0; first < a.rows; first += detail::panel_rows) {
    std::size_t const depth = std::min(detail::panel_rows, a.rows - first);
    for (std::size_t j = 0; j < b.cols; j += width) {
      std::size_t const cols = std::min(width, b.cols - j);
      detail::pack_panel<Arch, T>(b.data + first * b.stride + j, b.stride, depth, cols, panel);
      for (std::size_t i = 0; i < a.cols; i += height)
        multiply_tile<Arch, T, Product>({.a = a.data + first * a.stride + i,
                                         .a_row = 1,
                                         .a_step = a.stride,
                                         .b = panel,
                                         .b_step = width,
                                         .depth = depth,
                                         .rows = std::min(height, a.cols - i),
                                         .cols = cols,
                                         .c = c.data + i * c.stride + j,
                                         .c_stride = c.stride,
                                         .mask = nullptr,
                                         .mask_stride = 0,
                                         .how = finish::accumulate,
                                         .scale = T(1)});
    }
  }
}

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
  for (std::size_t j = 0; j < c.cols; j += width) {
    std::size_t const cols = std::min(width, c.cols - j);
    for (std::size_t begin = 0; begin < b.rows; begin += panel_rows) {
      std::size_t const end = std::min(begin + panel_rows, b.rows);
      pack_panel<Arch, T>(b.data + begin * b.stride + j, b.stride, end - begin, cols, panel);
      std::size_t const first = transposed ? 0 : begin / height * height;
      std::size_t const last = transposed ? end : c.rows;
      for (std::size_t i = first; i < last; i += height) {
        std::size_t const rows = std::min(height, c.rows - i);
        std::size_t const from = transposed ? std::max(begin, i) : begin;
        std::size_t const to = transposed ? end : std::min(end, i + rows);
        bool const fresh = transposed ? i >= begin : begin == 0;
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
