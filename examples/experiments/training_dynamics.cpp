// SPDX-License-Identifier: MIT
// What is learnt when: first the bigrams, then copying and the sink, then the drain.
#include "common/finding.hpp"
#include "common/models.hpp"
#include "common/number_table.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

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

template <dm::shape Shape, class... Parts>
paper::curve train(paper::setting const& how, std::uint64_t seed, program::board& all,
                   dm::adamw const& optimizer, dm::schedule const& plan) {
  dm::transformer<Shape, dm::softmax, Parts...> net({.seed = seed});
  dm::bigram_backcopy<Shape> const task({.seed = seed, .table = how.table});
  return paper::train(all, net, task, optimizer, plan, dm::risk{}, dm::attention_sink{},
                      dm::sink_logit_gap{}, dm::value_drain{}, dm::residual_peak{});
}

figures::line from_file(program::number_table const& series, std::string_view column) {
  return {
      .label = "published, batch 512", .x = series["step"], .y = series[column], .dashed = true};
}

paper::finding measure(paper::setting const& how) {
  auto const steps = how.steps_or(how.paper_scale ? 1000 : 1200);
  auto const plan = how.schedule(steps, how.paper_scale ? 512 : 32);
  auto const runs = paper::over_seeds(
      how, {{"softmax + AdamW", steps, [&](std::uint64_t seed, program::board& all) {
               // Large products are rounded and rearranged for speed, which `ran` says.
               if (how.paper_scale) {
                 return train<program::paper_shape, dm::merged_projections, dm::factored_embedding,
                              dm::bf16>(how, seed, all, {.lr = 3e-4}, plan);
               }
               return train<program::demo_shape>(how, seed, all, {.lr = 2e-3}, plan);
             }}});

  auto const bigram = runs.first_step(0, [](auto& row) { return row["bigram_risk"] < 2.5; });
  auto const sink = runs.first_step(0, [](auto& row) { return row["attention_on_bos_0"] > 0.3; });
  auto const copy = runs.first_step(0, [](auto& row) { return row["backcopy_risk"] < 0.5; });
  auto const drain = runs.first_step(
      0, [](auto& row) { return row["value_norm_bos_0"] < 0.5 * row["value_norm_other_0"]; });

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
           {runs.line(0, "bigram_risk", "bigram"), runs.line(0, "backcopy_risk", "backcopy")});
  auto attention = over("Attention on <s>", "mean over queries", false,
                        {runs.line(0, "attention_on_bos_0", published.empty() ? "" : "here")});
  auto gaps = over("Sink logit gap", "score", false,
                   {runs.line(0, "sink_logit_gap_0", "mean over tokens"),
                    runs.line(0, "sink_logit_gap_p10_0", "10% of tokens"),
                    runs.line(0, "sink_logit_gap_p90_0", "90% of tokens")});
  gaps.y.least = std::numeric_limits<double>::quiet_NaN();
  auto values = over("Value norm", "||W_O v||", false,
                     {runs.line(0, "value_norm_bos_0", "<s>"),
                      runs.line(0, "value_norm_other_0", "other tokens")});
  attention.legend = gaps.legend = "top left";
  values.legend = "bottom left";
  if (!published.empty()) {
    auto const series = program::number_table::read(published);
    attention.lines.push_back(from_file(series, "attention_on_bos"));
    values.lines.push_back(from_file(series, "value_norm_bos"));
    attention.x.most = values.x.most = static_cast<double>(steps);
  }

  auto const at_end = [&](std::string_view column) { return dm::band_of(runs.last(0, column)); };
  auto const earlier = [](double a, double b) { return a < b; };
  bool const far = how.paper_scale && steps == 1000;
  paper::finding found{
      .ran =
          how.paper_scale
              ? fmt::format("one layer, width 256, context 256, AdamW 3e-4, batch 512, {} steps; "
                            "operands of products in bf16, exact algebra",
                            steps)
              : fmt::format("one layer, width 64, context 64, AdamW 2e-3, batch 32, {} steps",
                            steps),
      .numbers = {{"bigram risk below 2.5 nats from step", dm::band_of(bigram)},
                  {"backcopy risk below 0.5 nats from step", dm::band_of(copy)},
                  {"attention on <s> above 0.3 from step", dm::band_of(sink)},
                  {"value norm of <s> below half the others' from step", dm::band_of(drain)},
                  {"attention on <s> at the end", at_end("attention_on_bos_0"), far ? "0.779" : ""},
                  {"sink logit gap at the end", at_end("sink_logit_gap_0"), far ? "9.7" : ""},
                  {"value norm of <s> at the end", at_end("value_norm_bos_0"), far ? "3.51" : ""}},
      .statements = {{"the bigrams are learnt before the sink forms",
                      paper::each_seed(bigram, sink, earlier)},
                     {"the value norm of <s> ends below half that of the other tokens",
                      paper::each_seed(drain, [](double step) { return !std::isnan(step); })}},
      .figure = {.panels = {risks, attention, gaps, values}, .columns = 2},
      .data = runs};
  found.words =
      fmt::format("Medians over seeds: bigrams are learnt {}, copying {}; the sink is there "
                  "{} and the drain {}.",
                  paper::by_step(dm::band_of(bigram)), paper::by_step(dm::band_of(copy)),
                  paper::by_step(dm::band_of(sink)), paper::by_step(dm::band_of(drain)));
  return found;
}

} // namespace

int main(int argc, char** argv) {
  return paper::experiment(argc, argv, what, measure, [](program::command_line& options) {
    options.text("--published", published, "a published series to draw beside", "FILE.csv");
  });
}
