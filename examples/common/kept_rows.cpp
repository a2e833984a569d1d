// SPDX-License-Identifier: MIT
// Rows as a sealed CSV.
#include "common/kept_rows.hpp"

#include "common/number_table.hpp"
#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/checksum.hpp"
#include "dormant/io/csv.hpp"
#include "dormant/io/plain_words.hpp"

#include <fmt/format.h>

#include <limits>
#include <string_view>

namespace paper {

namespace dm = dormant;
namespace fs = std::filesystem;

namespace {

/// The last line of a kept run, which tells whether the lines before it are as they were written.
std::string seal_of(std::string_view text) {
  dm::io::checksum sum;
  sum.add(text);
  return fmt::format("# checksum {}\n", sum.text());
}

} // namespace

std::vector<std::string> names_of(curve const& rows) {
  std::vector<std::string> names;
  for (auto const& [name, value] : rows.back().cells()) names.push_back(name);
  return names;
}

void keep_rows(fs::path const& path, curve const& rows) {
  if (rows.empty()) return;
  auto const names = names_of(rows);
  dm::csv_table table(names);
  for (auto const& row : rows) {
    std::vector<dm::csv_cell> cells;
    for (auto const& name : names)
      cells.emplace_back(row.has(name) ? row[name] : std::numeric_limits<double>::quiet_NaN());
    table.append(cells);
  }
  dm::write_file_atomically(path, table.text() + seal_of(table.text()));
}

curve rows_kept(fs::path const& path) {
  auto const text = dm::read_file(path);
  auto const seal = text.rfind("# checksum "); // files of the first version have none
  if (seal != std::string::npos &&
      seal_of(std::string_view(text).substr(0, seal)) != text.substr(seal)) {
    dm::refuse({dm::io::shown(path), " is not as it was written: its lines do not fit the checksum "
                                     "in the last; delete it to have the run repeated"});
  }
  auto const table = program::number_table::read(path);
  curve rows(table.rows());
  for (auto const& name : table.names()) {
    for (std::size_t r = 0; r < rows.size(); ++r) rows[r].add(name, table[name][r]);
  }
  return rows;
}

} // namespace paper
