// SPDX-License-Identifier: MIT
// Texts that the programs of this folder are given, as rows of tokens that a model can read.
#pragma once

#include "language_model/text_tokenizer.hpp"

#include <dormant/io/atomic_file.hpp>
#include <dormant/source/model_folder.hpp>
#include <dormant/source/token_files.hpp>
#include <dormant/task/batch.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace language_model {

namespace dm = dormant;

namespace detail {
// A text, cut into rows each of which begins as a text does.
inline dm::token_rows rows_of_text(std::string const& path,
                                   std::optional<text_tokenizer> const& words,
                                   std::size_t context) {
  if (!words) {
    dm::refuse({dm::io::in_quotes(path),
                ": the model's folder has no tokenizer.json or tokenizer.model, so texts have "
                "to be given as token ids (.npy or .json)"});
  }
  auto const ids = words->encode(dm::read_file(path), false);
  auto const before = words->before_text();
  std::size_t const step = context > before.size() ? context - before.size() : 1;
  dm::token_rows rows;
  for (std::size_t at = 0; at < ids.size(); at += step) {
    auto& row = rows.emplace_back(before.begin(), before.end());
    std::size_t const end = std::min(at + step, ids.size());
    row.insert(row.end(), ids.begin() + static_cast<std::ptrdiff_t>(at),
               ids.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return rows;
}
} // namespace detail

/// Comma-separated files as rows of at most `context` tokens, the first `most` of them. Rows of ids
/// that are longer are cut off, as the paper's are; `.txt` files become as many rows as they need.
inline dm::token_rows read_rows(std::string_view files, std::optional<text_tokenizer> const& words,
                                std::size_t context, std::size_t most) {
  dm::token_rows rows;
  for (bool more = true; more && rows.size() < most;) {
    auto const end = files.find(',');
    std::string const path(files.substr(0, end));
    more = end != std::string_view::npos;
    files.remove_prefix(more ? end + 1 : files.size());
    bool const is_text = std::filesystem::path(path).extension() == ".txt";
    for (auto& row :
         is_text ? detail::rows_of_text(path, words, context) : dm::read_token_file(path)) {
      if (row.empty()) dm::refuse({dm::io::in_quotes(path), ": row ", rows.size(), " is empty"});
      if (rows.size() == most) break;
      row.resize(std::min(row.size(), context));
      rows.push_back(std::move(row));
    }
  }
  if (rows.empty()) dm::refuse({"there is no text in the files that were given"});
  return rows;
}

/// A token by its number and, where there is a tokenizer, its word.
inline std::string name_of(dm::token id, std::optional<text_tokenizer> const& words) {
  return words ? fmt::format("{} ({})", id, dm::io::in_quotes(words->label(id)))
               : fmt::format("{}", id);
}
/// The same in a few letters, for the axis of a map.
inline std::string label_of(dm::token id, std::optional<text_tokenizer> const& words) {
  return words ? dm::io::printable(words->label(id), 14) : fmt::format("{}", id);
}

/// What stands at position 0, which decides what a sink is.
inline std::string first_tokens(dm::token_rows const& rows,
                                std::optional<text_tokenizer> const& words) {
  auto const first = rows.front().front();
  auto const name = name_of(first, words);
  auto const same = std::count_if(rows.begin(), rows.end(),
                                  [&](auto const& row) { return row.front() == first; });
  if (static_cast<std::size_t>(same) == rows.size()) {
    return fmt::format("position 0 holds token {} in all {} rows", name, rows.size());
  }
  return fmt::format("position 0 holds token {} in {} of {} rows, and others in the rest: if the "
                     "model was trained with a token that begins every text, put it there",
                     name, same, rows.size());
}

} // namespace language_model
