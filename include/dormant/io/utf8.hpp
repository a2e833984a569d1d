// SPDX-License-Identifier: MIT
// UTF-8, strictly: no stray or missing continuation bytes, no overlong forms, no surrogates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dormant::io {

/// What some editors put before a text in UTF-8.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

struct utf8_character {
  char32_t code = 0;
  std::size_t bytes = 0; ///< 0: the text does not begin with a character
};

/// The character that the text begins with.
[[nodiscard]] inline utf8_character first_character(std::string_view text) {
  if (text.empty()) return {};
  auto const byte = [&](std::size_t i) -> std::uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  auto const lead = byte(0);
  if (lead < 0x80) return {static_cast<char32_t>(lead), 1};
  std::size_t const length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  bool valid = lead >= 0xC2 && lead < 0xF5;
  std::uint32_t code = lead & (0x7FU >> length);
  for (std::size_t k = 1; k < length; ++k) {
    valid = valid && (byte(k) & 0xC0U) == 0x80U;
    code = (code << 6U) | (byte(k) & 0x3FU);
  }
  bool const surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (!valid || code < smallest[length] || code > 0x10FFFF || surrogate) return {};
  return {static_cast<char32_t>(code), length};
}

} // namespace dormant::io
