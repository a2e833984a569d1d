// SPDX-License-Identifier: MIT
// The whole paper: runs every experiment and writes one report in the paper's order.
#include "common/command_line.hpp"
#include "common/exit_code.hpp"
#include "common/run_folder.hpp"
#include "common/streams.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"
#include "dormant/progress.hpp"
#include "paper/durations.hpp"
#include "paper/experiments.hpp"
#include "paper/report.hpp"
#include "paper/verdicts.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace dm = dormant;
namespace fs = std::filesystem;

struct setting {
  bool all = false, quick = false, resume = false;
  std::string only, scale = "demo", bigrams, out = "out/paper";
  std::uint64_t seeds = 0, first_seed = 1, steps = 0, threads = 0; // 0 seeds: each experiment's own
};

/// Of an experiment; 0: its own.
std::uint64_t seeds_for(setting const& s, std::string_view name) {
  return s.quick ? paper::quick_seeds(name) : s.seeds;
}

std::vector<std::string> words_for(setting const& s, std::string_view name,
                                   std::string const& folder) {
  auto const seeds = seeds_for(s, name);
  std::vector<std::string> words = {"--scale", s.scale,
                                    "--seed",  std::to_string(s.first_seed),
                                    "--steps", std::to_string(s.steps),
                                    "--out",   folder};
  if (seeds != 0) words.insert(words.end(), {"--seeds", std::to_string(seeds)});
  if (s.threads != 0) words.insert(words.end(), {"--threads", std::to_string(s.threads)});
  if (!s.bigrams.empty()) words.insert(words.end(), {"--bigrams", s.bigrams});
  if (s.resume) words.emplace_back("--resume");
  return words;
}

/// Of all that is going to be run, where that was measured.
double minutes_of(setting const& s) {
  double minutes = 0;
  for (auto const& d : paper::durations) {
    if (s.only.empty() || s.only == d.name) minutes += paper::minutes_of(d, seeds_for(s, d.name));
  }
  return std::ceil(minutes);
}

/// How long it is going to take, and what would take less.
std::string announced(setting const& s) {
  if (s.scale == "paper") return "at the paper's scale an experiment takes hours to days";
  if (s.steps != 0 || !s.bigrams.empty()) return {};
  double const minutes = minutes_of(s);
  auto words =
      fmt::format("this takes about {:.0f} minute{} on two cores", minutes, minutes > 1 ? "s" : "");
  auto shorter = s;
  shorter.quick = true;
  if (double const less = minutes_of(shorter); s.seeds == 0 && less < minutes) {
    words += fmt::format("; with --quick, of fewer seeds, about {:.0f}", less);
  }
  return words;
}

int run(setting const& s, fs::path const& programs) {
  dm::stop_on_interrupt const stop; // before there is a folder
  program::run_folder here(s.out, {.program = "paper", .later = {"report.html", "verdicts.csv"}});
  here.claim();
  auto const begun = std::chrono::steady_clock::now();
  auto const page = fs::path(s.out) / "report.html";
  fs::create_directories(s.out);
  { dm::atomic_file const is_writable(page); } // found out now, not after hours
  if (auto const words = announced(s); !words.empty()) program::tell("paper: {}\n", words);
  std::vector<paper::chapter> chapters;
  bool failed = false;
  for (std::size_t i = 0; i < paper::experiments.size(); ++i) {
    std::string const name(paper::experiments[i]);
    if (!s.only.empty() && name != s.only) continue;
    auto const folder = fs::path(s.out) / name;
    fs::create_directories(folder);
    // A finding that is there already is what a resumed run has to show for its work.
    if (!(s.resume && fs::exists(folder / "finding.json"))) {
      program::tell("{}/{}  {}\n", i + 1, paper::experiments.size(), name);
      int const code = paper::run_program(programs / name, words_for(s, name, folder.string()),
                                          folder.string() + ".log", stop);
      if (code == program::interrupted || stop.stop_requested()) {
        program::tell("paper: interrupted; go on with the same command and --resume\n");
        return program::interrupted;
      }
      failed = failed || code != 0;
    }
    chapters.push_back(paper::read_chapter(name, folder));
    fmt::print("{}", paper::summary(chapters.back()));
    std::fflush(stdout);
  }
  double const minutes =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count() / 60;
  paper::verdict_table(chapters).write(fs::path(s.out) / "verdicts.csv");
  dm::write_file_atomically(page, paper::report(chapters, minutes));
  fmt::print("{}\n", fs::absolute(page).lexically_normal().string());
  return failed ? program::failure : program::success;
}

} // namespace

int main(int argc, char** argv) {
  setting s;
  program::command_line options(
      "paper", "Checks every claim of arXiv 2410.13835 by its experiment and writes one report.");
  options.on("--all", s.all, "every experiment, in the paper's order: the default");
  options.choice("--only", s.only, {paper::experiments.begin(), paper::experiments.end()},
                 "one experiment");
  options.choice("--scale", s.scale, {"demo", "paper"},
                 "small models, minutes; or the authors' shape and batch, days");
  options.count(
      "--seeds", s.seeds,
      "runs of each variant, 0 for each experiment's own: 30, fewer where one is long, and "
      "5 at the paper's scale",
      {.least = 0, .most = program::of_runs.most});
  options.on("--quick", s.quick,
             "5 seeds, fewer of the longest, with which no statement can hold for more than most");
  options.count("--seed", s.first_seed, "the first of the seeds", program::a_seed);
  options.count("--steps", s.steps, "training steps of each run, 0 for each experiment's own",
                {.least = 0});
  options.count("--threads", s.threads, "0 for as many as there are cores", program::of_threads);
  options.text("--bigrams", s.bigrams, "bigram counts instead of the built-in English", "FILE.csv");
  options.text("--out", s.out, "folder for report.html and a folder of each experiment", "DIR");
  options.on("--resume", s.resume, "keep findings and finished runs that are in the folder");
  options.exclude("--all", "--only");
  options.exclude("--quick", "--seeds");
  options.footer(paper::durations_in_words());
  return options.run(argc, argv, [&] {
    return run(s, fs::canonical("/proc/self/exe").parent_path() / "experiments");
  });
}
