// SPDX-License-Identifier: MIT
// The vectors every kernel is written on: xsimd batches, and the few operations it lacks.
#pragma once

#include "dormant/detail/arithmetic.hpp"
#include "dormant/kernels/xsimd.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

/// Loops over raw pointers, one register of `Arch` at a time; they know nothing of models.
namespace dormant::kernels {

/// One register of `Arch` full of `T`.
template <class Arch, class T>
using vector = xsimd::batch<T, Arch>;

/// Elements in one register.
template <class Arch, class T>
inline constexpr std::size_t lanes = vector<Arch, T>::size;

/// Whether `Arch` has 512-bit registers and masks; xsimd 8.1 leaves several operations out there.
template <class Arch>
inline constexpr bool is_avx512 = std::is_base_of_v<xsimd::avx512f, Arch>;

/// x * y + z in one rounding wherever the architecture can. xsimd 8.1 has no AVX-512 fma: its
/// fallback is two operations, which g++ contracts and clang does not. (Being constrained, the
/// functions here win over xsimd's functions of the same name, so nothing calls those by accident.)
template <class T, class Arch>
  requires std::floating_point<T>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> fma(xsimd::batch<T, Arch> const& x,
                                                        xsimd::batch<T, Arch> const& y,
                                                        xsimd::batch<T, Arch> const& z) {
#ifdef __AVX512F__
  if constexpr (is_avx512<Arch> && std::is_same_v<T, float>) {
    return _mm512_fmadd_ps(x, y, z);
  } else if constexpr (is_avx512<Arch>) {
    return _mm512_fmadd_pd(x, y, z);
  } else
#endif
    return xsimd::fma(x, y, z);
}

#ifdef __AVX__
namespace detail {

/// Whether `Arch` has the 256-bit registers of AVX, and no masks of its own.
template <class Arch>
inline constexpr bool is_avx = std::is_base_of_v<xsimd::avx, Arch> && !is_avx512<Arch>;

/// Ones in the first `n` 32-bit lanes of eight.
[[gnu::always_inline]] inline __m256i first_lanes(std::size_t n) {
  alignas(64) static constexpr std::int32_t bits[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return _mm256_loadu_si256(reinterpret_cast<__m256i const*>(bits + 8 - n));
}
// Piece by piece: a masked store takes dozens of cycles on some processors.
[[gnu::always_inline]] inline void store_first(float* p, std::size_t n, __m256 v) {
  __m128 rest = _mm256_castps256_ps128(v);
  if ((n & 4U) != 0) {
    _mm_storeu_ps(p, rest);
    rest = _mm256_extractf128_ps(v, 1);
    p += 4;
  }
  if ((n & 2U) != 0) {
    _mm_storel_pi(reinterpret_cast<__m64*>(p), rest);
    rest = _mm_movehl_ps(rest, rest);
    p += 2;
  }
  if ((n & 1U) != 0) _mm_store_ss(p, rest);
}
[[gnu::always_inline]] inline void store_first(double* p, std::size_t n, __m256d v) {
  __m128d rest = _mm256_castpd256_pd128(v);
  if ((n & 2U) != 0) {
    _mm_storeu_pd(p, rest);
    rest = _mm256_extractf128_pd(v, 1);
    p += 2;
  }
  if ((n & 1U) != 0) _mm_store_sd(p, rest);
}

} // namespace detail
#endif

/// The first `n` elements at `p`, `n` < lanes, the other lanes set to `fill`; reads nothing else.
template <class Arch, class T>
[[gnu::always_inline]] inline vector<Arch, T> load_part(T const* p, std::size_t n, T fill) {
#ifdef __AVX512F__
  if constexpr (is_avx512<Arch> && std::is_same_v<T, float>) {
    return _mm512_mask_loadu_ps(_mm512_set1_ps(fill), static_cast<__mmask16>((1U << n) - 1U), p);
  } else if constexpr (is_avx512<Arch>) {
    return _mm512_mask_loadu_pd(_mm512_set1_pd(fill), static_cast<__mmask8>((1U << n) - 1U), p);
  } else
#endif
#ifdef __AVX__
      if constexpr (detail::is_avx<Arch> && std::is_same_v<T, float>) {
    __m256i const mask = detail::first_lanes(n);
    return _mm256_blendv_ps(_mm256_set1_ps(fill), _mm256_maskload_ps(p, mask),
                            _mm256_castsi256_ps(mask));
  } else if constexpr (detail::is_avx<Arch>) {
    __m256i const mask = detail::first_lanes(2 * n);
    return _mm256_blendv_pd(_mm256_set1_pd(fill), _mm256_maskload_pd(p, mask),
                            _mm256_castsi256_pd(mask));
  } else
#endif
  {
    alignas(64) T buffer[lanes<Arch, T>];
    for (std::size_t i = 0; i != lanes<Arch, T>; ++i) buffer[i] = i < n ? p[i] : fill;
    return vector<Arch, T>::load_aligned(buffer);
  }
}

/// Writes the first `n` lanes of `v` to `p`, `n` < lanes; touches nothing else.
template <class Arch, class T>
[[gnu::always_inline]] inline void store_part(T* p, std::size_t n, vector<Arch, T> v) {
#ifdef __AVX512F__
  if constexpr (is_avx512<Arch> && std::is_same_v<T, float>) {
    _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1U << n) - 1U), v);
  } else if constexpr (is_avx512<Arch>) {
    _mm512_mask_storeu_pd(p, static_cast<__mmask8>((1U << n) - 1U), v);
  } else
