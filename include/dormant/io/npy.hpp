// SPDX-License-Identifier: MIT
// Single arrays in NumPy's .npy format, version 1.0 written, 1.0 to 3.0 read:
// "\x93NUMPY", version, header length, a Python dict of descr, fortran_order and shape, the data.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/dtype.hpp"
#include "dormant/io/npy_header.hpp"
#include "dormant/io/plain_words.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dormant {

/// An array read from a .npy file.
template <class T>
struct npy_array {
  std::vector<std::size_t> shape;
  std::vector<T> values; ///< row-major
};

/// The contents of a .npy file, checked but not yet converted.
struct npy_contents {
  std::string name; ///< how error messages call the file, in quotes
  dtype type = dtype::f32;
  std::vector<std::size_t> shape;
  std::string bytes; ///< row-major, little-endian

  [[nodiscard]] std::size_t size() const { return bytes.size() / size_of(type); }
};

/// Writes an array atomically, in row-major order.
/// Throws `dormant::error` if the number of values is not the shape's, or if writing fails.
template <storable T>
void write_npy(std::filesystem::path const& path, std::span<std::size_t const> shape,
               std::span<T const> values) {
  auto const fail = [&](detail::words why) {
    refuse({"cannot write ", io::shown(path), ": "}, why);
  };
  if (byte_count(shape, dtype_of<T>()) != values.size_bytes()) {
    fail({values.size(), " values do not fill the shape ", io::shown(shape)});
  }
  auto const& names = names_of(dtype_of<T>());
  std::string header = names.size == 1 ? "{'descr': '|" : "{'descr': '<";
  header.append(names.npy).append("', 'fortran_order': False, 'shape': (");
  for (std::size_t i = 0; i < shape.size(); ++i) {
    header.append(i == 0 ? "" : ", ").append(std::to_string(shape[i]));
  }
  header += shape.size() == 1 ? ",), }" : "), }";
  constexpr std::size_t before = 10; // magic, version, length
  header.resize((before + header.size() + 1 + 63) / 64 * 64 - before - 1, ' ');
  header += '\n';
  if (header.size() > std::numeric_limits<std::uint16_t>::max()) {
    fail({"the shape has too many dimensions"});
  }
  auto const length = static_cast<std::uint16_t>(header.size());

  atomic_file file(path);
  file.write(std::string_view("\x93NUMPY\x01\x00", 8));
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  file.write(std::as_bytes(values));
  file.commit();
}

/// Checks the contents of a .npy file.
/// Throws `dormant::error` naming the file for everything that is not a plain row-major array of
/// little-endian numbers.
/// \param name how error messages call the file
[[nodiscard]] inline npy_contents parse_npy(std::string contents, std::string_view name) {
  npy_contents out{.name = io::in_quotes(name), .shape = {}, .bytes = {}};
  auto const fail = [&](detail::words what) { refuse({out.name, ": "}, what); };
  constexpr std::string_view magic = "\x93NUMPY";
  if (!contents.starts_with(magic)) fail({"the file does not start as a .npy file does"});
  if (contents.size() < 10) fail({"the file ends within the first 10 bytes"});
  auto const format = static_cast<unsigned char>(contents[6]);
  if (format < 1 || format > 3 || contents[7] != 0) {
    fail({"the .npy version is ", format, ".", static_cast<unsigned char>(contents[7]),
          ", expected 1.0, 2.0 or 3.0"});
  }
  std::size_t const length_bytes = format == 1 ? 2 : 4;
  if (contents.size() < 8 + length_bytes) fail({"the file ends within the first 12 bytes"});
  std::uint32_t length = 0;
  std::memcpy(&length, contents.data() + 8, length_bytes);
  std::size_t const begin = 8 + length_bytes;
  if (length > contents.size() - begin) {
    fail({"the header should have ", length, " bytes, but the file ends after ",
          contents.size() - begin, " of them"});
  }
  auto header =
      io::npy_header_reader(std::string_view(contents).substr(begin, length), out.name).read();
  out.type = header.type;
  out.shape = std::move(header.shape);

  auto const expected = byte_count(out.shape, out.type);
  if (!expected) fail({"the shape ", io::shown(out.shape), " is impossible"});
  std::size_t const found = contents.size() - begin - length;
  if (found != *expected) {
    fail({"the shape ", io::shown(out.shape), " of '", names_of(out.type).npy, "' takes ",
          *expected, " bytes, but the file has ", found});
  }
  contents.erase(0, begin + length);
  out.bytes = std::move(contents);
  return out;
}

/// The values of a .npy file whose element type is exactly `T`.
template <storable T>
[[nodiscard]] npy_array<T> npy_values(npy_contents const& contents) {
  if (contents.type != dtype_of<T>()) {
    refuse({contents.name, ": the dtype is '", names_of(contents.type).npy},
           {"', expected '", names_of(dtype_of<T>()).npy, "'"});
  }
  npy_array<T> out{contents.shape, std::vector<T>(contents.size())};
  if (!out.values.empty()) {
    std::memcpy(out.values.data(), contents.bytes.data(), contents.bytes.size());
  }
  return out;
}

/// The values of a .npy file of any integer type, widened.
/// Throws `dormant::error` for other types and for values above the largest int64.
[[nodiscard]] inline npy_array<std::int64_t> npy_integers(npy_contents const& contents) {
  npy_array<std::int64_t> out{contents.shape, {}};
  auto const widen = [&]<storable T>(T) {
    auto const narrow = npy_values<T>(contents);
    out.values.reserve(narrow.values.size());
    for (auto const value : narrow.values) {
      if (!std::in_range<std::int64_t>(value)) {
        refuse({contents.name, ": the value "},
               {static_cast<std::uint64_t>(value), " is too large"});
      }
      out.values.push_back(static_cast<std::int64_t>(value));
    }
  };
  switch (contents.type) {
  case dtype::i64: widen(std::int64_t{}); break;
  case dtype::i32: widen(std::int32_t{}); break;
  case dtype::i16: widen(std::int16_t{}); break;
  case dtype::i8: widen(std::int8_t{}); break;
  case dtype::u64: widen(std::uint64_t{}); break;
  case dtype::u32: widen(std::uint32_t{}); break;
  case dtype::u16: widen(std::uint16_t{}); break;
  case dtype::u8: widen(std::uint8_t{}); break;
  default:
    refuse({contents.name, ": the dtype is '"},
           {names_of(contents.type).npy, "', expected integers"});
  }
  return out;
}

/// Reads an array of exactly `T` from a file.
template <storable T>
[[nodiscard]] npy_array<T> read_npy(std::filesystem::path const& path) {
  return npy_values<T>(parse_npy(read_file(path), path.string()));
}

/// Reads an array of any integer type from a file, for example tokens.
[[nodiscard]] inline npy_array<std::int64_t> read_npy_integers(std::filesystem::path const& path) {
  return npy_integers(parse_npy(read_file(path), path.string()));
}

} // namespace dormant
