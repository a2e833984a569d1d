// SPDX-License-Identifier: MIT
// What is learnt when: first the bigrams, then copying, sink and drain; and whether these two form
// together.
#include "common/finding.hpp"
#include "common/models.hpp"
#include "common/published.hpp"
#include "common/thresholds.hpp"
#include "experiments/formation.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
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

constexpr auto sink_column = "attention_sink.on_background.0";
constexpr auto as_published = "attention_sink.as_published.0";

// Chosen before the runs: what the paper's own figure can tell apart. It measures every 20 steps,
// and its sink passes our level at step 220.
constexpr double margin = 0.1; // of the step at which the sink forms

template <dm::shape Shape, class... Parts>
paper::curve train(paper::setting const& how, paper::one_run const& run, dm::adamw const& optimizer,
                   dm::schedule const& plan, paper::watching const& watch) {
  dm::transformer<Shape, dm::softmax, Parts...> net({.seed = run.seeds.init});
  dm::bigram_backcopy<Shape> const task({.seed = run.seeds.data, .table = how.table});
  return paper::train_watched(run, net, task, optimizer, plan, watch, dm::risk{},
                              dm::attention_sink{}, dm::sink_logit_gap{}, dm::value_drain{},
                              dm::residual_peak{});
}

/// The first published step on the right side of a level.
std::string published_step(paper::threshold const& level) {
  auto const there = published::over_training(level.run, level.definition);
  for (std::size_t i = 0; i < there.steps.size(); ++i) {
    if (level.passes(there.values[i]))
      return fmt::format("{:.0f}, at AdamW 3e-4 and batch 512", there.steps[i]);
  }
  return "";
}

/// By how much later the value norm of `<s>` comes half of its way than attention does.
double published_lag(double until) {
  auto const at = [&](std::string_view column) {
    auto of = published::over_training("one layer", column);
    of.end_at(until);
    return paper::half_way(of.steps, of.values);
  };
  double const sink = at(as_published);
  return (at("value_drain.bos.0") - sink) / sink;
}

/// The published series, where ours is of the same setting, and the two side by side.
void compare(paper::finding& found, paper::runs const& runs, figures::chart& chart,
             std::string const& name, std::string_view column) {
  auto const there = published::over_training("one layer", column);
  chart.lines.push_back(
      {.label = "published", .x = there.steps, .y = there.values, .dash = figures::dash::dashed});
  for (std::uint64_t const step : {100U, 200U, 500U, 1000U}) {
    auto const here = dm::band_of(runs.at(0, column, step));
    if (std::isnan(here.middle)) continue;
    double const value = published::at("one layer", column, static_cast<double>(step));
    found.numbers.push_back(
        {fmt::format("{} at step {}", name, step), here, fmt::format("{:.3g}", value)});
  }
}

