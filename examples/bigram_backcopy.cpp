// SPDX-License-Identifier: MIT
// The main experiment: trains a transformer on Bigram-Backcopy and measures, step by step, how its
// attention heads become sinks (arXiv 2410.13835, section 2). This file reads the command line;
// bigram_backcopy/experiment.hpp is the experiment.
#include "bigram_backcopy/run_json.hpp"
#include "bigram_backcopy/settings.hpp"
#include "common/command_line.hpp"
#include "common/names.hpp"
#include "common/run_folder.hpp"
#include "common/run_info.hpp"
#include "dormant/progress.hpp"
#include "dormant/task/bigram_csv.hpp"
#include "dormant/task/corpus.hpp"
#include "dormant/task/english.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <string>

namespace dm = dormant;
namespace fs = std::filesystem;
using experiment::settings;

namespace {

void add_options(program::command_line& options, settings& s) {
  using namespace program;
  options.choice("--shape", s.shape, shape_names,
                 "size of the model (demo: width 64, context 64; paper: width 256, context 256; "
                 "both 67 tokens)");
  options.choice("--layers", s.layers, layers_names,
                 "depth (minimal: MLP, then attention and MLP, then MLP)");
  options.choice("--attention", s.attention, attention_names, "attention rule");
  options.choice("--optimizer", s.optimizer, optimizer_names, "optimizer");
  options.number("--lr", s.lr, "learning rate; default adamw 3e-4, sgd 0.03, sign_sgd 3e-4", {});
  options.number("--weight-decay", s.weight_decay, "weight decay; default 1e-4", {});
  options.number("--momentum", s.momentum, "of sgd; default 0.9", {.most = 1});
  options.count("--batch", s.batch, "sequences a step; the paper has 512, this default is faster",
                program::of_a_batch);
  options.count("--steps", s.steps, "optimizer steps in all, those before a resume included");
  options.count("--seed", s.seed, "of initial parameters and data", program::a_seed);
  options.count("--init-seed", s.init_seed, "of the initial parameters, --seed unless said",
                program::a_seed);
  options.count("--data-seed", s.data_seed, "of the sequences, --seed unless said",
                program::a_seed);
  options.choice(
      "--init", s.init, {"dormant", "torch"},
      "whose random numbers the initial parameters are: torch begins where the published "
      "code begins, with seed 42");
  options.count("--threads", s.threads, "0: one a core; never changes a result",
                program::of_threads);
  options.count("--every", s.every, "steps from one row of metrics.csv to the next");
  options.count("--checkpoint-every", s.checkpoint_every, "steps from one checkpoint to the next");
  options.count("--triggers", s.triggers, "how many of the most frequent characters are triggers",
                {.least = 0});
  options.count("--bos", s.bos, "leading <s>: 0, 1 or 2", {.least = 0});
  options.choice("--rule", s.rule, {"backcopy", "plain_markov", "bigram_backward"},
                 "what follows a trigger");
  options.number("--copy", s.copy,
                 "probability that a trigger copies, else the rule's other half; default by rule",
                 {.most = 1});
  options.text("--bigrams", s.bigrams, "bigram counts; default: built-in English", "FILE.csv");
  options.text("--corpus", s.corpus, "a text in UTF-8 whose bigrams are counted", "FILE.txt");
  options.exclude("--bigrams", "--corpus");
  options.text("--out", s.out, "folder to write, new or empty; default out/ and the settings",
               "DIR");
  options.text("--resume", s.resume,
               "go on with the run in this folder; its settings hold, only --steps, "
               "--checkpoint-every and --threads may change",
               "DIR");
  options.exclude("--out", "--resume");
  options.on("--no-figures", s.no_figures, "leave out the figures, which gnuplot draws");
  options.footer("Built with " + compiler() + " for " + simd() + ".");
}

/// Takes over the settings of the run to resume; those on the command line must agree.
void take_saved_settings(program::command_line& options, settings& s,
                         experiment::saved_run const& saved) {
  auto given = s;
  experiment::complete(given);
  auto const said = experiment::identity_of(given);
  auto const where = dm::io::shown(fs::path(s.resume) / "run.json");
  for (auto const& [flag, value] : saved.settings) {
    bool const both = options.given("--seed") && (flag == "init-seed" || flag == "data-seed");
    if (!both && !options.given("--" + flag)) {
      options.set("--" + flag, value, where);
      continue;
    }
    for (auto const& [name, asked] : said) {
      if (name != flag || asked == value) continue;
      throw program::usage_error(fmt::format("the run in {} has --{} {}, so it cannot go on with "
                                             "--{} {}",
                                             dm::io::shown(s.resume), flag, value, flag, asked));
    }
  }
  experiment::complete(s);
}

experiment::source source_of(settings const& s) {
  if (!s.bigrams.empty()) {
    return {dm::read_bigrams_csv(s.bigrams), "counts read from " + s.bigrams};
  }
  if (!s.corpus.empty()) {
    return {dm::count_bigrams(s.corpus, program::vocabulary - 2), "counted in " + s.corpus};
  }
  return {dm::english_bigrams(), "the built-in English table"};
}

/// The saved table, which no other may replace. A run that never
/// began may not have come to save it.
experiment::source saved_source_of(settings const& s, experiment::saved_run const& run) {
  auto const file = fs::path(s.resume) / "bigrams.csv";
  bool const asked = !s.bigrams.empty() || !s.corpus.empty();
  if (!fs::exists(file) && !fs::exists(fs::path(s.resume) / "resume.safetensors")) {
    auto from = source_of(s);
    if (program::fingerprint_of(from.table) == run.fingerprint) return from;
    throw dm::error(
        fmt::format("the run in {} was to begin with other bigram counts: {}; say which "
                    "with --bigrams or --corpus",
                    dm::io::shown(s.resume), run.table));
  }
  experiment::source saved{dm::read_bigrams_csv(file),
                           run.table.empty() ? "the saved table" : run.table};
  if (!run.fingerprint.empty() && program::fingerprint_of(saved.table) != run.fingerprint) {
    throw dm::error(fmt::format("{} does not hold the bigram counts that the run was begun with, "
                                "whose 'fingerprint' is in run.json",
                                dm::io::shown(file)));
  }
  if (asked && source_of(s).table != saved.table) {
    throw dm::error(fmt::format("the run in {} has other bigram counts, see {}",
                                dm::io::shown(s.resume), dm::io::shown(file)));
  }
  return saved;
}

std::string in_shell_quotes(std::string const& text) {
  std::string out = "'";
  for (char const c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string resuming(char const* program, std::string const& folder) {
  return fmt::format("{} --resume {}", in_shell_quotes(program),
                     in_shell_quotes(fs::absolute(folder).string()));
}

int begin(settings& s, char const* program) {
  experiment::complete(s);
  auto const from = source_of(s);
  if (s.out.empty()) {
    s.out = fmt::format("out/{}-{}-{}-{}-{}seed{}", s.shape, s.layers, s.attention, s.optimizer,
                        s.init == "torch" ? "torch-" : "", s.init_seed);
    if (s.init_seed != s.data_seed) s.out += fmt::format("-data{}", s.data_seed);
  }
  program::run_folder at(s.out, experiment::folder_plan());
  return experiment::run(s, from, {.folder = s.out, .at = at, .command = resuming(program, s.out)});
}

int resume(program::command_line& options, settings& s, char const* program) {
  program::run_folder at(s.resume, experiment::folder_plan());
  experiment::place where{
      .folder = s.resume, .at = at, .resumes = true, .command = resuming(program, s.resume)};
  auto const which = at.is();
  using state = program::run_folder::state;
  if (which == state::fresh && !at.has("run.json")) { // not even the settings were written
    experiment::complete(s);
    where.note = fmt::format("no run ever began in {}, so one begins with the options given",
                             dm::io::shown(s.resume));
    return experiment::run(s, source_of(s), where);
  }
  auto const saved = experiment::read_run_json(s.resume);
  take_saved_settings(options, s, saved);
  where.goes_on = which != state::fresh && which != state::unmarked;
  where.shards = saved.shards;
  if (where.goes_on && !saved.difference.empty()) {
    where.note = fmt::format("the run in {} was begun with {}; the last bits may differ from those "
                             "of a run in one piece",
                             dm::io::shown(s.resume), saved.difference);
  }
  if (!where.goes_on) {
    where.note = fmt::format("the run in {} never came to its first step; it begins now",
                             dm::io::shown(s.resume));
  }
  return experiment::run(s, saved_source_of(s, saved), where);
}

} // namespace

int main(int argc, char** argv) {
  settings s;
  program::command_line options(
      "bigram_backcopy",
      "Trains a transformer on Bigram-Backcopy and measures how its heads become sinks.");
  add_options(options, s);
  return options.run(argc, argv, [&] {
    if (!options.given("--init-seed")) s.init_seed = s.seed;
    if (!options.given("--data-seed")) s.data_seed = s.seed;
    dm::stop_on_interrupt const stop; // before there is a folder
    return s.resume.empty() ? begin(s, argv[0]) : resume(options, s, argv[0]);
  });
}
