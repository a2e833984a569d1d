// SPDX-License-Identifier: MIT
// The one unrolled piece of every matrix product: a tile of C held in registers while k runs.
// C[i, j] = sum_k A[i, k] B[k, j], one fused multiply-add chain over k for each element.
#pragma once

#include "dormant/kernels/simd.hpp"

namespace dormant::kernels {

/// A row-major matrix somewhere in memory; `stride` elements from one row to the next.
template <class T>
struct matrix {
  T* data = nullptr;
  std::size_t rows = 0;
  std::size_t cols = 0;
  std::size_t stride = 0; ///< at least cols

  [[nodiscard]] constexpr T* row(std::size_t r) const { return data + r * stride; }
  constexpr operator matrix<T const>() const requires(!std::is_const_v<T>) {
    return {data, rows, cols, stride};
  }
};

/// What happens to a finished element of the product AB, times `scale`, on its way to C.
enum class finish {
  store,         ///< C = AB
  accumulate,    ///< C = C + AB
  relu,          ///< C = max(0, AB)
  where_positive ///< C = AB where mask > 0, else 0
};

/// The end of a product; `mask` has the shape of C and is read for `where_positive` only.
template <class T>
struct epilogue {
  finish how = finish::store;
  T scale = T(1);
  matrix<T const> mask = {};
};

/// How a product multiplies: one step of a chain takes one element of A and a vector of B. This one
/// is exact up to the rounding of fma; `in_bf16` (bf16.hpp) takes two short factors in one element.
struct in_full {
  static constexpr std::size_t factors = 1; ///< of the k axis in one element of an operand

  /// Elements of memory that an operand of this size is rewritten in.
  static constexpr std::size_t scratch(std::size_t /*rows*/, std::size_t /*cols*/) { return 0; }

