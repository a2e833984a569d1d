// SPDX-License-Identifier: MIT
// Files of units as JSON, the table as CSV.
#include "grid/store.hpp"

#include "common/run_info.hpp"

#include "dormant/io/atomic_file.hpp"
#include "dormant/io/csv.hpp"
#include "dormant/io/json_object.hpp"
#include "dormant/io/plain_words.hpp"
#include "dormant/version.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>

namespace grid {

namespace fs = std::filesystem;

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

fs::path name_of(unit const& u) { return u.name() + ".json"; }

std::optional<fs::path> found(unit const& u, std::vector<fs::path> const& folders) {
  for (auto const& folder : folders) {
    auto const file = file_of(folder, u);
    if (fs::exists(file)) return file;
  }
  return std::nullopt;
}

[[noreturn]] void damaged(fs::path const& file, std::string_view why) {
  dm::refuse({dm::io::shown(file), " is not a result of this unit: ", why,
              "; delete the file and run again, and only this unit is repeated"});
}

} // namespace

fs::path file_of(fs::path const& folder, unit const& u) { return folder / "units" / name_of(u); }

void keep(fs::path const& folder, unit const& u, result const& r) {
  nlohmann::ordered_json tree;
  tree["format"] = format_version;
  tree["unit"] = u.name();
  tree["simd"] = r.simd;
  tree["failed"] = r.failed;
  auto& numbers = tree["numbers"] = nlohmann::ordered_json::object();
  for (auto const& [name, value] : r.numbers.cells()) {
    // JSON has neither; a NaN is an empty cell, an infinity is a number of its own.
    if (std::isnan(value))
      numbers[name] = nullptr;
    else if (std::isinf(value))
      numbers[name] = value > 0 ? "inf" : "-inf";
    else
      numbers[name] = value;
  }
  dm::write_file_atomically(file_of(folder, u), tree.dump(1) + "\n");
}

result kept(fs::path const& file, unit const& u) {
  constexpr std::size_t longest = 10'000'000;
  auto const text = dm::read_file(file, longest);
  auto const tree = nlohmann::ordered_json::parse(text, nullptr, false);
  if (tree.is_discarded() || !tree.is_object()) damaged(file, "it is not valid JSON");
  auto const text_of = [&](char const* field) {
    auto const at = tree.find(field);
    if (at == tree.end() || !at->is_string())
      damaged(file, fmt::format("it has no text \"{}\"", field));
    return at->get<std::string>();
  };
  auto const format = tree.find("format");
  if (format == tree.end() || *format != format_version) {
    damaged(file, fmt::format("its format is not {}", format_version));
  }
  if (text_of("unit") != u.name())
    damaged(file, fmt::format("it says that it is of {}", text_of("unit")));
  result out{.simd = text_of("simd"), .failed = text_of("failed")};
  auto const numbers = tree.find("numbers");
  if (numbers == tree.end() || !numbers->is_object()) damaged(file, "it has no numbers");
  for (auto const& [name, value] : numbers->items()) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (value.is_number())
      out.numbers.add(name, value.get<double>());
    else if (value.is_null())
      out.numbers.add(name, nan);
    else if (value == "inf" || value == "-inf")
      out.numbers.add(name, value == "inf" ? infinity : -infinity);
    else
      damaged(file, fmt::format("{} is not a number", dm::io::in_quotes(name)));
  }
  return out;
}

std::vector<unit> missing(std::vector<unit> const& all, std::vector<fs::path> const& folders) {
  std::vector<unit> out;
  for (auto const& u : all) {
    if (!found(u, folders)) out.push_back(u);
  }
  return out;
}

void check_build(std::vector<unit> const& all, std::vector<fs::path> const& folders) {
  for (auto const& u : all) {
    auto const file = found(u, folders);
    if (!file) continue;
    auto const simd = kept(*file, u).simd;
    if (simd == program::simd()) return; // one tells: results of several are refused when they meet
    dm::refuse({dm::io::shown(*file), " comes from a build for ", simd, ", and this one is for ",
                program::simd(),
                "; last bits depend on it, so go on with that build or in another folder"});
  }
}

std::vector<result> gathered(std::vector<unit> const& all, std::vector<fs::path> const& folders) {
  std::vector<result> out;
  for (auto const& u : all) {
    auto const file = found(u, folders);
    if (!file) {
      dm::refuse({"the result of ", u.name(), " is missing, and ", missing(all, folders).size() - 1,
                  " more; run again, and only what is missing is done"});
    }
    out.push_back(kept(*file, u));
    if (out.back().simd != out.front().simd) {
      dm::refuse({dm::io::shown(*file), " comes from a build for ", out.back().simd,
                  ", others for ", out.front().simd,
                  ", and last bits depend on it; do all of a grid with one build"});
    }
    for (auto const& folder : folders) {
      auto const other = file_of(folder, u);
      if (other == *file || !fs::exists(other)) continue;
      if (dm::read_file(other) != dm::read_file(*file)) {
        dm::refuse({dm::io::shown(other), " and ", dm::io::shown(*file),
                    " are results of one unit and "
                    "differ, so one of them is not of this version of the program"});
      }
    }
  }
  return out;
}

std::string table_of(std::vector<unit> const& all, std::vector<result> const& results) {
  std::vector<std::string> columns = {"attention",    "norm",      "optimizer", "depth", "rate",
                                      "weight_decay", "triggers",  "context",   "steps", "batch",
                                      "init_seed",    "data_seed", "failed"};
  auto const fixed = columns.size();
  for (auto const& r : results) {
    for (auto const& [name, value] : r.numbers.cells()) {
      if (std::ranges::find(columns, name) == columns.end()) columns.push_back(name);
    }
  }
  dm::csv_table table(columns);
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto const& [c, seeds] = all[i];
    std::vector<dm::csv_cell> cells = {
        c.attention, c.norm,  c.optimizer, c.depth,    c.rate,     c.weight_decay,   c.triggers,
        c.context,   c.steps, c.batch,     seeds.init, seeds.data, results[i].failed};
    for (std::size_t n = fixed; n < columns.size(); ++n) {
      auto const& row = results[i].numbers;
      cells.emplace_back(row.has(columns[n]) ? row[columns[n]] : nan);
    }
    table.append(cells);
  }
  return table.text();
}

std::string description_of(plan const& p, std::vector<result> const& results) {
  nlohmann::ordered_json tree;
  tree["format"] = "dormant-grid";
  tree["version"] = format_version;
  tree["table"] = "grid.csv";
  tree["plan"] = "plan.csv";
  tree["units"] = p.units().size();
  tree["failed"] =
      std::ranges::count_if(results, [](result const& r) { return !r.failed.empty(); });
  tree["simd"] = results.empty() ? std::string() : results.front().simd;
  tree["dormant"] =
      fmt::format("{}.{}.{}", dm::version.major, dm::version.minor, dm::version.patch);
  return tree.dump(1) + "\n";
}

} // namespace grid
