// SPDX-License-Identifier: MIT
// The command line of an experiment, and what it leaves on disk and says.
#include "common/finding.hpp"

#include "common/exit_code.hpp"
#include "common/run_folder.hpp"
#include "common/run_info.hpp"
#include "common/streams.hpp"
#include "dormant/fast/bf16.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"
#include "dormant/progress.hpp"
#include "dormant/task/bigram_csv.hpp"
#include "dormant/task/english.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cmath>
#include <regex>

namespace paper {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;

namespace {

json to_json(claim const& what, finding const& found, setting const& how, double seconds) {
  json numbers = json::array(), statements = json::array();
  for (auto const& n : found.numbers) {
    numbers.push_back({{"what", n.what},
                       {"low", n.value.low},
                       {"median", n.value.middle},
                       {"high", n.value.high},
                       {"published", n.published}});
  }
  for (auto const& s : found.statements) {
    auto const v = program::judged(s.seed_shows);
    statements.push_back({{"says", s.says},
                          {"seed_shows", s.seed_shows.by},
                          {"without_number", v.unmeasured},
                          {"passes", v.passes},
                          {"n", v.n},
                          {"rate", v.rate},
                          {"rate_low", v.low},
                          {"rate_high", v.high},
                          {"verdict", program::to_words(v.is)}});
    if (!s.size) continue;
    statements.back()["effect"] = {{"what", s.size->what},
                                   {"low", s.size->value.low},
                                   {"middle", s.size->value.middle},
                                   {"high", s.size->value.high},
                                   {"unit", s.size->unit}};
  }
  json all = {{"name", what.name},
              {"title", what.title},
              {"where", what.where},
              {"claim", what.sentence},
              {"scale", how.paper_scale ? "paper" : "demo"},
              {"seeds", how.seeds},
              {"first_init_seed", how.first.init},
              {"first_data_seed", how.first.data},
              {"ran", found.ran},
              {"numbers", numbers},
              {"statements", statements},
              {"words", found.words},
              {"settings", how.identity},
              {"command", how.command},
              {"seconds", seconds}};
  all.update(program::origin_as_json());
  return all;
}

std::string in_digits(dm::band const& b) {
  if (std::isnan(b.middle)) return "none";
  auto text = fmt::format("{:.3g}", b.middle);
  if (b.low < b.high) text += fmt::format(" ({:.3g} to {:.3g})", b.low, b.high);
  return text;
}

void say(claim const& what, finding const& found, setting const& how) {
  fmt::print("{}\n  {}\nran: {}\n", what.title, what.sentence, found.ran);
  for (auto const& n : found.numbers) {
    fmt::print("  {:<58} {}{}\n", n.what, in_digits(n.value),
               n.published.empty() ? "" : fmt::format("; paper: {}", n.published));
  }
  for (auto const& s : found.statements) {
    auto const v = program::judged(s.seed_shows);
    fmt::print("{}: {}\n  {}, rate {}\n", program::to_words(v.is), s.says,
               program::seeds_in_words(v), program::rate_in_words(v));
    if (s.size) {
      fmt::print("  {}: {:.3g} ({:.3g} to {:.3g}){}{}\n", s.size->what, s.size->value.middle,
                 s.size->value.low, s.size->value.high, s.size->unit.empty() ? "" : " ",
                 s.size->unit);
    }
  }
  fmt::print("{}\neverything is in {}\n", found.words, dm::io::shown(how.out));
}

std::string words_of(int argc, char const* const* argv) {
  std::string text;
  for (int i = 0; i < argc; ++i) {
    std::string_view const word = argv[i];
    bool const plain = word.find_first_of(" '\"$&;()") == std::string_view::npos;
    text += fmt::format("{}{}", i == 0 ? "" : " ", plain ? word : fmt::format("'{}'", word));
  }
  return text;
}

/// Numbers that are none, as a run of few steps has them, in words that a reader expects.
std::string without_nan(std::string const& words) {
  return std::regex_replace(words, std::regex("-?\\b(nan|inf)\\b"), "none");
}

/// A folder that holds another finding is not written into by accident.
void open_folder(program::run_folder& folder, setting const& how, std::string const& name) {
  std::error_code none;
  for (auto const& entry : fs::directory_iterator(how.out, none)) {
    auto const file = entry.path().filename().string();
    if (!how.resume && file != "runs" && file != "finding.json" && !file.starts_with(name) &&
        !folder.is_passing(file)) {
      throw dm::error(fmt::format("{} holds something else; choose another folder for --out",
                                  dm::io::shown(how.out)));
    }
  }
  folder.claim();
  if (!how.resume) fs::remove_all(how.out / "runs");
  program::remove_temporaries(how.out / "runs", [](std::string_view) { return true; });
}

} // namespace

effect paired_difference(std::string what, std::vector<double> const& a,
                         std::vector<double> const& b, std::string unit) {
  std::vector<double> differences;
  for (std::size_t s = 0; s < a.size(); ++s) {
    if (double const d = a[s] - b[s]; !std::isnan(d)) differences.push_back(d);
  }
  if (differences.size() < a.size())
    what += fmt::format(" ({} of {} pairs)", differences.size(), a.size());
  return {std::move(what), dm::median_interval(differences), std::move(unit)};
}

std::string by_step(dm::band const& steps) {
  return std::isnan(steps.middle) ? "not at all" : fmt::format("by step {:.0f}", steps.middle);
}

int experiment(int argc, char const* const* argv, claim const& what,
               std::function<finding(setting const&)> const& body,
               std::function<void(program::command_line&)> const& more) {
  setting how;
  std::uint64_t both = 1;
  std::string scale = "demo", bigrams, out = "out/paper/" + what.name;
  program::command_line options(what.name, what.title + " (arXiv 2410.13835, " + what.where +
                                               "): " + what.sentence);
  options.choice("--scale", scale, {"demo", "paper"},
                 "small models, or the authors' shape and batch");
  how.seeds = what.seeds;
  options.count(
      "--seeds", how.seeds,
      fmt::format("runs of each variant, {} unless said (at the paper's scale 5)", what.seeds),
      program::of_runs);
  options.count("--seed", both,
                "the first of the seeds of initial values and of data, 1 unless said",
                program::a_seed);
  options.count("--init-seed", how.first.init, "the first of the seeds of initial values",
                program::a_seed);
  options.count("--data-seed", how.first.data, "the first of the seeds of data", program::a_seed);
  options.count("--steps", how.steps, "training steps of each run, 0 for the experiment's own",
                {.least = 0});
  options.count("--threads", how.threads, "0 for as many as there are cores", program::of_threads);
  options.text("--bigrams", bigrams, "bigram counts instead of the built-in English", "FILE.csv");
  options.text("--out", out, "folder for the finding", "DIR");
  options.on("--resume", how.resume,
             "keep finished runs of the same command that are in the folder");
  if (more) more(options);
  return options.run(argc, argv, [&] {
    if (!options.given("--init-seed")) how.first.init = both;
    if (!options.given("--data-seed")) how.first.data = both;
    how.paper_scale = scale == "paper";
    if (how.paper_scale && !options.given("--seeds")) how.seeds = 5;
    how.table = bigrams.empty() ? dm::english_bigrams() : dm::read_bigrams_csv(bigrams);
    how.out = out;
    how.command = words_of(argc, argv);
    how.identity = fmt::format("scale {}, steps {}, bigrams {}", scale, how.steps,
                               bigrams.empty() ? "built in" : bigrams);
    // Builds whose large models round do not go on with runs of those whose do not.
    if (how.paper_scale && !dm::bf16_is_fast<>) how.identity += ", products in float";
    dm::stop_on_interrupt const stop; // before there is a folder
    program::run_folder folder(how.out, {.program = what.name,
                                         .later = {"finding.json", what.name + ".csv",
                                                   what.name + ".svg", what.name + ".png"}});
    open_folder(folder, how, what.name);
    auto const begun = std::chrono::steady_clock::now();
    try {
      auto found = body(how);
      found.words = without_nan(found.words);
      double const seconds =
          std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
      found.figure.name = what.name;
      if (found.data) found.data->table().write(how.out / (what.name + ".csv"));
      try {
        figures::save(found.figure, how.out);
      } catch (figures::not_drawn const& why) {
        program::tell("{}: {}\n", what.name, why.what());
      }
      dm::write_file_atomically(
          how.out / "finding.json",
          to_json(what, found, how, seconds).dump(2, ' ', false, json::error_handler_t::replace) +
              "\n");
      say(what, found, how);
      return program::success;
    } catch (interrupted const&) {
      program::tell("{}: interrupted; finished runs are kept, go on with --resume\n", what.name);
      return program::interrupted;
    }
  });
}

} // namespace paper
