// SPDX-License-Identifier: MIT
// What is learnt when: first the bigrams, then copying and the sink, then the drain.
#include "common/finding.hpp"
#include "common/models.hpp"
#include "common/number_table.hpp"
#include "common/thresholds.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace dm = dormant;

namespace {

paper::claim const what = {
    .name = "training_dynamics",
    .title = "Sink and drain form together",
    .where = "section 2.2, figure 4",
    .sentence =
        "The bigrams are learnt first. Then attention on <s> rises while the value state of "
        "<s> shrinks and that of other tokens does not, and the sink logits keep growing."};

std::string published; // file of the published series, if any

// The published curve rises above the share of non-trigger queries, so it is theirs.
constexpr auto sink_column = "attention_sink.on_background.0";

template <dm::shape Shape, class... Parts>
paper::curve train(paper::setting const& how, paper::one_run const& run, dm::adamw const& optimizer,
                   dm::schedule const& plan) {
  dm::transformer<Shape, dm::softmax, Parts...> net({.seed = run.seeds.init});
  dm::bigram_backcopy<Shape> const task({.seed = run.seeds.data, .table = how.table});
  return paper::train(run, net, task, optimizer, plan, dm::risk{}, dm::attention_sink{},
                      dm::sink_logit_gap{}, dm::value_drain{}, dm::residual_peak{});
}

/// Puts the published series into the charts and next to our numbers at the same steps.
void compare(paper::finding& found, paper::runs const& runs, figures::chart& attention,
             figures::chart& values) {
  auto const series = program::number_table::read(published);
  auto const& steps = series["step"];
  auto const add = [&](figures::chart& to, std::string const& name, auto column, auto ours) {
    to.lines.push_back({.label = "published, batch 512",
                        .x = steps,
                        .y = series[column],
                        .dash = figures::dash::dashed});
    std::size_t within = 0, all = 0;
    for (std::size_t const step : {100U, 200U, 500U, 1000U}) {
      auto const row = std::ranges::find(steps, static_cast<double>(step)) - steps.begin();
      auto const here = runs.at(0, ours, step);
      auto const [low, high] = std::ranges::minmax(here);
      if (static_cast<std::size_t>(row) == steps.size() || std::isnan(low + high)) continue;
      double const there = series[column][static_cast<std::size_t>(row)];
      within += low <= there && there <= high ? 1 : 0;
      ++all;
      found.numbers.push_back({fmt::format("{} at step {}", name, step), dm::band_of(here),
                               fmt::format("{:.3g}", there)});
    }
    found.words += fmt::format(" The published {} lies between the lowest and the highest seed at "
                               "{} of {} steps compared.",
                               name, within, all);
  };
  add(attention, "attention on <s>", "attention_on_bos", sink_column);
  add(values, "value norm of <s>", "value_norm_bos", "value_drain.bos.0");
}

paper::finding measure(paper::setting const& how) {
  auto const steps = how.steps_or(how.paper_scale ? 1001 : 1200); // step 1000 is measured, too
  auto const plan = how.schedule(steps, how.paper_scale ? 512 : 32);
  auto const runs = paper::over_seeds(
      how, {{"softmax + AdamW", steps, [&](paper::one_run const& run) {
               // Large products are rounded and rearranged for speed, which `ran` says.
               if (how.paper_scale) {
                 return train<program::paper_shape, dm::merged_projections, dm::factored_embedding,
                              dm::bf16>(how, run, {.lr = 3e-4}, plan);
               }
               return train<program::demo_shape>(how, run, {.lr = 2e-3}, plan);
             }}});

  auto const bigram = runs.first_step(
      0, [](auto& row) { return paper::bigrams_learnt.passes(row["risk.bigram"]); });
  auto const sink =
      runs.first_step(0, [](auto& row) { return paper::sink.passes(row[sink_column]); });
  auto const copy = runs.first_step(
      0, [](auto& row) { return paper::copying_learnt.passes(row["risk.backcopy"]); });
  auto const drain = runs.first_step(
      0, [](auto& row) { return row["value_drain.bos.0"] < 0.5 * row["value_drain.other.0"]; });

  std::string const axis = "step, linear then logarithmic";
  auto const over = [&](std::string const& title, std::string const& unit, bool log,
                        std::vector<figures::line> lines) {
    double const from = log ? std::numeric_limits<double>::quiet_NaN() : 0;
    return figures::chart{.title = title,
                          .x = {.label = axis, .linear_to = static_cast<double>(steps) / 5},
                          .y = {.label = unit, .log = log, .least = from},
                          .lines = std::move(lines)};
  };
  auto risks =
      over("Risk", "nats", true,
           {runs.line(0, "risk.bigram", "bigram"), runs.line(0, "risk.backcopy", "backcopy")});
  auto attention = over("Attention on <s>", "mean over non-trigger queries", false,
                        {runs.line(0, sink_column, published.empty() ? "" : "here")});
  auto gaps = over("Sink logit gap", "score", false,
                   {runs.line(0, "sink_logit_gap.mean.0", "mean over tokens"),
                    runs.line(0, "sink_logit_gap.p10.0", "10% of tokens"),
                    runs.line(0, "sink_logit_gap.p90.0", "90% of tokens")});
  gaps.y.least = std::numeric_limits<double>::quiet_NaN();
  auto values = over("Value norm", "||W_O v||", false,
                     {runs.line(0, "value_drain.bos.0", "<s>"),
                      runs.line(0, "value_drain.other.0", "other tokens")});
  auto const at_end = [&](std::string_view column) { return dm::band_of(runs.last(0, column)); };
  auto const earlier = [](double a, double b) { return a < b; };
  paper::finding found{
      .ran =
          fmt::format("one layer, {}, {} steps",
                      how.paper_scale ? "width 256, context 256, AdamW 3e-4, batch 512, products "
                                        "of bf16, exact algebra"
                                      : "width 64, context 64, AdamW 2e-3, batch 32",
                      steps),
      .numbers = {{"bigram risk below 2.5 nats from step", dm::band_of(bigram)},
                  {"backcopy risk below 0.5 nats from step", dm::band_of(copy)},
                  {"attention on <s> above 0.3 from step", dm::band_of(sink)},
                  {"value norm of <s> below half the others' from step", dm::band_of(drain)},
                  {"attention on <s> at the end", at_end(sink_column)},
                  {"sink logit gap at the end", at_end("sink_logit_gap.mean.0")},
                  {"value norm of <s> at the end", at_end("value_drain.bos.0")}},
      .statements = {{"the bigrams are learnt before the sink forms",
                      paper::each_seed(bigram, sink, earlier)},
                     {"the value norm of <s> ends below half that of the other tokens",
                      paper::each_seed(drain, [](double step) { return !std::isnan(step); })}},
      .data = runs};
  found.words =
      fmt::format("Medians over seeds: bigrams are learnt {}, copying {}; the sink is there "
                  "{} and the drain {}.",
                  paper::by_step(dm::band_of(bigram)), paper::by_step(dm::band_of(copy)),
                  paper::by_step(dm::band_of(sink)), paper::by_step(dm::band_of(drain)));
  if (!published.empty()) compare(found, runs, attention, values);
  attention.x.most = values.x.most = static_cast<double>(steps);
  found.figure = {.panels = {risks, attention, gaps, values}};
  return found;
}

} // namespace

int main(int argc, char** argv) {
  return paper::experiment(argc, argv, what, measure, [](program::command_line& options) {
    options.text("--published", published, "a published series to draw beside", "FILE.csv");
  });
}
