// SPDX-License-Identifier: MIT
// Variants x seeds, side by side, and what they say together.
#include "common/runs.hpp"

#include "common/number_table.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/checksum.hpp"
#include "dormant/io/plain_words.hpp"
#include "dormant/side_by_side.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cmath>
#include <limits>
#include <thread>

namespace paper {

namespace fs = std::filesystem;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// The file of one run's rows.
fs::path file_of(setting const& how, std::string const& label, std::uint64_t seed) {
  std::string name;
  for (char const c : label) {
    bool const plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (plain)
      name += c;
    else if (!name.empty() && name.back() != '_')
      name += '_';
  }
  return how.out / "runs" / fmt::format("{}.{}.csv", name, seed);
}

/// The last row has every column: what is measured after training stands there alone.
std::vector<std::string> names_of(curve const& rows) {
  std::vector<std::string> names;
  for (auto const& [name, value] : rows.back().cells()) names.push_back(name);
  return names;
}

/// The last line of a kept run, which tells whether the lines before it are as they were written.
std::string seal_of(std::string_view text) {
  dm::io::checksum sum;
  sum.add(text);
  return fmt::format("# checksum {}\n", sum.text());
}

/// Gives every row every column of its run, NaN where nothing was measured, as a file of it has.
void fill(curve& rows) {
  if (rows.empty()) return;
  auto const names = names_of(rows);
  for (auto& row : rows) {
    dm::probe_row whole;
    for (auto const& name : names) whole.add(name, row.has(name) ? row[name] : nan);
    row = std::move(whole);
  }
}

void keep(fs::path const& path, curve const& rows) {
  if (rows.empty()) return;
  auto const names = names_of(rows);
  dm::csv_table table(names);
  for (auto const& row : rows) {
    std::vector<dm::csv_cell> cells;
    for (auto const& name : names) cells.emplace_back(row[name]);
    table.append(cells);
  }
  dm::write_file_atomically(path, table.text() + seal_of(table.text()));
}

/// \throws dormant::error if a line is missing, changed or not of numbers
curve kept(fs::path const& path) {
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

template <class Number>
figures::line line_of(std::vector<curve> const& seeds, Number number, std::string label) {
  figures::line out{.label = std::move(label)};
  for (std::size_t r = 0; !seeds.empty() && r < seeds.front().size(); ++r) {
    std::vector<double> values;
    for (auto const& seed : seeds) values.push_back(r < seed.size() ? number(seed[r]) : nan);
    auto const over = dm::band_of(values);
    out.x.push_back(seeds.front()[r].cells().front().second);
    out.y.push_back(over.middle);
    out.low.push_back(over.low);
    out.high.push_back(over.high);
  }
  return out;
}

} // namespace

std::vector<double> runs::last(std::size_t v, std::string_view column) const {
  std::vector<double> out;
  for (auto const& seed : curves_[v]) out.push_back(seed.empty() ? nan : seed.back()[column]);
  return out;
}

std::vector<double> runs::at(std::size_t v, std::string_view column, std::uint64_t step) const {
  std::vector<double> out;
  for (auto const& seed : curves_[v]) {
    auto const row = std::ranges::find_if(
        seed, [&](auto const& r) { return r["step"] >= static_cast<double>(step); });
    out.push_back(row == seed.end() ? nan : (*row)[column]);
  }
  return out;
}

std::vector<double> runs::at(std::size_t v, std::string_view column,
                             std::vector<double> const& steps) const {
  std::vector<double> out;
  for (std::size_t s = 0; s < steps.size(); ++s) {
    auto const row =
        std::ranges::find_if(curves_[v][s], [&](auto const& r) { return r["step"] == steps[s]; });
    out.push_back(row == curves_[v][s].end() ? nan : (*row)[column]);
  }
  return out;
}

figures::line runs::line(std::size_t v, std::string_view column, std::string label) const {
  return line_of(
      curves_[v], [column](dm::probe_row const& row) { return row[column]; }, std::move(label));
}

figures::line runs::line(std::size_t v, std::function<double(dm::probe_row const&)> const& number,
                         std::string label) const {
  return line_of(curves_[v], number, std::move(label));
}

figures::comparison::series runs::series(std::size_t v, std::vector<std::string> const& columns,
                                         std::string label) const {
  figures::comparison::series out{.label = std::move(label)};
  for (auto const& column : columns) add(out, dm::band_of(last(v, column)));
  return out;
}

std::vector<double> runs::first_step(std::size_t v,
                                     std::function<bool(dm::probe_row const&)> const& shows,
                                     std::size_t for_rows) const {
  std::vector<double> out;
  for (auto const& seed : curves_[v]) {
    double found = nan;
    std::size_t in_a_row = 0;
    for (auto const& row : seed) {
      if (!shows(row)) {
        in_a_row = 0;
        continue;
      }
      if (in_a_row == 0) found = row["step"];
      if (++in_a_row == for_rows) break;
    }
    out.push_back(in_a_row == for_rows ? found : nan);
  }
  return out;
}

dm::csv_table runs::table(std::uint64_t first_seed) const {
  std::vector<std::string> columns = {"variant", "seed"};
  for (auto const& variant : curves_) {
    if (variant.empty() || variant.front().empty()) continue;
    for (auto const& name : names_of(variant.front())) {
      if (std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
    }
  }
  dm::csv_table table(columns);
  for (std::size_t v = 0; v < variants(); ++v) {
    for (std::size_t s = 0; s < curves_[v].size(); ++s) {
      for (auto const& row : curves_[v][s]) {
        std::vector<dm::csv_cell> cells = {labels_[v], first_seed + s};
        for (std::size_t c = 2; c < columns.size(); ++c) // of all variants together
          cells.emplace_back(row.has(columns[c]) ? row[columns[c]] : nan);
        table.append(cells);
      }
    }
  }
  return table;
}

double bos_ratio(dm::probe_row const& row, std::string_view probe, std::size_t layer) {
  return row[fmt::format("{}.bos.{}", probe, layer)] /
         row[fmt::format("{}.other.{}", probe, layer)];
}

runs over_seeds(setting const& how, std::vector<variant> const& variants) {
  std::vector<std::string> labels;
  std::vector<std::vector<curve>> curves;
  std::uint64_t steps = 0;
  for (auto const& v : variants) {
    labels.push_back(v.label);
    curves.emplace_back(how.seeds);
    steps += v.steps * how.seeds;
  }
  fs::create_directories(how.out / "runs");
  auto const note = how.out / "runs" / "settings.txt";
  if (how.resume && fs::exists(note) && dm::read_file(note) != how.identity) {
    dm::refuse({"the runs in ", dm::io::shown(how.out), " were made with other settings: "},
               {dm::io::in_quotes(dm::read_file(note))});
  }
  if (how.resume && !fs::exists(note) && !fs::is_empty(how.out / "runs")) {
    dm::refuse({dm::io::shown(note), " is missing, so nothing says what the runs beside it are"});
  }
  dm::write_file_atomically(note, how.identity);

  std::size_t const jobs = variants.size() * how.seeds;
  program::board all(jobs, steps);
  // Seed by seed, so that what is there after an interruption is comparable.
  auto const one = [&](std::size_t job) {
    if (all.stopping()) return;
    auto const v = job % variants.size();
    auto const seed = how.first_seed + job / variants.size();
    auto& rows = curves[v][job / variants.size()];
    auto const file = file_of(how, variants[v].label, seed);
    try {
      bool const done = how.resume && fs::exists(file);
      rows = done ? kept(file) : variants[v].train(seed, all);
      fill(rows);
      if (!done) keep(file, rows);
      if (done) all.skip(variants[v].steps);
      all.finished(
          fmt::format("{}, seed {}{}", variants[v].label, seed, done ? " (kept from before)" : ""));
    } catch (interrupted const&) {
    } catch (dm::non_finite const& where) {
      all.fail();
      throw dm::error(fmt::format("{}, seed {}: {}", variants[v].label, seed, where.what()));
    } catch (...) {
      all.fail();
      throw;
    }
  };
  try {
    dm::side_by_side(jobs, one, how.paper_scale ? 1 : how.threads);
  } catch (...) {
    all.clear();
    throw;
  }
  all.clear();
  if (all.interrupted()) throw interrupted{};
  return {std::move(labels), std::move(curves)};
}

} // namespace paper
