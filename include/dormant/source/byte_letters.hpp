// SPDX-License-Identifier: MIT
// Bytes as letters, as byte-level vocabularies write them (GPT-2).
#pragma once

#include "dormant/io/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace dormant::detail {

[[nodiscard]] inline std::string replaced(std::string text, std::string_view old,
                                          std::string_view fresh) {
  for (auto at = text.find(old); at != std::string::npos; at = text.find(old, at + fresh.size())) {
    text.replace(at, old.size(), fresh);
  }
  return text;
}

/// The letter that stands for each byte in byte-level vocabularies: itself where it can be printed,
/// else one of the letters from U+0100 on (GPT-2).
inline std::array<std::string, 256> const& letters_of_bytes() {
  static auto const table = [] {
    std::array<std::string, 256> letters;
    unsigned next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      bool const printed = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
      unsigned const code = printed ? byte : next++;
      if (code < 0x80) {
        letters[byte] = static_cast<char>(code);
      } else {
        letters[byte] = {static_cast<char>(0xC0U | code >> 6U),
                         static_cast<char>(0x80U | (code & 0x3FU))};
      }
    }
    return letters;
  }();
  return table;
}
[[nodiscard]] inline std::string byte_letters(std::string_view word) {
  std::string out;
  for (char const c : word) out += letters_of_bytes()[static_cast<unsigned char>(c)];
  return out;
}
[[nodiscard]] inline std::string letters_to_bytes(std::string_view piece) {
  std::string out;
  while (!piece.empty()) {
    auto const next = io::first_character(piece);
    auto const letter = piece.substr(0, std::max<std::size_t>(1, next.bytes));
    auto const& table = letters_of_bytes();
    auto const found = std::find(table.begin(), table.end(), letter);
    if (found == table.end()) {
      out += letter; // no byte: the piece was added as it is
    } else {
      out += static_cast<char>(found - table.begin());
    }
    piece.remove_prefix(letter.size());
  }
  return out;
}

} // namespace dormant::detail