#endif
#ifdef __AVX__
      if constexpr (detail::is_avx<Arch>) {
    detail::store_first(p, n, v);
  } else
#endif
  {
    alignas(64) T buffer[lanes<Arch, T>];
    v.store_aligned(buffer);
    for (std::size_t i = 0; i != n; ++i) p[i] = buffer[i];
  }
}

/// One full register of a row: what `for_each_register` hands to its callback.
template <class Arch, class T>
struct full_register {
  [[gnu::always_inline]] static vector<Arch, T> load(T const* p, T = T(0)) {
    return vector<Arch, T>::load_unaligned(p);
  }
  [[gnu::always_inline]] static void store(T* p, vector<Arch, T> v) { v.store_unaligned(p); }
};

/// The last, ragged register of a row: loads put `fill` into the lanes past the end.
template <class Arch, class T>
struct part_register {
  std::size_t n;

  [[gnu::always_inline]] vector<Arch, T> load(T const* p, T fill = T(0)) const {
    return load_part<Arch, T>(p, n, fill);
  }
  [[gnu::always_inline]] void store(T* p, vector<Arch, T> v) const { store_part<Arch, T>(p, n, v); }
};

/// Walks a row of `n` elements register by register: calls `f(reg, i)` with `i` the offset and
/// `reg` the loads and stores to use there. Never touches anything outside the row.
template <class Arch, class T, class F>
[[gnu::always_inline]] inline void for_each_register(std::size_t n, F&& f) {
  std::size_t i = 0;
  for (; i + lanes<Arch, T> <= n; i += lanes<Arch, T>) f(full_register<Arch, T>{}, i);
  if (i != n) f(part_register<Arch, T>{n - i}, i);
}

// g++ 12 takes the deliberately undefined operand inside its own AVX-512 intrinsics for a mistake
// (its bug 105593). Calls through these wrappers are spared the warning.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

/// e^x, lane by lane: 0 for very negative x and -inf, 1 for 0, inf for very large x, NaN for NaN.
template <class T, class Arch>
  requires std::floating_point<T>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> exp(xsimd::batch<T, Arch> const& x) {
  if constexpr (std::is_same_v<T, double>) {
    // xsimd 8.1 turns the power of two into an integer before it looks whether x is in range, which
    // for infinity and NaN is undefined: so x is put into a range that ends beyond 0 and infinity.
    using batch = xsimd::batch<T, Arch>;
    batch const bound(1000.0);
    batch const above = xsimd::select(x >= -bound, x, -bound);
    batch const inside = xsimd::select(above <= bound, above, bound);
    return xsimd::select(x == x, xsimd::exp(inside), x);
  } else {
    return xsimd::exp(x);
  }
}

