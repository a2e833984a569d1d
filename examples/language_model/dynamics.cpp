// SPDX-License-Identifier: MIT
// How sinks, drains and peaks form: the measurements of `sinks` over the checkpoints of one training
// (arXiv 2410.13835, section 3.2).
#include "language_model/dynamics/page.hpp"
#include "language_model/dynamics/series.hpp"
#include "language_model/measure.hpp"
#include "language_model/memory.hpp"
#include "language_model/sinks_page.hpp"
#include "language_model/texts.hpp"

#include "common/command_line.hpp"
#include "common/exit_code.hpp"
#include "common/page.hpp"
#include "common/streams.hpp"

#include <dormant/io/atomic_file.hpp>
#include <dormant/io/csv.hpp>
#include <dormant/line_fit.hpp>

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

namespace dm = dormant;
namespace lm = language_model;
namespace fs = std::filesystem;

namespace {

struct request {
  std::string models, texts, out = "dynamics", memory;
  std::uint64_t context = 128, rows = 32, threads = 0;
};
constexpr double drained = 0.5, peaked = 2; // what counts as a drain, and as a peak

lm::moment measured(lm::checkpoint const& of, bool is_first, request const& asked) {
  lm::identity const same{
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
  dm::execution const how{.threads = asked.threads};
  if (is_first) lm::keep_within(asked.memory, folder, batch, how);
  auto const m = lm::moment_of(lm::measure(folder, batch, how), of.step, rows.size());
  lm::keep(file, m, same);
  return m;
}

void write_table(std::vector<lm::moment> const& all, fs::path const& path) {
  auto const& last = all.back();
  std::vector<std::string> columns{"step", "loss"};
  auto const of_heads = [&](char const* name) {
    for (std::size_t l = 0; l < last.layers; ++l) {
      for (std::size_t h = 0; h < last.heads; ++h)
        columns.push_back(fmt::format("{}.{}.{}", name, l, h));
    }
  };
  auto const of_layers = [&](char const* name) {
    for (std::size_t l = 0; l < last.layers; ++l) columns.push_back(fmt::format("{}.{}", name, l));
  };
  for (auto const* name : {"attention_on_0", "score_gap", "value_drain"}) of_heads(name);
  for (auto const* name : {"residual_norm_0", "residual_peak"}) of_layers(name);
  dm::csv_table table(columns);
  for (auto const& m : all) {
    std::vector<dm::csv_cell> cells{m.step, m.loss};
    for (auto const* values : {&m.attention, &m.gap, &m.drain, &m.norm, &m.peak})
      cells.insert(cells.end(), values->begin(), values->end());
    table.append(cells);
  }
  table.write(path);
}

/// "between steps 32 and 64"
std::string when(std::vector<lm::moment> const& all, std::size_t formed) {
  return formed == 0
             ? fmt::format("at step {} already", all[0].step)
             : fmt::format("between steps {} and {}", all[formed - 1].step, all[formed].step);
}
template <class Value>
std::vector<double> over_time(std::vector<lm::moment> const& all, Value value) {
  std::vector<double> out;
  for (auto const& m : all) out.push_back(value(m));
  return out;
}
/// How y grows with the logarithm of the step from `formed` on, the interval being that of a line whose
/// residuals are independent; nothing for fewer than four checkpoints.
std::string law(std::vector<lm::moment> const& all, std::size_t formed,
                std::vector<double> const& y, std::string_view what) {
  std::vector<double> x, values;
  for (std::size_t i = formed; i < all.size(); ++i) {
    if (all[i].step == 0 || !std::isfinite(y[i])) continue;
    x.push_back(std::log(static_cast<double>(all[i].step)));
    values.push_back(y[i]);
  }
  if (x.size() < 4) return "";
  auto const slope = dm::fit_line(x, values).slope;
  return fmt::format(", and {} as t^{:.2f} ({:.2f} to {:.2f})", what, slope.middle, slope.low,
                     slope.high);
}

/// A sentence for each head that sinks and each layer that peaks at the end.
std::vector<std::string> found(std::vector<lm::moment> const& all) {
  std::vector<std::string> said;
  auto const& last = all.back();
  for (std::size_t l = 0; l < last.layers; ++l) {
    for (std::size_t h = 0; h < last.heads; ++h) {
      auto const at = last.head(l, h);
      auto const sinks = over_time(all, [&](auto const& m) { return m.attention[at]; });
      auto const sink = lm::formed_at(sinks, lm::sink_threshold, true);
      if (!sink) continue;
      auto const drains = over_time(all, [&](auto const& m) { return m.drain[at]; });
      auto const drain = lm::formed_at(drains, drained, false);
      said.push_back(
          fmt::format("Layer {} head {} sinks on token 0 ({:.3f} at the end), {}; {}.", l, h,
                      sinks.back(), when(all, *sink),
                      drain ? fmt::format("its values there drain ({:.3f} of the others'), {}",
                                          drains.back(), when(all, *drain))
                            : fmt::format("its values there do not drain ({:.3f} of the others')",
                                          drains.back())));
    }
    auto const peaks = over_time(all, [&](auto const& m) { return m.peak[l]; });
    if (auto const peak = lm::formed_at(peaks, peaked, true)) {
      auto const norms = over_time(all, [&](auto const& m) { return std::log(m.norm[l]); });
      said.push_back(fmt::format(
          "After layer {} the residual stream of token 0 peaks ({:.1f} times "
          "the others'), {}{}.",
          l, peaks.back(), when(all, *peak), law(all, *peak, norms, "its norm then goes")));
    }
  }
  if (said.empty()) {
    said.push_back(
        fmt::format("No head has more than {} of its attention on token 0 at the end, and "
                    "no layer leaves its residual stream {} times the others'.",
                    lm::sink_threshold, peaked));
  }
  return said;
}

int run(request const& asked) {
  (void)lm::bytes_of(asked.memory);
  auto const series = lm::find_checkpoints(asked.models);
  fmt::print("{} checkpoints, steps {} to {}; {}\n", series.size(), series.front().step,
             series.back().step, lm::described(dm::model_folder::open(series.back().folder)));
  fs::path const out = asked.out;
  fs::create_directories(out / "measured");
  std::vector<lm::moment> all;
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
  write_table(all, out / "dynamics.csv");
  auto html = page::begin("How sinks form", page::style_sheet({}, ""));
  html += "<h1>How sinks, drains and peaks form</h1>";
  for (auto const& sentence : found(all)) {
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
  program::command_line options("dynamics", "How sinks, drains and peaks form over the checkpoints "
                                            "of a training.");
  options.text(
      "--models", asked.models,
      "comma-separated folders of models, or folders of such; the last number in a name is "
      "the step",
      "A,B");
  options.text("--texts", asked.texts,
               "comma-separated files: texts (.txt) or token ids (.npy, .json)", "A,B");
  for (auto const* flag : {"--models", "--texts"}) options.required(flag);
  options.text("--out", asked.out,
               "folder to write: report.html, dynamics.csv, dynamics.svg; what is measured there "
               "already is not measured again",
               "DIR");
  options.count("--context", asked.context, "tokens of a row at most; the rest is cut off",
                {.least = 2, .most = 1'000'000});
  options.count("--rows", asked.rows, "rows at most", program::of_a_batch);
  options.text("--memory", asked.memory, lm::memory_help, "SIZE");
  options.count("--threads", asked.threads, "0: all cores", program::of_threads);
  return options.run(argc, argv, [&] { return run(asked); });
}
