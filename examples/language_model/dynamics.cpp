// SPDX-License-Identifier: MIT
// How sinks, drains and peaks form: the measurements of `sinks` over the checkpoints of one
// training (arXiv 2410.13835, section 3.2).
#include "language_model/dynamics/findings.hpp"
#include "language_model/dynamics/page.hpp"
#include "language_model/dynamics/series.hpp"
#include "language_model/measuring.hpp"

#include "common/command_line.hpp"
#include "common/exit_code.hpp"
#include "common/streams.hpp"

#include <dormant/io/atomic_file.hpp>

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

namespace dm = dormant;
namespace lm = language_model;
namespace fs = std::filesystem;

namespace {

struct request : lm::measuring {
  std::string models, out = "dynamics";
};

lm::snapshot measured(lm::checkpoint const& of, bool is_first, request const& asked) {
  lm::identity const same{
      .model = of.folder.string(),
      .texts = asked.texts,
      .context = asked.context,
      .rows = asked.rows,
      .written = fs::last_write_time(of.folder / "config.json").time_since_epoch().count()};
  auto const file = fs::path(asked.out) / "measured" / fmt::format("step-{}.json", of.step);
  if (auto const before = lm::kept(file, same)) return *before;
  auto const folder = dm::model_folder::open(of.folder);
  auto const rows =
      lm::read_rows(asked.texts, lm::text_tokenizer::of(folder), asked.context, asked.rows);
  auto const batch = dm::batch_of(rows);
  if (is_first) lm::keep_within(asked.memory, folder, batch, asked.how());
  auto const m = lm::snapshot_of(lm::measure(folder, batch, asked.how()), of.step, rows.size());
  lm::keep(file, m, same);
  return m;
}

int run(request const& asked) {
  (void)lm::bytes_of(asked.memory);
  auto const series = lm::find_checkpoints(asked.models);
  fmt::print("{} checkpoints, steps {} to {}; {}\n", series.size(), series.front().step,
             series.back().step, lm::described(dm::model_folder::open(series.back().folder)));
  fs::path const out = asked.out;
  fs::create_directories(out / "measured");
  std::vector<lm::snapshot> all;
  for (auto const& one : series) {
    all.push_back(measured(one, all.empty(), asked));
    auto const& m = all.back();
    if (m.layers != all[0].layers || m.heads != all[0].heads) {
      dm::refuse({dm::io::shown(one.folder), " has ", m.layers, " layers of ", m.heads,
                  " heads, but ", dm::io::shown(series[0].folder), " has ", all[0].layers, " of ",
                  all[0].heads, ": these are no checkpoints of one training"});
    }
    double most = 0;
    for (double const a : m.attention) most = std::fmax(most, a);
    fmt::print("step {:>8}: loss {:.4f}, most attention of a head on token 0 {:.3f}\n", m.step,
               m.loss, most);
    std::fflush(stdout);
  }
  lm::write_series(all, out / "dynamics.csv");
  auto html = page::begin("How sinks form", page::style_sheet({}, ""));
  html += "<h1>How sinks, drains and peaks form</h1>";
  for (auto const& sentence : lm::sentences_on(all)) {
    fmt::print("{}\n", sentence);
    html += "<p>" + page::escaped(sentence) + "</p>";
  }
  try {
    auto const figure = lm::drawn_series(all);
    figures::save(figure, out);
    html += figures::svg(figure);
  } catch (figures::not_drawn const& e) {
    program::tell("dynamics: {}; the numbers are complete\n", e.what());
  }
  html += fmt::format("<p><code>dynamics --models {} --texts {}</code></p>",
                      page::escaped(asked.models), page::escaped(asked.texts));
  dm::write_file_atomically(out / "report.html", html.append(page::end));
  fmt::print("everything is in {}: open report.html\n", asked.out);
  return program::success;
}

} // namespace

int main(int argc, char** argv) {
  request asked;
  asked.rows = 32;
  program::command_line options("dynamics", "How sinks, drains and peaks form over the checkpoints "
                                            "of a training.");
  options.text(
      "--models", asked.models,
      "comma-separated folders of models, or folders of such; the last number in a name is "
      "the step",
      "A,B");
  options.required("--models");
  lm::add_texts(options, asked);
  options.text("--out", asked.out,
               "folder to write: report.html, dynamics.csv, dynamics.svg; what is measured there "
               "already is not measured again",
               "DIR");
  lm::add_limits(options, asked, 2);
  return options.run(argc, argv, [&] { return run(asked); });
}
