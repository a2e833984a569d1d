// SPDX-License-Identifier: MIT
// Watch the extreme-token phenomena appear under softmax + AdamW, vanish under ReLU attention and
// lose their residual peak under SGD; verdicts, pictures and numbers in one page.
#include "common/command_line.hpp"
#include "common/run_folder.hpp"
#include "common/streams.hpp"
#include "demo/judge.hpp"
#include "demo/report.hpp"
#include "demo/run_json.hpp"
#include "demo/tables.hpp"
#include "dormant/progress.hpp"
#include "dormant/task/bigram_csv.hpp"

#include <fmt/format.h>

#include <ctime>
#include <filesystem>
#include <string>
#include <thread>

namespace dm = dormant;

namespace {

void print_verdicts(std::vector<demo::paired> const& pairs,
                    std::vector<demo::verdict> const& verdicts) {
  fmt::print("\n{:<34}", "medians over seeds");
  for (auto const& story : demo::stories) fmt::print("{:>17}", story.title);
  auto const line = [&](std::string_view words, std::string_view column) {
    fmt::print("\n{:<34}", words);
    for (std::size_t s = 0; s < demo::stories.size(); ++s) {
      fmt::print("{:>17.3f}", demo::median_after(pairs, s, column));
    }
  };
  line("attention on <s>, non-triggers", demo::measured::sink);
  line("value norm of <s> / others", demo::measured::drain);
  line("residual norm of <s> / others", demo::measured::peak);
  fmt::print("\n\n");
  for (auto const& v : verdicts) {
    fmt::print("{:<22}{:<22}{}\n", v.name, demo::to_words(v.result()), v.seeds());
  }
}

int tell(demo::setting const& how) {
  auto const table =
      how.bigrams.empty() ? dm::english_bigrams() : dm::read_bigrams_csv(how.bigrams);
  auto const first_task = demo::task_for(table, how.first_seed); // a bad table ends here
  dm::stop_on_interrupt const stop;                              // before there is a folder
  program::run_folder folder(how.out, demo::folder_plan());
  folder.claim(); // a folder of an earlier demo may be written to again

  auto const trained = demo::train_all(how, table);
  if (trained.interrupted) {
    program::tell("demo: interrupted; no report was written\n");
    return program::interrupted;
  }
  auto const pairs = demo::pairs_of(trained.runs);
  auto const verdicts = demo::judge(pairs);
  print_verdicts(pairs, verdicts);

  auto const cpu = static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  demo::curve_table(trained.runs).write(how.out / "curves.csv");
  demo::measurement_table(trained.runs).write(how.out / "measurements.csv");
  dm::write_file_atomically(how.out / "run.json", demo::run_json(how, table, trained));
  dm::write_file_atomically(
      how.out / "report.html",
      demo::report(pairs, verdicts, first_task, how, {trained.seconds, cpu, trained.threads}));
  try {
    dm::write_file_atomically(how.out / "phenomena.svg", demo::phenomena_svg(pairs));
  } catch (dm::error const& why) {
    program::tell("demo: {}\n", why.what());
  }
  fmt::print("\n{}\n",
             std::filesystem::absolute(how.out / "report.html").lexically_normal().string());
  return program::success;
}

} // namespace

int main(int argc, char** argv) {
  demo::setting how;
  how.program = argv[0];
  auto out = how.out.string();
  program::command_line options(
      "demo", "Trains small transformers in three ways and reports whether attention sinks, value "
              "drains, residual peaks and active-dormant heads appear.");
  options.text("--out", out, "folder for report.html and its numbers, " + out + " if not given",
               "DIR");
  options.count("--seeds", how.seeds, "how many seeds each way of training is tried with",
                program::of_runs);
  options.count("--first-seed", how.first_seed, "the first of them", program::a_seed);
  options.count("--steps", how.steps, "training steps of each run");
  options.count("--batch", how.batch, "sequences in each step's batch", program::of_a_batch);
  options.count("--threads", how.threads, "runs at a time, 0 for as many as there are cores",
                program::of_threads);
  options.text("--bigrams", how.bigrams,
               "bigram counts to draw text from instead of the built-in English", "FILE.csv");
  return options.run(argc, argv, [&] {
    how.out = out;
    return tell(how);
  });
}
