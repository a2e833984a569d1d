// SPDX-License-Identifier: MIT
// The whole paper: runs every experiment and writes one report in the paper's order.
#include "common/command_line.hpp"
#include "common/exit_code.hpp"
#include "common/run_folder.hpp"
#include "common/streams.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"
#include "dormant/progress.hpp"
#include "paper/experiments.hpp"
#include "paper/report.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace {

namespace dm = dormant;
namespace fs = std::filesystem;

struct setting {
  bool all = false, resume = false;
  std::string only, scale = "demo", bigrams, out = "out/paper";
  std::uint64_t seeds = 5, first_seed = 1, steps = 0, threads = 0;
};

std::vector<std::string> words_for(setting const& s, std::string const& folder) {
  std::vector<std::string> words = {"--scale", s.scale,
                                    "--seeds", std::to_string(s.seeds),
                                    "--seed",  std::to_string(s.first_seed),
                                    "--steps", std::to_string(s.steps),
                                    "--out",   folder};
  if (s.threads != 0) words.insert(words.end(), {"--threads", std::to_string(s.threads)});
  if (!s.bigrams.empty()) words.insert(words.end(), {"--bigrams", s.bigrams});
  if (s.resume) words.emplace_back("--resume");
  return words;
}

int run(setting const& s, fs::path const& programs) {
  dm::stop_on_interrupt const stop; // before there is a folder
  program::run_folder here(s.out, {.program = "paper", .later = {"report.html"}});
  here.claim();
  auto const begun = std::chrono::steady_clock::now();
  auto const page = fs::path(s.out) / "report.html";
  fs::create_directories(s.out);
  { dm::atomic_file const is_writable(page); } // found out now, not after hours
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
      int const code = paper::run_program(programs / name, words_for(s, folder.string()),
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
  options.count("--seeds", s.seeds, "runs of each variant", program::of_runs);
  options.count("--seed", s.first_seed, "the first of the seeds", program::a_seed);
  options.count("--steps", s.steps, "training steps of each run, 0 for each experiment's own",
                {.least = 0});
  options.count("--threads", s.threads, "0 for as many as there are cores", program::of_threads);
  options.text("--bigrams", s.bigrams, "bigram counts instead of the built-in English", "FILE.csv");
  options.text("--out", s.out, "folder for report.html and a folder of each experiment", "DIR");
  options.on("--resume", s.resume, "keep findings and finished runs that are in the folder");
  options.exclude("--all", "--only");
  return options.run(argc, argv, [&] {
    return run(s, fs::canonical("/proc/self/exe").parent_path() / "experiments");
  });
}
