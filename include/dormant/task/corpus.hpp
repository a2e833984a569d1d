// SPDX-License-Identifier: MIT
// Counts the characters of a text and the pairs of adjacent ones.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"
#include "dormant/io/utf8.hpp"
#include "dormant/task/bigram_table.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace dormant {

namespace detail {

/// Decodes UTF-8, strictly and without NUL; a byte order mark before it is skipped. Throws
/// `dormant::error` naming the first byte that is not text.
[[nodiscard]] inline std::u32string decode_text(std::string_view bytes, std::string const& source) {
  std::u32string text;
  text.reserve(bytes.size());
  for (std::size_t i = bytes.starts_with(io::byte_order_mark) ? 3 : 0; i < bytes.size();) {
    auto const next = io::first_character(bytes.substr(i));
    if (next.bytes == 0 || next.code == 0) {
      bool const utf16 = i == 0 && (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF"));
      refuse({source, " is not a text: byte ", i + 1,
              (bytes[i] == 0 ? " is a zero byte" : " is not valid UTF-8"),
              (utf16 ? "; it begins as UTF-16 does" : "")});
    }
    text += next.code;
    i += next.bytes;
  }
  return text;
}

} // namespace detail

/// Counts a text given as UTF-8. Throws `dormant::error` if it is empty or not text, if it has more
/// than `most_characters` distinct characters, or if its last character occurs nowhere else (then
/// nothing ever follows it).
/// \param source what to call the text in messages
[[nodiscard]] inline bigram_table count_text(std::string_view bytes, std::string const& source,
                                             std::size_t most_characters = 4096) {
  constexpr auto absent = std::numeric_limits<std::uint32_t>::max();
  auto const text = detail::decode_text(bytes, source);
  if (text.empty()) refuse({source, " is empty"});

  std::vector<std::uint32_t> id_of(0x110000, absent);
  for (auto const c : text) id_of[c] = 0;
  bigram_table table;
  for (char32_t c = 0; c < id_of.size(); ++c) {
    if (id_of[c] == absent) continue;
    id_of[c] = static_cast<std::uint32_t>(table.size());
    table.characters.push_back(c);
  }
  auto const n = table.size();
  if (n > most_characters) {
    refuse({source, " has ", n, " distinct characters, but at most ", most_characters,
            " fit into the vocabulary"});
  }

  table.unigrams.resize(n);
  table.bigrams.resize(n * n);
  for (auto const c : text) ++table.unigrams[id_of[c]];
  for (std::size_t i = 1; i < text.size(); ++i)
    ++table.bigrams[id_of[text[i - 1]] * n + id_of[text[i]]];
  check(table, source);
  return table;
}

/// Counts a text file in UTF-8; every character counts, line ends included.
/// Throws `dormant::error` as `count_text` does, and if the file cannot be read.
[[nodiscard]] inline bigram_table count_bigrams(std::filesystem::path const& path,
                                                std::size_t most_characters = 4096) {
  return count_text(read_file(path), "the corpus " + io::shown(path), most_characters);
}

} // namespace dormant
