// SPDX-License-Identifier: MIT
// A checksum that finds every single flipped bit and every burst of up to 64: CRC-64/XZ, the
// polynomial of ECMA-182.
#pragma once

#include <boost/crc.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dormant::io {

class checksum {
public:
  /// Takes more bytes in.
  void add(std::span<std::byte const> bytes) { crc_.process_bytes(bytes.data(), bytes.size()); }
  void add(std::string_view text) { crc_.process_bytes(text.data(), text.size()); }

  /// 16 hexadecimal digits.
  [[nodiscard]] std::string text() const {
    std::string out(size, '0');
    std::uint64_t rest = crc_.checksum();
    for (auto digit = out.rbegin(); digit != out.rend(); ++digit, rest /= 16U) {
      *digit = "0123456789abcdef"[rest % 16U];
    }
    return out;
  }
  static constexpr std::size_t size = 16;

private:
  boost::crc_optimal<64, 0x42F0E1EBA9EA3693U, ~std::uint64_t{0}, ~std::uint64_t{0}, true, true>
      crc_;
};

/// Where a file keeps its own checksum, which is made as if there were zeros in its place.
inline constexpr std::string_view checksum_key = "dormant.checksum";

} // namespace dormant::io
