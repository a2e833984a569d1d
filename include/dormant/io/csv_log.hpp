// SPDX-License-Identifier: MIT
// A table of numbers that is written row by row while a run goes on, and after it resumes.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/csv_cell.hpp"
#include "dormant/io/plain_words.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <fcntl.h>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

namespace dormant {

/// A table that grows while a run goes on. Its first column is the step. Every row reaches the
/// file when it is appended, in one piece: a full disk leaves the complete rows before it.
class csv_log {
public:
  /// Starts a log. Throws if the file exists already or cannot be created.
  csv_log(std::filesystem::path path, std::vector<std::string> columns)
      : csv_log(std::move(path), columns.size(), O_CREAT | O_EXCL) {
    append_text(io::csv_header(columns));
  }

  /// What has to be in the log of a run that goes on.
  struct past {
    std::vector<std::string> columns;
    std::uint64_t step = 0; ///< the rows before it are kept
    /// Whether a step has a row. With it, the kept rows are exactly
    /// those; without, any that ascend.
    std::function<bool(std::uint64_t)> due{};
    /// What a column of an earlier version is called now. A file with such names gets today's, and
    /// empty cells in columns that it did not have.
    std::function<std::string(std::string_view)> renamed{};
    /// The columns that an earlier version had under today's names; such a file is taken likewise.
    std::vector<std::string> earlier{};
  };

  /// The text that the log of an interrupted run should have to go on: without the rows whose step
  /// is `step` or later and without an unfinished last line. Changes nothing.
  /// \throws error naming file, line and column if the file is missing, has other columns, holds
  ///   anything that is not a number, or has not the rows that it should have
  [[nodiscard]] static std::string checked(std::filesystem::path const& path, past const& wanted);

  /// Goes on with the log of an interrupted run, as `checked` finds it.
  [[nodiscard]] static csv_log resume(std::filesystem::path path, past const& wanted) {
    write_file_atomically(path, checked(path, wanted));
    return {std::move(path), wanted.columns.size(), 0};
  }
  [[nodiscard]] static csv_log resume(std::filesystem::path path, std::vector<std::string> columns,
                                      std::uint64_t step) {
    return resume(std::move(path), past{.columns = std::move(columns), .step = step});
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

  std::filesystem::path path_;
  std::size_t columns_;
  io::descriptor file_;
  off_t size_ = 0; // where the last complete row ends
};

namespace detail {
/// Reads the rows of an interrupted log, and refuses what this run cannot have written.
class log_reader {
public:
  log_reader(std::filesystem::path const& path, csv_log::past const& wanted)
      : wanted_(wanted), file_(io::shown(path)), text_(read_file(path, std::size_t{1} << 30U)) {}

  [[nodiscard]] std::string kept() {
    std::string_view rest = text_;
    auto const cut = [&](std::string_view& from, char end) {
      auto const piece = from.substr(0, from.find(end));
      from.remove_prefix(std::min(piece.size() + 1, from.size()));
      return piece;
    };
    std::string out = io::csv_header(wanted_.columns);
    bool const any = rest.find('\n') != std::string_view::npos;
    if (!any && wanted_.step == 0 && out.starts_with(text_)) return out; // an unfinished header
    read_header(any ? cut(rest, '\n') : std::string_view{});
    auto next = due_from(0);                            // what the next row to keep has to be of
    while (rest.find('\n') != std::string_view::npos) { // not an unfinished last line
      ++line_;
      auto const line = cut(rest, '\n');
      auto const step = step_of(line);
      auto const cells = cells_of(line);
      if (step >= wanted_.step) continue;
      if (wanted_.due && step < next)
        fail({" is of step ", step, ", which has no row in this run"});
      if (wanted_.due && step > next) {
        fail({" is of step ", step, ", but the row of step ", next, " is missing before it"});
      }
      next = due_from(step + 1);
      out += io::csv_line(cells);
    }
    if (wanted_.due && next < wanted_.step) {
      refuse({file_, ": the row of step ", next, " is missing; the run is at step ", wanted_.step});
    }
    return out;
  }

private:
  void read_header(std::string_view line) {
    auto const& columns = wanted_.columns;
    std::vector<std::string> found, now;
    for (std::size_t begin = 0; begin <= line.size();) {
      auto const end = std::min(line.find(',', begin), line.size());
      found.emplace_back(line.substr(begin, end - begin));
      now.push_back(wanted_.renamed ? wanted_.renamed(found.back()) : found.back());
      begin = end + 1;
    }
    // A file of an earlier version may have fewer columns, one of this version has all of them.
    bool fits = now == columns || now != found || now == wanted_.earlier;
    for (std::size_t i = 0; i < now.size() && fits; ++i) {
      auto const at = std::find(columns.begin(), columns.end(), now[i]);
      fits = at != columns.end() && std::count(now.begin(), now.end(), now[i]) == 1;
      if (fits) places_.push_back(static_cast<std::size_t>(at - columns.begin()));
    }
    if (fits && places_.front() == 0) return;
    auto header = io::csv_header(columns);
    header.pop_back();
    fail({" is not the header ", io::in_quotes(header), " of the run to resume"});
  }

  std::uint64_t step_of(std::string_view line) {
    std::uint64_t found = 0;
    auto const end = line.data() + line.size();
    auto const [last, code] = std::from_chars(line.data(), end, found);
    if (code != std::errc{} || (last != end && *last != ',')) {
      fail({" does not start with a step: ", io::in_quotes(line)});
    }
    if (step_ && found <= *step_) {
      fail({" is of step ", found, ", which does not come after step ", *step_});
    }
    step_ = found;
    return found;
  }

  std::vector<csv_cell> cells_of(std::string_view line) const {
    auto const count = io::count_csv_cells(line);
    if (count != places_.size()) fail({" has ", count, " cells, expected ", places_.size()});
    std::vector<csv_cell> cells(wanted_.columns.size());
    for (auto const place : places_) {
      auto const cell = line.substr(0, line.find(','));
      line.remove_prefix(std::min(cell.size() + 1, line.size()));
      double number = 0;
      auto const end = cell.data() + cell.size();
      auto const [last, code] = std::from_chars(cell.data(), end, number);
      if (!cell.empty() && (code == std::errc::invalid_argument || last != end)) {
        fail({", column ", io::in_quotes(wanted_.columns[place]), ": expected a number, found "},
             {io::in_quotes(cell)});
      }
      cells[place].text = cell;
    }
    return cells;
  }

  [[nodiscard]] std::uint64_t due_from(std::uint64_t step) const {
    while (wanted_.due && step < wanted_.step && !wanted_.due(step)) ++step;
    return step;
  }
  [[noreturn]] void fail(words what, words more = {}) const {
    refuse({file_, ": line ", line_, sentence(what)}, more);
  }

  csv_log::past const& wanted_;
  std::string file_;
  std::string text_;
  std::vector<std::size_t> places_; // of the file's columns among the wanted ones
  std::size_t line_ = 1;
  std::optional<std::uint64_t> step_; // of the line before
};
} // namespace detail

inline std::string csv_log::checked(std::filesystem::path const& path, past const& wanted) {
  return detail::log_reader(path, wanted).kept();
}

} // namespace dormant
