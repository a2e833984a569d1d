// SPDX-License-Identifier: MIT
// How often each character of a text follows each other one: the law that all tasks draw from.
#pragma once

#include "dormant/error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace dormant {

/// Counts of single characters and of pairs of adjacent characters. The id of a character is its
/// place in `characters`; tables counted from text are in codepoint order. Made by
/// `english_bigrams`, `count_bigrams`, `read_bigrams_csv` and `zipf_bigrams`, or by hand.
struct bigram_table {
  std::vector<char32_t> characters;    ///< [N] codepoint of each id
  std::vector<std::uint64_t> unigrams; ///< [N] how often each character occurs
  std::vector<std::uint64_t> bigrams;  ///< [N, N] row: first character, column: the one after it

  [[nodiscard]] std::size_t size() const { return characters.size(); }
  /// [N] counts of what follows the character with id `first`.
  [[nodiscard]] std::span<std::uint64_t const> row(std::size_t first) const {
    return std::span(bigrams).subspan(first * size(), size());
  }

  friend bool operator==(bigram_table const&, bigram_table const&) = default;
};

/// Whether a number is a Unicode character, that is in range and not half a surrogate pair.
[[nodiscard]] constexpr bool is_character(std::uint64_t codepoint) {
  return codepoint <= 0x10FFFF && (codepoint < 0xD800 || codepoint > 0xDFFF);
}

/// The bytes of one character in UTF-8.
[[nodiscard]] inline std::string to_utf8(char32_t c) {
  auto const code = static_cast<std::uint32_t>(c);
  auto const tail = [code](unsigned shift) {
    return static_cast<char>(0x80U | ((code >> shift) & 0x3FU));
  };
  if (code < 0x80) return {static_cast<char>(code)};
  if (code < 0x800) return {static_cast<char>(0xC0U | (code >> 6U)), tail(0)};
  if (code < 0x10000) return {static_cast<char>(0xE0U | (code >> 12U)), tail(6), tail(0)};
  return {static_cast<char>(0xF0U | (code >> 18U)), tail(12), tail(6), tail(0)};
}

/// A character as figures show it: `␠` for a space, `\n` for a line end, `U+0007` for what has no
/// glyph, else the character itself.
[[nodiscard]] inline std::string printable(char32_t c) {
  if (c == U' ') return "␠";
  if (c == U'\n') return "\\n";
  if (c == U'\r') return "\\r";
  if (c == U'\t') return "\\t";
  bool const control = c < 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0xAD || c == 0xFEFF;
  if (!control && is_character(c)) return to_utf8(c);
  std::string code = "U+";
  for (int shift = 20; shift >= 0; shift -= 4) {
    auto const digit = (static_cast<std::uint32_t>(c) >> static_cast<unsigned>(shift)) & 0xFU;
    if (shift < 16 || digit != 0 || code.size() > 2) code += "0123456789ABCDEF"[digit];
  }
  return code;
}

/// Throws `dormant::error` unless a law can be made of the table: sizes that fit together, at least
/// one character, and for each character something that follows it.
/// \param source what to call the table in the message, such as its file in quotes
inline void check(bigram_table const& table, std::string const& source) {
  auto const n = table.size();
  if (n == 0) refuse({source, " has no characters"});
  if (table.unigrams.size() != n || table.bigrams.size() != n * n) {
    refuse({source, " has ", n, " characters, so it needs as many unigram counts and ", n * n,
            " bigram counts, but it has ", table.unigrams.size(), " and ", table.bigrams.size()});
  }
  auto const any = [](std::span<std::uint64_t const> counts) {
    for (auto const count : counts)
      if (count != 0) return true;
    return false;
  };
  if (!any(table.unigrams)) refuse({source, " has no unigram count above zero"});
  for (std::size_t v = 0; v < n; ++v) {
    if (!any(table.row(v))) {
      refuse({source, " gives no law for the character '", printable(table.characters[v]), "' (id ",
              v, "): nothing ever follows it"});
    }
  }
}

} // namespace dormant
