// SPDX-License-Identifier: MIT
// A grid of attentions x norms x optimizers x depths x seeds: what makes sinks, drains and peaks
// and what unmakes them, on one machine or on many.
#include "common/command_line.hpp"
#include "common/split.hpp"
#include "common/streams.hpp"
#include "common/times.hpp"
#include "grid/analysis.hpp"
#include "grid/attentions.hpp"
#include "grid/axes.hpp"
#include "grid/plan.hpp"
#include "grid/report.hpp"
#include "grid/shard.hpp"
#include "grid/store.hpp"
#include "grid/work.hpp"

#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"
#include "dormant/task/english.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dm = dormant;
namespace fs = std::filesystem;

namespace {

struct setting {
  grid::wish what{};
  std::string out = "out/grid";
  std::string attentions{}, norms{}, optimizers{}, depths{};
  std::string shard{};
  std::string from{};
  bool missing = false;
  bool merge = false;
  std::uint64_t threads = 0;
  std::string command{};
};

/// None of an option that was not given.
std::vector<std::string> words_of(std::string const& text) {
  return text.empty() ? std::vector<std::string>() : program::split(text);
}

std::vector<std::string> attentions() {
  std::vector<std::string> out;
  for (auto const& a : grid::attentions::all()) out.push_back(a.name);
  std::ranges::sort(out);
  return out;
}

/// What f makes; a mistake of its input is one of the command line.
auto from_the_command_line(auto const& f) {
  try {
    return f();
  } catch (dm::error const& mistake) {
    throw program::usage_error(mistake.what());
  }
}

/// The plan of the folder: what was asked for, which has to be what is there already.
grid::plan plan_in(setting const& how, bool asked) {
  auto const file = fs::path(how.out) / "plan.csv";
  if (!asked && fs::exists(file)) return grid::plan::read(file);
  if (!asked && (how.missing || how.merge))
    dm::refuse(
        {"there is no plan in ", dm::io::shown(how.out), ", so nothing says what is to be there"});
  auto const made = from_the_command_line([&] { return grid::plan_for(how.what, attentions()); });
  if (fs::exists(file) && dm::read_file(file) != made.text()) {
    dm::refuse({dm::io::shown(file),
                " is the plan of another grid; choose another folder with --out, or go "
                "on with that one without --extent, --seeds, --steps and names"});
  }
  if (!fs::exists(file)) {
    fs::create_directories(how.out);
    dm::write_file_atomically(file, made.text());
  }
  return made;
}

std::vector<fs::path> folders_of(setting const& how) {
  std::vector<fs::path> out = {how.out};
  for (auto const& name : words_of(how.from)) {
    if (!fs::is_directory(name))
      throw program::usage_error("--from: there is no folder " + dm::io::shown(name));
    out.emplace_back(name);
  }
  return out;
}

/// The table, the comparisons and the page.
void tell(setting const& how, grid::plan const& p) {
  auto const units = p.units();
  auto const folders = folders_of(how);
  auto const results = grid::gathered(units, folders);
  fs::path const out = how.out;
  dm::write_file_atomically(out / "grid.csv", grid::table_of(units, results));
  dm::write_file_atomically(out / "grid.json", grid::description_of(p, results));
  auto const found = grid::analysed(p, units, results);
  dm::write_file_atomically(out / "comparisons.csv", grid::comparisons_csv(found));
  auto const file = [&](grid::unit const& u) {
    for (auto const& folder : folders) {
      auto const path = grid::file_of(folder, u);
      if (fs::exists(path)) return fs::relative(path, out).string();
    }
    return std::string();
  };
  dm::write_file_atomically(out / "report.html", grid::report(found, file, how.command));
  fmt::print("{}\n", fs::absolute(out / "report.html").lexically_normal().string());
}

int run(setting const& how, bool asked) {
  auto const p = plan_in(how, asked);
  auto const units = p.units();
  if (how.missing) {
    auto const lost = grid::missing(units, folders_of(how));
    for (auto const& u : lost) fmt::print("{}\n", u.name());
    program::tell("grid: {} of {} units are missing\n", lost.size(), units.size());
    return lost.empty() ? program::success : program::failure;
  }
  if (how.merge) {
    tell(how, p);
    return program::success;
  }
  auto const share = how.shard.empty() ? units : from_the_command_line([&] {
                                                   return grid::shard_from(how.shard);
                                                 }).share(units);
  auto const left = grid::missing(share, folders_of(how));
  grid::check_build(units, folders_of(how));
  auto const table = dm::english_bigrams();
  auto const effort = grid::estimated(left, how.threads, table);
  program::tell("grid: {} of {} units to do, {} at a time: about {}\n", left.size(), units.size(),
                effort.threads, program::in_words(effort.seconds));
  if (!grid::work(left, how.out, how.threads, table)) {
    program::tell("grid: interrupted; what was done is kept, and the same command goes on\n");
    return program::interrupted;
  }
  if (grid::missing(units, folders_of(how)).empty()) {
    tell(how, p);
  } else {
    program::tell("grid: this share is done; when the others are, --merge makes the table\n");
  }
  return program::success;
}

} // namespace