/// The larger operand, lane by lane.
template <class T, class Arch>
  requires std::floating_point<T>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> max(xsimd::batch<T, Arch> const& x,
                                                        xsimd::batch<T, Arch> const& y) {
  return xsimd::max(x, y);
}

/// The square root, lane by lane.
template <class T, class Arch>
  requires std::floating_point<T>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> sqrt(xsimd::batch<T, Arch> const& x) {
  return xsimd::sqrt(x);
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

/// max(0, x), lane by lane; NaN stays NaN.
template <class T, class Arch>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> positive_part(xsimd::batch<T, Arch> x) {
  using batch = xsimd::batch<T, Arch>;
  return xsimd::select(x < batch(T(0)), batch(T(0)), x);
}

namespace detail {

/// Combines the two halves of the first 2 * Half lanes, then the halves of those: a fixed tree.
template <std::size_t Half, class Batch, class F, std::size_t... Lane>
[[gnu::always_inline]] inline auto fold_lanes(Batch v, F combine,
                                              std::index_sequence<Lane...> all) {
  using reg = typename Batch::register_type;
  Batch const turned(__builtin_shufflevector(reg(v), reg(v), ((Lane + Half) % sizeof...(Lane))...));
  Batch const both = combine(v, turned);
  if constexpr (Half == 1)
    return reg(both)[0];
  else
    return fold_lanes<Half / 2>(both, combine, all);
}

} // namespace detail

/// The sum of the lanes.
template <class Arch, class T>
[[gnu::always_inline]] inline T add_of(vector<Arch, T> v) {
  return detail::fold_lanes<lanes<Arch, T> / 2>(
      v, [](auto a, auto b) { return a + b; }, std::make_index_sequence<lanes<Arch, T>>{});
}

/// The largest lane; which lane wins when some are NaN is unspecified.
template <class Arch, class T>
[[gnu::always_inline]] inline T max_of(vector<Arch, T> v) {
  return detail::fold_lanes<lanes<Arch, T> / 2>(
      v, [](auto a, auto b) { return max(a, b); }, std::make_index_sequence<lanes<Arch, T>>{});
}

namespace detail {

/// The first (`Offset` 0) or second (`Offset` lanes / 2) halves of a and b, lane by lane in turn.
template <std::size_t Offset, class Batch, std::size_t... Lane>
[[gnu::always_inline]] inline Batch interleave(Batch const& a, Batch const& b,
                                               std::index_sequence<Lane...>) {
  using reg = typename Batch::register_type;
  constexpr std::size_t count = sizeof...(Lane);
  return Batch(__builtin_shufflevector(reg(a), reg(b),
                                       (Offset + Lane / 2 + (Lane % 2 == 0 ? 0 : count))...));
}

template <class Batch, std::size_t... Pair>
[[gnu::always_inline]] inline void shuffle_rows(Batch* x, std::index_sequence<Pair...>) {
  constexpr std::size_t half = Batch::size / 2;
  constexpr std::make_index_sequence<Batch::size> all;
  Batch const low[] = {interleave<0>(x[Pair], x[Pair + half], all)...};
  Batch const high[] = {interleave<half>(x[Pair], x[Pair + half], all)...};
  ((x[2 * Pair] = low[Pair], x[2 * Pair + 1] = high[Pair]), ...);
}

} // namespace detail

/// Transposes the square of `lanes` registers at `x`. Written (row bits, lane bits), the index of
/// an element turns left by one bit in each round; when half have gone round, rows are lanes.
template <class Arch, class T>
[[gnu::always_inline]] inline void transpose(vector<Arch, T>* x) {
  for (std::size_t round = 1; round != lanes<Arch, T>; round *= 2)
    detail::shuffle_rows(x, std::make_index_sequence<lanes<Arch, T> / 2>{});
}

} // namespace dormant::kernels