  template <class Batch>
  [[gnu::always_inline]] static Batch step(Batch const& a, Batch const& b, Batch const& c) {
    return fma(a, b, c);
  }
  /// The operand with `factors` neighbours of a row, or of a column, in one element.
  template <class Arch, class T>
  static matrix<T const> along_rows(matrix<T const> x, T* /*scratch*/) {
    return x;
  }
  template <class Arch, class T>
  static matrix<T const> along_columns(matrix<T const> x, T* /*scratch*/) {
    return x;
  }
};

/// Rows of C in one tile: as many as the registers hold next to two vectors of B.
template <class Arch>
inline constexpr std::size_t tile_rows =
    is_avx512<Arch> || std::is_same_v<Arch, xsimd::neon64> ? 8 : 6;

/// Rows of C in a short tile, for the last rows where there are no more: sequences and widths are
/// often a multiple of eight, of six never.
template <class Arch>
inline constexpr std::size_t short_rows = tile_rows<Arch> == 6 ? 4 : tile_rows<Arch>;

/// Columns of C in one tile, and of one panel of packed B: two vectors.
template <class Arch, class T>
inline constexpr std::size_t tile_cols = 2 * lanes<Arch, T>;

/// The operands of one tile. Element (i, k) of A is `a[i * a_row + k * a_step]`, so the same code
/// multiplies by A and by its transpose; row k of B begins at `b + k * b_step`.
template <class T>
struct tile {
  T const* a = nullptr;
  std::size_t a_row = 0;
  std::size_t a_step = 0;
  T const* b = nullptr;
  std::size_t b_step = 0;
  std::size_t depth = 0; ///< number of products in each chain
  std::size_t rows = 0;  ///< rows of C that count; 1 <= rows <= tile_rows
  std::size_t cols = 0;  ///< columns of C that count; 1 <= cols <= tile_cols
  T* c = nullptr;
  std::size_t c_stride = 0;
  T const* mask = nullptr; ///< where C's own first element is masked; `where_positive` only
  std::size_t mask_stride = 0;
  finish how = finish::store;
  T scale = T(1);
  T* panel = nullptr; ///< where rows of B are packed on the way, if they are
};

namespace detail {

template <class Arch, class T>
[[gnu::always_inline]] inline vector<Arch, T> finished(finish how, vector<Arch, T> product,
                                                       vector<Arch, T> old, vector<Arch, T> mask) {
  using batch = vector<Arch, T>;
  switch (how) {
  case finish::accumulate: return old + product;
  case finish::relu: return positive_part(product);
  case finish::where_positive: return xsimd::select(mask > batch(T(0)), product, batch(T(0)));
  case finish::store: break;
  }
  return product;
}

/// One row of a ragged tile, from the buffer it was computed in to C: writes exactly `t.cols`.
template <class Arch, class T>
[[gnu::noinline]] void finish_row(tile<T> const& t, T const* product, std::size_t row) {
  T* const c = t.c + row * t.c_stride;
  bool const masked = t.how == finish::where_positive;
  T const* const mask = masked ? t.mask + row * t.mask_stride : c;
  for_each_register<Arch, T>(t.cols, [&](auto reg, std::size_t j) {
    reg.store(c + j, finished<Arch, T>(t.how, vector<Arch, T>(t.scale) * reg.load(product + j),
                                       reg.load(c + j), reg.load(mask + j)));
  });
}

/// One step of the chains of one row.
template <class Product, bool Wide, class Batch, class T>
[[gnu::always_inline]] inline void advance(T const* a, Batch const& b0, Batch const& b1, Batch& c0,
                                           Batch& c1) {
  T factor = *a;
#ifdef __aarch64__
  // In a register of its own, so that NEON multiplies by one lane of it. To load it into all lanes,
  // as g++ does for one row, takes a turn of the pipes that multiply.
  if constexpr (Product::factors == 1) __asm__("" : "+w"(factor));
#endif
  Batch const x(factor);
  c0 = Product::step(x, b0, c0);
  if constexpr (Wide) c1 = Product::step(x, b1, c1);
}

/// The next row. Compilers would rather hold a pointer to each row of a tile, all
/// computed before the loop, than one that walks; there are no registers for that, and
/// the stack costs more than to add.
template <class T>
[[gnu::always_inline]] inline T* row_after(T* row, std::size_t stride) {
  row += stride;
  __asm__("" : "+r"(row));
  return row;
}

/// Asks early for one row of what the end of the tile reads or
/// overwrites: nothing else hides that wait.
template <bool Wide, bool Written, class Arch, class T>
[[gnu::always_inline]] inline void expect_row(T const* row) {
  constexpr std::size_t bytes = (Wide ? 2 : 1) * lanes<Arch, T> * sizeof(T);
  __builtin_prefetch(row, Written);
  if constexpr (Wide && bytes > 64) __builtin_prefetch(row + lanes<Arch, T>, Written);
}

/// What a chain begins with.
template <bool Resumed, class Arch, class T>
[[gnu::always_inline]] inline vector<Arch, T> begun(tile<T> const& t, std::size_t row,
                                                    std::size_t j) {
  if constexpr (Resumed) return vector<Arch, T>::load_unaligned(t.c + row * t.c_stride + j);
  return vector<Arch, T>(T(0));
}

/// A whole tile of C. Rows past `t.rows` repeat the last one, so that any row may be read; only a
/// full tile may be written to C itself. Unrolled by hand: users compile with -O2.
/// \tparam Packs whether the rows of B, as they are read, are written to `t.panel`; such a tile is
/// added to C, whatever `t` says
template <class Arch, class T, class Product, bool Wide, bool Resumed, bool Packs,
          std::size_t... Row>
[[gnu::noinline]] void full_tile(tile<T> const& t, std::index_sequence<Row...>) {
  using batch = vector<Arch, T>;
  T const* const a[] = {t.a + std::min(Row, t.rows - 1) * t.a_row...};
  batch left[] = {begun<Resumed, Arch, T>(t, Row, 0)...};
  batch right[] = {begun < Resumed && Wide, Arch, T > (t, Row, lanes<Arch, T>)...};
  (expect_row<Wide, true, Arch, T>(t.c + Row * t.c_stride), ...);
  if (t.how == finish::where_positive)
    (expect_row<Wide, false, Arch, T>(t.mask + Row * t.mask_stride), ...);
  T const* b = t.b;
  std::size_t const a_step = t.a_step;
  std::size_t const b_step = t.b_step;
  std::size_t offset = 0;
  T* panel = t.panel;
  for (std::size_t k = t.depth; k != 0; --k, offset += a_step, b += b_step) {
    batch const b0 = batch::load_unaligned(b);
    batch const b1 = Wide ? batch::load_unaligned(b + lanes<Arch, T>) : b0;
    if constexpr (Packs) {
      b0.store_unaligned(panel);
      b1.store_unaligned(panel + lanes<Arch, T>);
      panel += tile_cols<Arch, T>;
    }
    (advance<Product, Wide>(a[Row] + offset, b0, b1, left[Row], right[Row]), ...);
  }
  tile<T> const end = t; // a copy, which no store to C can change
  // Most products have no factor, and these would be the only operations
  // that wait for the multipliers.
  if (end.scale != T(1)) {
    batch const scale(end.scale);
    ((left[Row] = scale * left[Row], right[Row] = scale * right[Row]), ...);
  }
  // Of a narrow tile the right half is nothing, whatever it meets.
  constexpr std::size_t second = Wide ? lanes<Arch, T> : 0;
  T const* old = end.c;
  T const* mask = end.mask;
  batch const zero(T(0));
  switch (Packs ? finish::accumulate : end.how) {
  case finish::store: break;
  case finish::accumulate:
    ((left[Row] = batch::load_unaligned(old) + left[Row],
      right[Row] = batch::load_unaligned(old + second) + right[Row],
      old = row_after(old, end.c_stride)),
     ...);
    break;
  case finish::relu:
    ((left[Row] = positive_part(left[Row]), right[Row] = positive_part(right[Row])), ...);
    break;
  case finish::where_positive:
    ((left[Row] = xsimd::select(batch::load_unaligned(mask) > zero, left[Row], zero),
      right[Row] = xsimd::select(batch::load_unaligned(mask + second) > zero, right[Row], zero),
      mask = row_after(mask, end.mask_stride)),
     ...);
    break;
  }
  T* c = end.c;
  ((left[Row].store_unaligned(c), Wide ? right[Row].store_unaligned(c + second) : void(),
    c = row_after(c, end.c_stride)),
   ...);
}

/// The same for a tile of any height and width that is unrolled.
template <class Arch, class T, class Product, bool Resumed>
[[gnu::always_inline]] inline void whole_tile(tile<T> const& t, bool wide, bool few) {
  constexpr std::make_index_sequence<tile_rows<Arch>> rows;
  if constexpr (short_rows<Arch> < tile_rows<Arch>) {
    if (few)
      return full_tile<Arch, T, Product, true, Resumed, false>(
          t, std::make_index_sequence<short_rows<Arch>>{});
  }
  if (wide)
    full_tile<Arch, T, Product, true, Resumed, false>(t, rows);
  else
    full_tile<Arch, T, Product, false, Resumed, false>(t, rows);
}

/// A tile of which only `t.rows` x `t.cols` count, by way of a buffer.
template <class Arch, class T, class Product, bool Resumed>
[[gnu::noinline]] void ragged_tile(tile<T> const& t, bool wide, bool few) {
  std::size_t const width = wide ? tile_cols<Arch, T> : lanes<Arch, T>;
  std::size_t const height = few ? short_rows<Arch> : tile_rows<Arch>;
  alignas(64) T buffer[tile_rows<Arch> * tile_cols<Arch, T>];
  tile<T> padded = t;
  padded.c = buffer;
  padded.c_stride = width;
  padded.how = finish::store;
  padded.scale = T(1);
  if constexpr (Resumed) {
    for (std::size_t row = 0; row != height; ++row)
      for (std::size_t j = 0; j != width; ++j)
        buffer[row * width + j] = row < t.rows && j < t.cols ? t.c[row * t.c_stride + j] : T(0);
  }
  whole_tile<Arch, T, Product, Resumed>(padded, wide, few);
  for (std::size_t row = 0; row != t.rows; ++row) finish_row<Arch, T>(t, buffer + row * width, row);
}

} // namespace detail

/// Computes one tile of C, full or ragged; writes only its `rows` x `cols`. Reads B up to the next
/// multiple of a vector, A nowhere outside its rows.
/// \tparam Resumed whether the chains go on from what is in C; not with `accumulate`
template <class Arch, class T, class Product = in_full, bool Resumed = false>
[[gnu::noinline]] void multiply_tile(tile<T> const& t) {
  bool const wide = t.cols > lanes<Arch, T>;
  bool const few = wide && t.rows <= short_rows<Arch>;
  std::size_t const width = wide ? tile_cols<Arch, T> : lanes<Arch, T>;
  std::size_t const height = few ? short_rows<Arch> : tile_rows<Arch>;
  if (t.cols == width && t.rows == height)
    detail::whole_tile<Arch, T, Product, Resumed>(t, wide, few);
  else
    detail::ragged_tile<Arch, T, Product, Resumed>(t, wide, few);
}

} // namespace dormant::kernels