int main(int argc, char** argv) {
  setting how;
  auto const name = fs::path(argv[0]).filename().string();
  program::command_line options(
      name,
      "Trains a grid of attentions, norms, optimizers and depths, each on many seeds, and compares "
      "their sinks, drains, peaks and risks with those of softmax attention under AdamW.");
  options.text("--out", how.out,
               "folder of the plan, the results, the table and the report, out/grid if not given",
               "DIR");
  options.choice(
      "--extent", how.what.extent, grid::extents,
      "half_hour: ten attentions, every norm and optimizer, one changed at a time; "
      "one_at_a_time: the same with all attentions; full: all of them "
      "with each other, at each depth, and the phases; named: the names below with each other; "
      "phases: learning rate x weight decay, triggers x context; rates: every optimizer at five "
      "learning rates");
  options.text("--attentions", how.attentions,
               fmt::format("of {}; all if not given", fmt::join(attentions(), ",")), "LIST");
  options.text("--norms", how.norms, fmt::format("of {}", fmt::join(grid::norm_names, ",")),
               "LIST");
  options.text("--optimizers", how.optimizers,
               fmt::format("of {}", fmt::join(grid::optimizer_names, ",")), "LIST");
  options.text("--depths", how.depths,
               fmt::format("of {}: MLP | attention + MLP | MLP, and one layer",
                           fmt::join(grid::depth_names, ",")),
               "LIST");
  options.count("--seeds", how.what.seeds, "runs of each cell", program::of_runs);
  options.count("--steps", how.what.steps, "training steps of each run");
  options.text("--shard", how.shard,
               "do a share of the units: 3/8, or auto for what Slurm or mpirun says", "I/N");
  options.text("--from", how.from, "more folders with results, for --merge and --missing", "DIRS");
  options.on("--missing", how.missing, "list the units without a result and do nothing");
  options.on("--merge", how.merge, "make the table of the results there are and do nothing else");
  options.count("--threads", how.threads, "units at a time, 0: as many as there are cores",
                program::of_threads);
  return options.run(argc, argv, [&] {
    how.what.attentions = words_of(how.attentions);
    how.what.norms = words_of(how.norms);
    how.what.optimizers = words_of(how.optimizers);
    how.what.depths = words_of(how.depths);
    how.command = name;
    for (int i = 1; i < argc; ++i) how.command += fmt::format(" {}", argv[i]);
    bool asked = false;
    for (auto const* flag : {"--extent", "--attentions", "--norms", "--optimizers", "--depths",
                             "--seeds", "--steps"}) {
      asked = asked || options.given(flag);
    }
    return run(how, asked);
  });
}
