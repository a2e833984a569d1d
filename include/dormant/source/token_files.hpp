// SPDX-License-Identifier: MIT
// Tokens as ids, from files that other tools write: NumPy arrays, and JSON
// as the authors' input_ids.json.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/npy.hpp"
#include "dormant/io/plain_words.hpp"
#include "dormant/shape.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace dormant {

using token_rows = std::vector<std::vector<token>>;

namespace detail {
inline token checked_token(std::int64_t id, std::string const& file, std::size_t row,
                           std::size_t position) {
  if (id < 0 || id > std::numeric_limits<token>::max()) {
    refuse({file, ": token ", id, " at [", row, ", ", position, "] is no id"});
  }
  return static_cast<token>(id);
}
} // namespace detail

/// Ids from the text of a JSON file: a list of lists of ids, one list of ids, or an object that
/// has one of them as `input_ids`.
/// \param name how error messages call the file
/// \throws error for anything else
[[nodiscard]] inline token_rows parse_token_json(std::string const& text, std::string const& name) {
  auto const file = io::in_quotes(name);
  auto tree = nlohmann::json::parse(text, nullptr, false);
  if (tree.is_discarded()) refuse({file, ": the file is not valid JSON"});
  if (tree.is_object() && tree.contains("input_ids")) {
    auto ids = tree["input_ids"];
    tree = std::move(ids);
  }
  if (!tree.is_array()) refuse({file, ": expected a list of token ids, or of lists of them"});
  bool const nested = !tree.empty() && tree.front().is_array();
  token_rows rows;
  for (auto const& row : nested ? tree : nlohmann::json::array({tree})) {
    if (!row.is_array()) refuse({file, ": row ", rows.size(), " is no list of token ids"});
    auto& out = rows.emplace_back();
    for (auto const& id : row) {
      if (!id.is_number_integer()) {
        refuse(
            {file, ": the token at [", rows.size() - 1, ", ", out.size(), "] is no whole number"});
      }
      out.push_back(
          detail::checked_token(id.is_number_unsigned() && id.get<std::uint64_t>() > 0x7FFF'FFFFU
                                    ? -1
                                    : id.get<std::int64_t>(),
                                file, rows.size() - 1, out.size()));
    }
  }
  return rows;
}

/// Rows of ids from `.npy` ([B, T], or [T]) or `.json` (see `parse_token_json`).
/// \throws error naming the file and what is wrong with it
[[nodiscard]] inline token_rows read_token_file(std::filesystem::path const& path) {
  if (path.extension() == ".json") return parse_token_json(read_file(path), path.string());
  auto const read = read_npy_integers(path);
  auto const file = io::shown(path);
  if (read.shape.empty() || read.shape.size() > 2) {
    refuse({file, ": the shape is ", io::shown(read.shape), ", expected [B, T] or [T]"});
  }
  std::size_t const columns = read.shape.back();
  token_rows rows(read.shape.size() == 2 ? read.shape[0] : 1);
  for (std::size_t b = 0; b < rows.size(); ++b) {
    for (std::size_t t = 0; t < columns; ++t) {
      rows[b].push_back(detail::checked_token(read.values[b * columns + t], file, b, t));
    }
  }
  return rows;
}

} // namespace dormant
