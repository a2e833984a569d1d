// SPDX-License-Identifier: MIT
// Reads a CSV of numbers.
#include "common/number_table.hpp"

#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"
#include "dormant/io/utf8.hpp"
#include "dormant/probe/names.hpp"

#include <charconv>
#include <limits>
#include <system_error>

namespace program {

namespace {
std::string_view cut(std::string_view& text, char end) {
  auto const at = text.find(end);
  auto const piece = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return piece;
}
} // namespace

number_table number_table::read(std::filesystem::path const& path) {
  number_table table;
  table.file_ = dormant::io::shown(path);
  std::string const text = dormant::read_file(path);
  std::string_view rest = text;
  if (rest.starts_with(dormant::io::byte_order_mark)) {
    dormant::refuse({dormant::io::shown(path),
                     ": line 1 begins with a byte order mark; save it as UTF-8 without one"});
  }
  for (std::size_t number = 1; !rest.empty(); ++number) {
    auto const line = cut(rest, '\n');
    if (line.starts_with('#')) continue;
    if (table.names_.empty()) {
      for (auto header = line; !header.empty();)
        table.names_.push_back(dormant::current_name(cut(header, ',')));
      table.columns_.resize(table.names_.size());
    } else if (!table.append(line)) {
      dormant::refuse({dormant::io::shown(path), ": line ", number},
                      {" is not a row of ", table.names_.size(), " numbers"});
    }
  }
  return table;
}

std::vector<double> const& number_table::operator[](std::string_view name) const {
  if (!has(name)) dormant::refuse_name(file_, name, {names_.begin(), names_.end()});
  return columns_[index(name)];
}

bool number_table::append(std::string_view line) {
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    bool const last = c + 1 == columns_.size();
    if ((line.find(',') == std::string_view::npos) != last) return false;
    auto const cell = cut(line, ',');
    double value = std::numeric_limits<double>::quiet_NaN();
    auto const end = cell.data() + cell.size();
    auto const [stop, code] = std::from_chars(cell.data(), end, value);
    if (!cell.empty() && (code != std::errc() || stop != end)) return false;
    columns_[c].push_back(value);
  }
  return true;
}

} // namespace program
