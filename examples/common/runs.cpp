// SPDX-License-Identifier: MIT
// Variants x seeds, side by side, and what they say together.
#include "common/runs.hpp"

#include "dormant/io/atomic_file.hpp"
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

/// What the files of one run are called.
std::string file_of(std::string const& label, dm::seeds const& of) {
  std::string name;
  for (char const c : label) {
    bool const plain = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (plain)
      name += c;
    else if (!name.empty() && name.back() != '_')
      name += '_';
  }
  if (of.init == of.data) return fmt::format("{}.{}", name, of.init);
  return fmt::format("{}.{}.{}", name, of.init, of.data);
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

std::string in_words(dm::seeds const& of) {
  if (of.init == of.data) return fmt::format("seed {}", of.init);
  return fmt::format("seeds {} of the initial values and {} of the data", of.init, of.data);
}

/// Deletes what a finished run left while it was under way.
void forget(one_run const& run) {
  std::error_code none;
  for (char const* ending : {".csv", ".safetensors"}) fs::remove(run.state.string() + ending, none);
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

dm::csv_table runs::table() const {
  std::vector<std::string> columns = {"variant", "init_seed", "data_seed"};
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
        std::vector<dm::csv_cell> cells = {labels_[v], seeds_[v][s].init, seeds_[v][s].data};
        for (std::size_t c = 3; c < columns.size(); ++c) // of all variants together
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
  std::vector<std::vector<dm::seeds>> seeds;
  std::uint64_t steps = 0;
  std::size_t longest = 0;
  for (auto const& v : variants) {
    labels.push_back(v.label);
    seeds.push_back(v.seeds.empty() ? dm::paired_seeds(how.first, how.seeds) : v.seeds);
    curves.emplace_back(seeds.back().size());
    steps += v.steps * seeds.back().size();
    longest = std::max(longest, seeds.back().size());
  }
  auto const folder = how.out / "runs";
  fs::create_directories(folder);
  auto const note = folder / "settings.txt";
  if (how.resume && fs::exists(note) && dm::read_file(note) != how.identity) {
    dm::refuse({"the runs in ", dm::io::shown(how.out), " were made with other settings: "},
               {dm::io::in_quotes(dm::read_file(note))});
  }
  if (how.resume && !fs::exists(note) && !fs::is_empty(folder)) {
    dm::refuse({dm::io::shown(note), " is missing, so nothing says what the runs beside it are"});
  }
  dm::write_file_atomically(note, how.identity);

  // Seed by seed, so that what is there after an interruption is comparable.
  std::vector<std::pair<std::size_t, std::size_t>> jobs; // variant, seed
  for (std::size_t s = 0; s < longest; ++s) {
    for (std::size_t v = 0; v < variants.size(); ++v) {
      if (s < seeds[v].size()) jobs.emplace_back(v, s);
    }
  }
  program::board all(jobs.size(), steps);
  auto const one = [&](std::size_t job) {
    if (all.stopping()) return;
    auto const [v, s] = jobs[job];
    auto const& [label, length, train, own] = variants[v];
    auto const& of = seeds[v][s];
    auto& rows = curves[v][s];
    auto const name = file_of(label, of);
    auto const file = folder / (name + ".csv");
    auto const words = fmt::format("{}, {}", label, in_words(of));
    one_run const run{.seeds = of,
                      .board = all,
                      .state = how.paper_scale ? folder / (name + ".under_way") : fs::path(),
                      .identity = {{"settings", how.identity}, {"run", words}}};
    try {
      bool const done = how.resume && fs::exists(file);
      rows = done ? rows_kept(file) : train(run);
      fill(rows);
      if (!done) keep_rows(file, rows);
      if (done) all.skip(length);
      if (!run.state.empty()) forget(run);
      all.finished(fmt::format("{}{}", words, done ? " (kept from before)" : ""));
    } catch (interrupted const&) {
    } catch (dm::non_finite const& where) {
      all.fail();
      throw dm::error(fmt::format("{}: {}", words, where.what()));
    } catch (...) {
      all.fail();
      throw;
    }
  };
  try {
    dm::side_by_side(jobs.size(), one, how.paper_scale ? 1 : how.threads);
  } catch (...) {
    all.clear();
    throw;
  }
  all.clear();
  if (all.interrupted()) throw interrupted{};
  return {std::move(labels), std::move(curves), std::move(seeds)};
}

} // namespace paper
