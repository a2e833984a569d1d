// SPDX-License-Identifier: MIT
// A Hugging Face tokenizer.json with byte-pair encoding: text to ids
// and back. Needs ICU (libicu-dev).
#pragma once

#include "dormant/io/atomic_file.hpp"
#include "dormant/io/utf8.hpp"
#include "dormant/source/tokenizer_json.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dormant {

/// Encodes as the model's own tokenizer does. What it does not know it refuses by name.
class tokenizer {
public:
  static constexpr std::size_t longest = 200'000'000; ///< bytes of a file

  /// \throws error naming the file and the field that is missing, wrong or unknown
  [[nodiscard]] static tokenizer open(std::filesystem::path const& path) {
    return parse(read_file(path, longest), path.string());
  }
  /// \param name how error messages call the file
  [[nodiscard]] static tokenizer parse(std::string_view text, std::string_view name) {
    return tokenizer(detail::read_tokenizer(text, name));
  }

  /// The ids of a text.
  /// \param whole whether the text begins here: then what the tokenizer puts before a text, as
  ///   `<s>`, comes first, unless the text begins with it already
  /// \throws error for a text that is not UTF-8, or a character that no token stands for
  [[nodiscard]] std::vector<token> encode(std::string_view text, bool whole = true) const {
    for (std::size_t at = 0; at < text.size();) {
      std::size_t const bytes = io::first_character(text.substr(at)).bytes;
      if (bytes == 0) refuse({"the text is not UTF-8 at its byte ", at});
      at += bytes;
    }
    std::vector<token> out;
    bool first = true;
    while (!text.empty()) {
      auto const [begin, special] = next_special(text);
      if (begin > 0) encode_plain(text.substr(0, begin), first, out);
      if (begin == text.size()) break;
      out.push_back(parts_.specials[special].second);
      text.remove_prefix(begin + parts_.specials[special].first.size());
      first = false;
    }
    auto const& before = parts_.before_text;
    if (whole &&
        (out.size() < before.size() || !std::equal(before.begin(), before.end(), out.begin()))) {
      out.insert(out.begin(), before.begin(), before.end());
    }
    return out;
  }

  /// The text of ids; bytes that are no UTF-8 stay what they are. What begins a text is left out.
  /// \throws error for an id that the vocabulary does not have
  [[nodiscard]] std::string decode(std::span<token const> ids) const {
    std::string out;
    for (token const id : ids) {
      if (parts_.is_special(id)) continue;
      out += parts_.byte_level ? bytes_of(known(id)) : plain(known(id));
    }
    if (parts_.drops_first_space && out.starts_with(' ')) out.erase(0, 1);
    return out;
  }

  /// One token, to be read: a word, with spaces as they are.
  [[nodiscard]] std::string label(token id) const {
    return parts_.is_special(id) ? known(id)
           : parts_.byte_level   ? bytes_of(known(id))
                                 : plain(known(id));
  }
  [[nodiscard]] std::size_t size() const { return parts_.pieces.size(); }
  /// What is put before every text.
  [[nodiscard]] std::span<token const> before_text() const { return parts_.before_text; }

private:
  explicit tokenizer(detail::tokenizer_parts parts) : parts_(std::move(parts)) {}

  // Where the next special token begins and which it is; the longest where several do.
  [[nodiscard]] std::pair<std::size_t, std::size_t> next_special(std::string_view text) const {
    std::pair<std::size_t, std::size_t> found{text.size(), 0};
    for (std::size_t i = 0; i < parts_.specials.size(); ++i) {
      auto const at = text.find(parts_.specials[i].first);
      if (at < found.first) found = {at, i}; // they are sorted, longest first
    }
    return found;
  }
  void encode_plain(std::string_view text, bool first, std::vector<token>& out) const {
    std::vector<std::string> words{std::string(text)};
    for (auto const& step : parts_.normalizers) words[0] = step(words[0]);
    for (auto const& step : parts_.splitters) {
      std::vector<std::string> cut;
      for (std::size_t i = 0; i < words.size(); ++i) {
        for (auto& word : step(words[i], first && i == 0)) cut.push_back(std::move(word));
      }
      words = std::move(cut);
    }
    for (auto const& word : words) {
      parts_.model.encode(parts_.byte_level ? detail::byte_letters(word) : word, out);
    }
  }
  [[nodiscard]] std::string const& known(token id) const {
    if (id < 0 || static_cast<std::size_t>(id) >= parts_.pieces.size()) {
      refuse({"token ", id, " is outside the tokenizer's vocabulary of ", parts_.pieces.size()});
    }
    return parts_.pieces[static_cast<std::size_t>(id)];
  }
  static std::string bytes_of(std::string_view piece) { return detail::letters_to_bytes(piece); }
  // A piece that stands for a byte, or words with their spaces.
  static std::string plain(std::string const& piece) {
    if (piece.size() == 6 && piece.starts_with("<0x") && piece.ends_with('>')) {
      return {static_cast<char>(std::stoi(piece.substr(3, 2), nullptr, 16))};
    }
    return detail::replaced(piece, "\xE2\x96\x81", " ");
  }

  detail::tokenizer_parts parts_;
};

} // namespace dormant
