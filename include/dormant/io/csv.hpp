// SPDX-License-Identifier: MIT
// Tables of numbers as CSV, written whole; logs that grow row by row are in csv_log.hpp.
#pragma once

#include "dormant/io/atomic_file.hpp"
#include "dormant/io/csv_cell.hpp"
#include "dormant/io/csv_log.hpp"

#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace dormant {

/// A table that is written in one piece, atomically.
class csv_table {
public:
  explicit csv_table(std::vector<std::string> columns)
      : columns_(columns.size()), text_(io::csv_header(columns)) {}

  /// Adds a row. Throws if it has not one cell for each column.
  void append(std::span<csv_cell const> cells) {
    io::check_csv_row(cells.size(), columns_, "CSV table");
    text_ += io::csv_line(cells);
  }
  void append(std::initializer_list<csv_cell> cells) {
    append(std::span(cells.begin(), cells.end()));
  }

  [[nodiscard]] std::string const& text() const { return text_; }
  void write(std::filesystem::path const& path) const { write_file_atomically(path, text_); }

private:
  std::size_t columns_;
  std::string text_;
};

} // namespace dormant
