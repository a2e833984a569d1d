// SPDX-License-Identifier: MIT
// Operands in bfloat16: half the bytes, and where the processor has AVX512_BF16 twice the products
// a cycle. Sums are kept in float. A float's place in memory holds two neighbouring factors, the
// first in its low half, so the tile, the packing and the transposes work on it as on any float.
#pragma once

#include "dormant/kernels/register_tile.hpp"

#include <bit>
#include <cstdint>

namespace dormant::kernels {

/// The nearest bfloat16, ties to even; NaN stays NaN, and what is too large becomes infinite.
[[nodiscard]] inline std::uint16_t to_bf16(float x) {
  auto const bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7FFFFFFFU) > 0x7F800000U) return static_cast<std::uint16_t>(bits >> 16U | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7FFFU + (bits >> 16U & 1U)) >> 16U);
}
/// The same number as a float.
[[nodiscard]] inline float from_bf16(std::uint16_t x) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(x) << 16U);
}

namespace detail {

[[nodiscard]] inline float bf16_pair(float first, float second) {
  return std::bit_cast<float>(to_bf16(first) | static_cast<std::uint32_t>(to_bf16(second)) << 16U);
}

#if defined(__AVX512BF16__) && defined(__AVX512BW__)
inline constexpr bool has_bf16 = true;

// Sixteen floats, each as bfloat16 in the low half of 32 bits.
[[gnu::always_inline]] inline __m512i short_lanes(__m512 x) {
  return _mm512_maskz_cvtepu16_epi32(0xFFFF, std::bit_cast<__m256i>(_mm512_cvtneps_pbh(x)));
}
#else
inline constexpr bool has_bf16 = false;
#endif

} // namespace detail

/// Products of bfloat16 factors with float sums: two fused multiply-adds a pair, the second factors
/// first. Where the processor has AVX512_BF16 its one instruction gives the same bits, except
/// that it takes denormals for zeros.
struct in_bf16 {
  static constexpr std::size_t factors = 2;
  static constexpr std::size_t scratch(std::size_t rows, std::size_t cols) {
    return (rows + 1) * ((cols + 1) / 2 + 15);
  }

  template <class Arch>
  static constexpr bool native = detail::has_bf16&& is_avx512<Arch>;

  template <class Arch>
  [[gnu::always_inline]] static xsimd::batch<float, Arch> step(xsimd::batch<float, Arch> const& a,
                                                               xsimd::batch<float, Arch> const& b,
                                                               xsimd::batch<float, Arch> const& c) {
#if defined(__AVX512BF16__) && defined(__AVX512BW__)
    if constexpr (native<Arch>) {
      // The instruction itself: clang 16 crashes on its own intrinsic next to a broadcast.
      __m512 sum = c;
      __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum) : "v"(__m512(a)), "v"(__m512(b)));
      return sum;
    } else
#endif
    {
      using number = xsimd::batch<float, Arch>;
      using word = xsimd::batch<std::uint32_t, Arch>;
      auto const first = [](number const& x) {
        return std::bit_cast<number>(std::bit_cast<word>(x) << 16);
      };
      auto const second = [](number const& x) {
        return std::bit_cast<number>(std::bit_cast<word>(x) & word(0xFFFF0000U));
      };
      return fma(first(a), first(b), fma(second(a), second(b), c));
    }
  }

  /// [R, C] as [R, ceil(C / 2)]: pairs of neighbours in a row, a zero after an odd last one.
  template <class Arch, std::same_as<float> T>
  static matrix<T const> along_rows(matrix<T const> x, T* out) {
    std::size_t const half = (x.cols + 1) / 2;
    std::size_t const stride = (half + 15) / 16 * 16;
    for (std::size_t r = 0; r < x.rows; ++r) {
      pair_row<Arch>(x.data + r * x.stride, x.cols, out + r * stride);
    }
    return {out, x.rows, half, stride};
  }
  /// [R, C] as [ceil(R / 2), C]: pairs of neighbours in a column, a zero after an odd last one.
  template <class Arch, std::same_as<float> T>
  static matrix<T const> along_columns(matrix<T const> x, T* out) {
    std::size_t const half = (x.rows + 1) / 2;
    std::size_t const stride = (x.cols + 15) / 16 * 16;
    for (std::size_t r = 0; r < half; ++r) {
      float const* const first = x.data + 2 * r * x.stride;
      bool const alone = 2 * r + 1 == x.rows;
      pair_rows<Arch>(first, alone ? nullptr : first + x.stride, x.cols, out + r * stride);
    }
    return {out, half, x.cols, stride};
  }

private:
  template <class Arch>
  [[gnu::noinline]] static void pair_row(float const* x, std::size_t n, float* out) {
    std::size_t i = 0;
#if defined(__AVX512BF16__) && defined(__AVX512BW__)
    if constexpr (native<Arch>) {
      for (; i + 16 <= n; i += 16) {
        auto const pairs = std::bit_cast<__m256>(_mm512_cvtneps_pbh(_mm512_loadu_ps(x + i)));
        _mm256_storeu_ps(out + i / 2, pairs);
      }
    }
#endif
    for (; i < n; i += 2) out[i / 2] = detail::bf16_pair(x[i], i + 1 < n ? x[i + 1] : 0.F);
  }

  template <class Arch>
  [[gnu::noinline]] static void pair_rows(float const* x, float const* y, std::size_t n,
                                          float* out) {
    std::size_t i = 0;
#if defined(__AVX512BF16__) && defined(__AVX512BW__)
    if constexpr (native<Arch>) {
      for (; y != nullptr && i + 16 <= n; i += 16) {
        auto const low = detail::short_lanes(_mm512_loadu_ps(x + i));
        auto const high = detail::short_lanes(_mm512_loadu_ps(y + i));
        _mm512_storeu_ps(out + i, std::bit_cast<__m512>(_mm512_or_si512(
                                      low, _mm512_maskz_slli_epi32(0xFFFF, high, 16))));
      }
    }
#endif
    for (; i < n; ++i) out[i] = detail::bf16_pair(x[i], y != nullptr ? y[i] : 0.F);
  }
};

} // namespace dormant::kernels
