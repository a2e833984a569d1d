// SPDX-License-Identifier: MIT
// Token ids that the programs of this folder are given, cut to rows that a model can read.
#pragma once

#include <dormant/source/token_files.hpp>
#include <dormant/task/batch.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace language_model {

namespace dm = dormant;

/// Comma-separated files as rows of at most `context` tokens, the first `most` of them. Longer texts are
/// cut off, as the paper's are.
inline dm::token_rows read_rows(std::string_view files, std::size_t context, std::size_t most) {
  dm::token_rows rows;
  for (bool more = true; more && rows.size() < most;) {
    auto const end = files.find(',');
    std::string const path(files.substr(0, end));
    more = end != std::string_view::npos;
    files.remove_prefix(more ? end + 1 : files.size());
    for (auto& row : dm::read_token_file(path)) {
      if (row.empty()) dm::refuse({dm::io::in_quotes(path), ": row ", rows.size(), " is empty"});
      if (rows.size() == most) break;
      row.resize(std::min(row.size(), context));
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

/// What stands at position 0, which decides what a sink is.
inline std::string first_tokens(dm::token_rows const& rows) {
  auto const first = rows.front().front();
  auto const same = std::count_if(rows.begin(), rows.end(),
                                  [&](auto const& row) { return row.front() == first; });
  if (static_cast<std::size_t>(same) == rows.size()) {
    return fmt::format("position 0 holds token {} in all {} rows", first, rows.size());
  }
  return fmt::format("position 0 holds token {} in {} of {} rows, and others in the rest: if the "
                     "model was trained with a token that begins every text, put it there",
                     first, same, rows.size());
}

} // namespace language_model
