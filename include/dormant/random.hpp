// SPDX-License-Identifier: MIT
// Random numbers as a pure function of (seed, stream, step, row, index): Philox4x64-10
// (Salmon et al. 2011) and our own distributions, so that the bits are the same on every platform.
#pragma once

#include "dormant/detail/arithmetic.hpp"

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wuninitialized" // of intrinsics, see kernels/xsimd.hpp
#endif
// Philox needs no SSE, whose arrays take a tenth of a second to compile. Who wants Random123's AES
// and ARS beside this header defines it as 1.
#ifndef R123_USE_SSE
#define R123_USE_SSE 0
#endif
#include <Random123/philox.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace dormant {

/// What the numbers are for. Different streams of one seed are independent of each other.
enum class stream : std::uint64_t { training_data, evaluation_data, parameters, user };

namespace detail {

struct wide_product {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

/// The 128 bits of a * b.
[[nodiscard]] constexpr wide_product multiply(std::uint64_t a, std::uint64_t b) {
  __extension__ using wide = unsigned __int128;
  auto const product = wide{a} * b;
  return {static_cast<std::uint64_t>(product >> 64), static_cast<std::uint64_t>(product)};
}

/// log(x) of a positive normal x, to about one unit in the last place. The functions of the C
/// library differ between platforms; this one is made of exactly rounded operations only.
[[nodiscard]] inline double portable_log(double x) {
  int exponent = 0;
  double mantissa = std::frexp(x, &exponent); // exact, in [1/2, 1)
  if (mantissa < 0.70710678118654752) {
    mantissa *= 2;
    --exponent;
  }
  // log m = 2 artanh(s) = 2 (s + s^3/3 + s^5/5 + ...) with |s| <= 0.172: twelve terms are enough.
  double const s = (mantissa - 1) / (mantissa + 1);
  double const square = s * s;
  double series = 1.0 / 23;
  for (int odd = 21; odd >= 1; odd -= 2) series = std::fma(series, square, 1.0 / odd);
  return std::fma(static_cast<double>(exponent), 0.69314718055994531, 2 * s * series);
}

} // namespace detail

/// The random numbers of one row of one step, in order. Two objects made from the same four values
/// yield the same numbers, whatever else was drawn in the meantime, on any thread.
class random_stream {
public:
  random_stream(std::uint64_t seed, stream which, std::uint64_t step, std::uint64_t row)
      : key_{{seed, 0}}, counter_{{0, row, step, static_cast<std::uint64_t>(which)}} {}

  /// 64 random bits.
  [[nodiscard]] std::uint64_t bits() {
    if (used_ == words) {
      block_ = philox4x64(counter_, key_);
      ++counter_.v[0];
      used_ = 0;
    }
    return block_.v[used_++];
  }

  /// Uniform in [0, 1), a multiple of 2^-53.
  [[nodiscard]] double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

  /// Uniform in 0 .. n - 1 without bias (Lemire 2019). n must not be zero.
  [[nodiscard]] std::uint64_t below(std::uint64_t n) {
    auto product = detail::multiply(bits(), n);
    if (product.low < n) {
      for (auto const surplus = (0 - n) % n; product.low < surplus;)
        product = detail::multiply(bits(), n);
    }
    return product.high;
  }

  /// Normal with mean 0 and variance 1 (polar method of Marsaglia and Bray 1964).
  [[nodiscard]] double normal() {
    for (;;) {
      double const x = 2 * uniform() - 1;
      double const y = 2 * uniform() - 1;
      double const square = std::fma(x, x, y * y);
      if (square > 0 && square < 1)
        return x * std::sqrt(-2 * detail::portable_log(square) / square);
    }
  }

private:
  static constexpr std::size_t words = 4;

  philox4x64_key_t key_;
  philox4x64_ctr_t counter_;
  philox4x64_ctr_t block_{};
  std::size_t used_ = words;
};

} // namespace dormant