paper::finding measure(paper::setting const& how) {
  auto const steps = how.steps_or(how.paper_scale ? 1001 : 1200); // step 1000 is measured, too
  auto const plan = how.schedule(steps, how.paper_scale ? 512 : 32);
  auto const on = how.paper_scale ? paper::fixed_batch<program::paper_shape>(how)
                                  : paper::fixed_batch<program::demo_shape>(how);
  paper::watching const watch{
      .on = on, .every = 20, .closely_until = how.paper_scale ? 0 : steps / 3};
  auto const runs = paper::over_seeds(
      how, {{"softmax + AdamW", steps, [&](paper::one_run const& run) {
               // Large products are rounded and rearranged for speed, which `ran` says.
               if (how.paper_scale) {
                 return train<program::paper_shape, dm::merged_projections, dm::factored_embedding,
                              program::rounded>(how, run, {.lr = 3e-4}, plan, watch);
               }
               return train<program::demo_shape>(how, run, {.lr = 2e-3}, plan, watch);
             }}});

  std::size_t const lasting = how.paper_scale ? 3 : 10; // rows: 20 steps where they are close
  auto const bigram = runs.first_step(
      0, [](auto& row) { return paper::bigrams_learnt.passes(row["risk.bigram"]); }, lasting);
  auto const sink = runs.first_step(
      0, [](auto& row) { return paper::sink.passes(row[sink_column]); }, lasting);
  auto const copy = runs.first_step(
      0, [](auto& row) { return paper::copying_learnt.passes(row["risk.backcopy"]); }, lasting);
  auto const drain = runs.first_step(
      0, [](auto& row) { return row["value_drain.bos.0"] < 0.5 * row["value_drain.other.0"]; },
      lasting);
  auto const by_level = paper::formed_together(sink, drain, margin);
  auto const half_sink = paper::half_way(runs, 0, sink_column),
             half_drain = paper::half_way(runs, 0, "value_drain.bos.0");
  auto const by_half = paper::formed_together(half_sink, half_drain, margin);
  auto const after_copy = paper::formed_together(copy, sink, margin);

  std::string const axis = "step, linear then logarithmic";
  auto const over = [&](std::string const& title, std::string const& unit, bool log,
                        std::vector<figures::line> lines) {
    double const from = log ? std::numeric_limits<double>::quiet_NaN() : 0;
    return figures::chart{.title = title,
                          .x = {.label = axis,
                                .linear_to = static_cast<double>(steps) / 5,
                                .most = static_cast<double>(steps)},
                          .y = {.label = unit, .log = log, .least = from},
                          .lines = std::move(lines)};
  };
  auto risks =
      over("Risk", "nats", true,
           {runs.line(0, "risk.bigram", "bigram"), runs.line(0, "risk.backcopy", "backcopy")});
  auto attention = how.paper_scale ? over("Attention on <s>", "non-triggers with query 0", false,
                                          {runs.line(0, as_published, "here")})
                                   : over("Attention on <s>", "non-trigger queries", false,
                                          {runs.line(0, sink_column, "")});
  auto gaps = over("Sink logit gap", "score", false,
                   {runs.line(0, "sink_logit_gap.mean.0", "mean"),
                    runs.line(0, "sink_logit_gap.p10.0", "10% of tokens"),
                    runs.line(0, "sink_logit_gap.p90.0", "90% of tokens")});
  gaps.y.least = std::numeric_limits<double>::quiet_NaN();
  auto values = over("Value norm", "||W_O v||", false,
                     {runs.line(0, "value_drain.bos.0", "<s>"),
                      runs.line(0, "value_drain.other.0", "other tokens")});
  auto const at_end = [&](std::string_view column) { return dm::band_of(runs.last(0, column)); };
  auto const mean = [](paper::together const& t) {
    auto const& d = t.test.difference;
    return dm::band{d.low, d.mean, d.high};
  };
  auto const earlier = [](double a, double b) { return a < b; };
  auto const close = [](double a, double b) { return std::abs(b - a) <= margin * a; };
  paper::finding found{
      .ran = fmt::format(
          "one layer, {}, {} steps; measured on one fixed batch, every {} steps",
          how.paper_scale
              ? fmt::format("width 256, context 256, AdamW 3e-4, batch 512, {}, exact algebra",
                            program::products_in_words)
              : "width 64, context 64, AdamW 2e-3, batch 32",
          steps,
          how.paper_scale ? "20"
                          : fmt::format("2 steps to {}, then every 20", watch.closely_until)),
      .numbers =
          {{fmt::format("bigram risk at most {} nats from step", paper::bigrams_learnt.value),
            dm::band_of(bigram), published_step(paper::bigrams_learnt)},
           {fmt::format("backcopy risk at most {} nats from step", paper::copying_learnt.value),
            dm::band_of(copy), published_step(paper::copying_learnt)},
           {fmt::format("attention on <s> from non-triggers at least {} from step",
                        paper::sink.value),
            dm::band_of(sink), published_step(paper::sink)},
           {"value norm of <s> below half the others' from step", dm::band_of(drain)},
           {"drain after sink by these levels, share of the sink's step: mean, 90% interval",
            mean(by_level)},
           {"value norm of <s> half of its way after attention on it, share of the latter's step: "
            "mean, 90% interval",
            mean(by_half), fmt::format("{:.2f}", published_lag(1000))},
           {"sink after copying, share of copying's step: mean, 90% interval", mean(after_copy)},
           {"attention on <s> from non-triggers at the end", at_end(sink_column)},
           {"sink logit gap at the end", at_end("sink_logit_gap.mean.0")},
           {"value norm of <s> at the end", at_end("value_drain.bos.0")}},
      .statements =
          {{"the bigrams are learnt before the sink forms", paper::each_seed(bigram, sink, earlier),
            paper::paired_difference("sink less bigrams", sink, bigram, "steps")},
           {fmt::format("sink (attention from non-triggers at least {}) and drain (value norm of "
                        "<s> below half the others') form within {:.0f}% of the sink's step",
                        paper::sink.value, 100 * margin),
            paper::each_seed(sink, drain, close),
            paper::paired_difference("drain less sink", drain, sink, "steps")},
           {fmt::format("attention on <s> from non-triggers and the value norm of <s> have come "
                        "half of their way within {:.0f}% of the former's step",
                        100 * margin),
            paper::each_seed(half_sink, half_drain, close),
            paper::paired_difference("value norm less attention", half_drain, half_sink, "steps")},
           {"the value norm of <s> ends below half that of the other tokens",
            paper::each_seed(runs.last(0, "value_drain.ratio.0"),
                             [](double ratio) { return ratio < 0.5; })}},
      .data = runs};
  auto const says = [](paper::together const& t) {
    auto const& d = t.test.difference;
    return fmt::format("{:+.0f}% ({:+.0f}% to {:+.0f}%, {} seeds{}: {})", 100 * d.mean, 100 * d.low,
                       100 * d.high, t.later.size(),
                       t.without == 0 ? "" : fmt::format(", {} without one of the two", t.without),
                       t.test.in_words());
  };
  found.words = fmt::format(
      "Medians over seeds: bigrams are learnt {}, copying {}; the sink is there {} and the drain "
      "{}. Paired by seed and by these levels, the drain comes after the sink by {} of the sink's "
      "step. By the half of its own way, the value norm of <s> comes after attention on it by {}; "
      "minus is before. The margin is {:.0f}%, what the paper's figure, drawn every 20 steps, can "
      "tell apart; intervals are of 90%.",
      paper::by_step(dm::band_of(bigram)), paper::by_step(dm::band_of(copy)),
      paper::by_step(dm::band_of(sink)), paper::by_step(dm::band_of(drain)), says(by_level),
      says(by_half), 100 * margin);
  if (how.paper_scale) {
    compare(found, runs, attention, "attention on <s>, non-triggers with query 0", as_published);
    compare(found, runs, values, "value norm of <s>", "value_drain.bos.0");
  }
  found.figure = {.panels = {risks, attention, gaps, values}};
  return found;
}

} // namespace

int main(int argc, char** argv) { return paper::experiment(argc, argv, what, measure); }
