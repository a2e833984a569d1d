// SPDX-License-Identifier: MIT
// A CSV of numbers, such as a metrics.csv, as columns by name.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace program {

/// Columns of equal length; NaN where a cell is empty. Names of measurements that an earlier
/// version wrote are read as today's (`dormant::current_name`).
class number_table {
public:
  /// Lines that begin with `#` are comments.
  /// \throws dormant::error naming the line for a cell that is not a number, or a missing cell
  [[nodiscard]] static number_table read(std::filesystem::path const& path);

  [[nodiscard]] bool has(std::string_view name) const { return index(name) < names_.size(); }
  /// The column of that name.
  /// \throws dormant::error with the file and the names there are if it has no such column
  [[nodiscard]] std::vector<double> const& operator[](std::string_view name) const;
  [[nodiscard]] std::vector<std::string> const& names() const { return names_; }
  [[nodiscard]] std::size_t rows() const { return columns_.empty() ? 0 : columns_[0].size(); }

private:
  bool append(std::string_view line);
  [[nodiscard]] std::size_t index(std::string_view name) const {
    std::size_t i = 0;
    while (i < names_.size() && names_[i] != name) ++i;
    return i;
  }

  std::string file_; // as it is shown
  std::vector<std::string> names_;
  std::vector<std::vector<double>> columns_;
};

} // namespace program
