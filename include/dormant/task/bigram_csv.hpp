// SPDX-License-Identifier: MIT
// Bigram tables as CSV: `id,codepoint,unigram,0,1,...` and one line a
// character; `#` begins comments.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"
#include "dormant/io/utf8.hpp"
#include "dormant/task/bigram_table.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace dormant {

namespace detail {

/// Reads the one format strictly and names line and column (both from 1) of the first mistake.
class bigram_csv_reader {
public:
  bigram_csv_reader(std::string_view text, std::string source)
      : text_(text), source_(std::move(source)) {}

  [[nodiscard]] bigram_table read() {
    auto const n = read_header();
    bigram_table table;
    std::map<std::uint64_t, std::size_t> id_of;
    for (std::size_t id = 0; id < n; ++id) {
      if (!next_line()) {
        refuse({source_, " ends after ", id, " of the ", n,
                " lines of counts that its header announces"});
      }
      if (number() != id)
        fail("expected the id " + std::to_string(id) + ", found " + found() +
             "; ids must be dense");
      auto const code = number();
      if (!is_character(code)) fail("expected the codepoint of a character, found " + found());
      if (auto const [known, fresh] = id_of.emplace(code, id); !fresh) {
        fail("the codepoint " + std::to_string(code) + " belongs to id " +
             std::to_string(known->second) + " already");
      }
      table.characters.push_back(static_cast<char32_t>(code));
      table.unigrams.push_back(number());
      for (std::size_t k = 0; k < n; ++k) table.bigrams.push_back(number());
      end_line();
    }
    if (next_line())
      fail("expected nothing after " + std::to_string(n) + " lines of counts, found more");
    check(table, source_);
    return table;
  }

private:
  /// \return the number of characters
  std::size_t read_header() {
    if (text_.starts_with(io::byte_order_mark)) {
      refuse({source_, ", line 1: begins with a byte order mark; save it as UTF-8 without one"});
    }
    if (!next_line()) refuse({source_, " is empty: it holds no bigram counts"});
    for (std::string_view const name : {"id", "codepoint", "unigram"}) {
      next_field();
      if (field_ != name) fail("expected '" + std::string(name) + "', found " + found());
    }
    std::size_t n = 0;
    for (; !rest_.empty() || more_; ++n) {
      if (number() != n) fail("expected '" + std::to_string(n) + "', found " + found());
    }
    if (n == 0) fail("expected a column for each character after 'unigram', found none");
    return n;
  }

  /// Goes to the next line that is neither blank nor a comment.
  bool next_line() {
    while (!text_.empty()) {
      auto const end = text_.find('\n');
      rest_ = text_.substr(0, end);
      text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
      if (rest_.ends_with('\r')) rest_.remove_suffix(1);
      ++line_;
      column_ = 0;
      more_ = true;
      if (!rest_.empty() && rest_.front() != '#') return true;
    }
    return false;
  }

  void next_field() {
    ++column_;
    if (!more_) fail("expected another value, found the end of the line");
    auto const end = rest_.find(',');
    more_ = end != std::string_view::npos;
    field_ = rest_.substr(0, end);
    rest_.remove_prefix(more_ ? end + 1 : rest_.size());
  }

  void end_line() {
    if (!more_) return;
    ++column_;
    fail("expected the end of the line, found more values than the header has");
  }

  std::uint64_t number() {
    next_field();
    std::uint64_t value = 0;
    auto const end = field_.data() + field_.size();
    auto const [stop, code] = std::from_chars(field_.data(), end, value);
    if (field_.starts_with('-'))
      fail("expected a count, which cannot be negative, found " + found());
    if (code == std::errc::result_out_of_range)
      fail("expected a count of at most 64 bits, found " + found());
    if (code != std::errc() || stop != end) fail("expected a whole number, found " + found());
    return value;
  }

  [[nodiscard]] std::string found() const {
    return field_.empty() ? "nothing" : io::in_quotes(field_);
  }

  [[noreturn]] void fail(std::string const& what) const {
    refuse({source_, ", line ", line_, (column_ == 0 ? "" : ", column " + std::to_string(column_)),
            ": ", what});
  }

  std::string_view text_; // what follows the current line
  std::string source_;
  std::string_view rest_; // what follows the current field of the line
  std::string_view field_;
  bool more_ = false; // whether the line has another field
  std::size_t line_ = 0;
  std::size_t column_ = 0;
};

} // namespace detail

/// Parses a table from text. Throws `dormant::error` naming line and column.
/// \param source what to call the text in messages
[[nodiscard]] inline bigram_table parse_bigrams_csv(std::string_view text,
                                                    std::string const& source) {
  return detail::bigram_csv_reader(text, source).read();
}

/// Reads a table from a file. Throws `dormant::error` if it is missing or malformed.
[[nodiscard]] inline bigram_table read_bigrams_csv(std::filesystem::path const& path) {
  return parse_bigrams_csv(read_file(path), io::shown(path));
}

/// The table as text in the same format.
/// \param comment written first, each line behind a `#`
[[nodiscard]] inline std::string to_csv(bigram_table const& table, std::string_view comment = {}) {
  std::string out;
  while (!comment.empty()) {
    auto const end = comment.find('\n');
    out += "# " + std::string(comment.substr(0, end)) + "\n";
    comment.remove_prefix(end == std::string_view::npos ? comment.size() : end + 1);
  }
  out += "id,codepoint,unigram";
  for (std::size_t k = 0; k < table.size(); ++k) out += "," + std::to_string(k);
  out += "\n";
  for (std::size_t v = 0; v < table.size(); ++v) {
    out += std::to_string(v) + "," +
           std::to_string(static_cast<std::uint32_t>(table.characters[v])) + "," +
           std::to_string(table.unigrams[v]);
    for (auto const count : table.row(v)) out += "," + std::to_string(count);
    out += "\n";
  }
  return out;
}

/// Writes the table to a file, whole or not at all. Throws `dormant::error` if that fails.
inline void write_bigrams_csv(std::filesystem::path const& path, bigram_table const& table,
                              std::string_view comment = {}) {
  write_file_atomically(path, to_csv(table, comment));
}

} // namespace dormant
