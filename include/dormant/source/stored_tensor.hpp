// SPDX-License-Identifier: MIT
// How a tensor of a model lies in a tensor of its files, and its numbers as the model wants them.
#pragma once

#include "dormant/detail/arithmetic.hpp"
#include "dormant/io/dtype.hpp"

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace dormant {

/// Where the rows of a tensor [rows, cols] are in a stored one: row r is stored row
/// first + (r / group) * step + r % group, or, transposed, that column.
struct stored_rows {
  std::string name;        ///< of the stored tensor
  std::size_t first = 0;   ///< stored row of row 0
  std::size_t group = 0;   ///< rows that follow each other; 0: all of them
  std::size_t step = 0;    ///< from one group to the next
  bool transposed = false; ///< stored as [in, out]

  [[nodiscard]] std::size_t row(std::size_t r) const {
    return group == 0 ? first + r : first + r / group * step + r % group;
  }
};

namespace detail {

/// Element types of numbers that models are stored in.
[[nodiscard]] constexpr bool is_weight_type(dtype type) {
  return type == dtype::f64 || type == dtype::f32 || type == dtype::f16 || type == dtype::bf16;
}

[[nodiscard]] inline float half_to_float(std::uint16_t half) {
  std::uint32_t const sign = (half & 0x8000U) << 16U;
  std::uint32_t const exponent = (half >> 10U) & 31U, fraction = half & 1023U;
  if (exponent == 0) { // zero, or below what a normal number can be: fraction * 2^-24
    float const value = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -value : value;
  }
  std::uint32_t const wide = exponent == 31 ? 255U : exponent + 112U;
  return std::bit_cast<float>(sign | wide << 23U | fraction << 13U);
}

template <class Stored, std::floating_point T, class Convert>
void convert_each(std::byte const* from, std::size_t n, std::size_t step, T* out, Convert convert) {
  auto const take = [&](std::size_t apart) {
    for (std::size_t i = 0; i < n; ++i) {
      Stored raw;
      std::memcpy(&raw, from + i * apart * sizeof(Stored), sizeof(Stored)); // aligned to nothing
      out[i] = static_cast<T>(convert(raw));
    }
  };
  step == 1 ? take(1) : take(step); // the first is what compilers make vectors of
}

/// out [n] = stored numbers, `step` elements apart. Exact unless a double becomes a float.
template <std::floating_point T>
void convert(dtype type, std::byte const* from, std::size_t n, std::size_t step, T* out) {
  auto const same = [](auto x) { return x; };
  switch (type) {
  case dtype::f64: return convert_each<double>(from, n, step, out, same);
  case dtype::f32: return convert_each<float>(from, n, step, out, same);
  case dtype::f16: return convert_each<std::uint16_t>(from, n, step, out, half_to_float);
  default:
    return convert_each<std::uint16_t>(from, n, step, out, [](std::uint16_t x) {
      return std::bit_cast<float>(static_cast<std::uint32_t>(x) << 16U);
    });
  }
}

} // namespace detail
} // namespace dormant
