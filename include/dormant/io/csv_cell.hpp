// SPDX-License-Identifier: MIT
// The cells and lines of a CSV file of numbers.
#pragma once

#include "dormant/error.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dormant {

/// One cell: the shortest text that reads back as the same number, nothing for NaN ("does not
/// apply"), or a text, in quotes where CSV needs them.
struct csv_cell {
  std::string text;

  csv_cell() = default; ///< an empty cell
  csv_cell(std::floating_point auto number) {
    if (!std::isnan(number)) text = digits(number);
  }
  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>)
  csv_cell(T number) : text(digits(number)) {}
  csv_cell(std::string_view words) : text(words) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return;
    text = '"';
    for (char const c : words) text.append(c == '"' ? 2 : 1, c);
    text += '"';
  }
  csv_cell(std::string const& words) : csv_cell(std::string_view(words)) {}
  csv_cell(char const* words) : csv_cell(std::string_view(words)) {}

private:
  static std::string digits(auto number) {
    std::array<char, 64> out;
    return {out.data(), std::to_chars(out.data(), out.data() + out.size(), number).ptr};
  }
};

namespace io {

/// Cells as one line, with its end.
[[nodiscard]] inline std::string csv_line(std::span<csv_cell const> cells) {
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i)
    line.append(i == 0 ? "" : ",").append(cells[i].text);
  return line + '\n';
}

/// Column names as one line, with its end.
[[nodiscard]] inline std::string csv_header(std::span<std::string const> columns) {
  return csv_line(std::vector<csv_cell>(columns.begin(), columns.end()));
}

[[nodiscard]] inline std::size_t count_csv_cells(std::string_view line) {
  std::size_t cells = 1;
  bool inside_quotes = false;
  for (char const c : line) {
    if (c == '"') inside_quotes = !inside_quotes;
    if (c == ',' && !inside_quotes) ++cells;
  }
  return cells;
}

inline void check_csv_row(std::size_t cells, std::size_t columns, std::string const& file) {
  if (cells == columns) return;
  refuse({file, ": a row has "}, {cells, " cells, expected ", columns});
}

} // namespace io

} // namespace dormant
