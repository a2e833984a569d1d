// SPDX-License-Identifier: MIT
// Element types of stored arrays, under their names in safetensors and in NumPy files.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace dormant {

static_assert(std::endian::native == std::endian::little,
              "dormant::io: files are little-endian and are read without swapping bytes");

/// The element types that we read and write.
enum class dtype { f64, f32, f16, bf16, i64, i32, i16, i8, u64, u32, u16, u8, boolean };

/// One row of the table of element types.
struct dtype_names {
  dtype type;
  std::string_view safetensors; ///< as in the header of a safetensors file
  std::string_view npy;         ///< kind and size as in a NumPy descr; empty if NumPy has none
  std::size_t size;             ///< bytes an element
};

/// Every element type, in the order of the enumeration.
inline constexpr std::array<dtype_names, 13> dtypes{{
    {dtype::f64, "F64", "f8", 8},
    {dtype::f32, "F32", "f4", 4},
    {dtype::f16, "F16", "f2", 2},
    {dtype::bf16, "BF16", "", 2},
    {dtype::i64, "I64", "i8", 8},
    {dtype::i32, "I32", "i4", 4},
    {dtype::i16, "I16", "i2", 2},
    {dtype::i8, "I8", "i1", 1},
    {dtype::u64, "U64", "u8", 8},
    {dtype::u32, "U32", "u4", 4},
    {dtype::u16, "U16", "u2", 2},
    {dtype::u8, "U8", "u1", 1},
    {dtype::boolean, "BOOL", "b1", 1},
}};

[[nodiscard]] constexpr dtype_names const& names_of(dtype type) {
  return dtypes[static_cast<std::size_t>(type)];
}
[[nodiscard]] constexpr std::size_t size_of(dtype type) { return names_of(type).size; }

/// A C++ type with a stored element type of its own.
template <class T>
concept storable = std::is_same_v<T, double> || std::is_same_v<T, float> ||
    (std::is_integral_v<T> && !std::is_same_v<T, bool>);

/// The stored element type of `T`.
template <storable T>
[[nodiscard]] consteval dtype dtype_of() {
  if (std::is_floating_point_v<T>) return sizeof(T) == 8 ? dtype::f64 : dtype::f32;
  switch (sizeof(T)) {
  case 8: return std::is_signed_v<T> ? dtype::i64 : dtype::u64;
  case 4: return std::is_signed_v<T> ? dtype::i32 : dtype::u32;
  case 2: return std::is_signed_v<T> ? dtype::i16 : dtype::u16;
  default: return std::is_signed_v<T> ? dtype::i8 : dtype::u8;
  }
}

/// The bytes an array takes, or nothing if the product overflows. An empty shape is one element.
[[nodiscard]] constexpr std::optional<std::size_t> byte_count(std::span<std::size_t const> shape,
                                                              dtype type) {
  std::size_t bytes = size_of(type);
  bool empty = false;
  for (auto const size : shape) {
    empty = empty || size == 0;
    if (size == 0) continue; // [0, huge, huge] must not hide its overflow
    if (bytes > std::numeric_limits<std::size_t>::max() / size) return std::nullopt;
    bytes *= size;
  }
  return empty ? 0 : bytes;
}

} // namespace dormant
