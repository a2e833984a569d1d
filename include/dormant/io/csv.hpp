// SPDX-License-Identifier: MIT
// Tables of numbers as CSV: written whole, or row by row while a run goes on and after it resumes.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <system_error>
#include <unistd.h>
#include <utility>
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
    std::array<char, 64> buffer;
    return {buffer.data(), std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr};
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

/// A table that grows while a run goes on. Its first column is the step. Every row reaches the
/// file when it is appended, in one piece: a full disk leaves the complete rows before it.
class csv_log {
public:
  /// Starts a log. Throws if the file exists already or cannot be created.
  csv_log(std::filesystem::path path, std::vector<std::string> columns)
      : csv_log(std::move(path), columns.size(), O_CREAT | O_EXCL) {
    append_text(io::csv_header(columns));
  }

  /// Goes on with the log of an interrupted run: drops the rows whose step is `step` or later and
  /// an unfinished last line. Throws, and leaves the file as it is, if it is missing, has other
  /// columns, or holds anything that is not a row of them.
  [[nodiscard]] static csv_log resume(std::filesystem::path path, std::vector<std::string> columns,
                                      std::uint64_t step) {
    write_file_atomically(path, rows_before(path, columns, step));
    return {std::move(path), columns.size(), 0};
  }

  /// Adds a row; the first cell is the step. Throws if it has not one cell for each column or
  /// cannot be written.
  void append(std::span<csv_cell const> cells) {
    io::check_csv_row(cells.size(), columns_, io::shown(path_));
    append_text(io::csv_line(cells));
  }
  void append(std::initializer_list<csv_cell> cells) {
    append(std::span(cells.begin(), cells.end()));
  }

  /// Makes the rows so far survive a power cut, as a checkpoint that relies on them needs.
  void sync() {
    if (::fsync(file_.fd()) != 0 && errno != EINVAL) fail(errno);
  }

private:
  csv_log(std::filesystem::path path, std::size_t columns, int flags)
      : path_(std::move(path)), columns_(columns),
        file_(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0666)) {
    if (!file_.is_open()) fail(errno);
    auto const end = ::lseek(file_.fd(), 0, SEEK_END);
    if (end < 0) fail(errno);
    size_ = end;
  }

  void append_text(std::string_view line) {
    if (int const code = io::write_all(file_.fd(), line); code != 0) {
      (void)!::ftruncate(file_.fd(), size_); // take half a row back
      fail(code);
    }
    size_ += static_cast<off_t>(line.size());
  }

  [[noreturn]] void fail(int code) const {
    refuse({"cannot write ", io::shown(path_), ": "},
           {code == EEXIST ? "it exists already" : io::plain_reason(code)});
  }

  static std::string rows_before(std::filesystem::path const& path,
                                 std::span<std::string const> columns, std::uint64_t step) {
    std::string const text = read_file(path, std::size_t{1} << 30U);
    std::size_t number = 1;
    auto const fail = [&](detail::words why) {
      refuse({io::shown(path), ": line ", number, " "}, why);
    };
    std::string kept = io::csv_header(columns);
    if (!text.starts_with(kept)) {
      kept.pop_back();
      fail({"is not the header ", io::in_quotes(kept), " of the run to resume"});
    }
    std::string_view rest = std::string_view(text).substr(kept.size());
    for (;;) {
      ++number;
      auto const end = rest.find('\n');
      if (end == std::string_view::npos) return kept; // the end, or a line cut short
      auto const line = rest.substr(0, end + 1);
      rest.remove_prefix(end + 1);
      std::uint64_t found = 0;
      auto const [last, code] = std::from_chars(line.data(), line.data() + line.size(), found);
      if (code != std::errc{} || (*last != ',' && *last != '\n')) {
        fail({"does not start with a step: ", io::in_quotes(line.substr(0, end))});
      }
      if (auto const cells = io::count_csv_cells(line); cells != columns.size()) {
        fail({"has ", cells, " cells, expected ", columns.size()});
      }
      if (found < step) kept += line;
    }
  }

  std::filesystem::path path_;
  std::size_t columns_;
  io::descriptor file_;
  off_t size_ = 0; // where the last complete row ends
};

} // namespace dormant
