// SPDX-License-Identifier: MIT
// Whether the sink logits of all non-trigger tokens become equal while they grow.
#include "common/finding.hpp"
#include "common/softmax_layers.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace dm = dormant;

namespace {

paper::claim const what = {
    .name = "logit_concentration",
    .title = "Sink logits grow and concentrate",
    .where = "section 2.2",
    .sentence = "The sink logits of all non-trigger tokens keep growing and concentrate: they are "
                "large and nearly equal."};

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

paper::finding measure(paper::setting const& how) {
  dm::bigram_backcopy<program::demo_shape> const names({.table = how.table});
  auto const unigrams = names.table()->row(static_cast<std::size_t>(names.unigram_row()));
  auto const share = [&](dm::token t) { return unigrams[static_cast<std::size_t>(t)]; };
  std::vector<dm::token> tokens; // that are no triggers
  for (dm::token t = 0; t < names.bos(); ++t)
    if (!names.is_trigger(t)) tokens.push_back(t);
  std::ranges::stable_sort(tokens, std::less{}, share);

  paper::softmax_layers<1> const model{how};
  auto const runs = model.over_seeds([&](auto& net, auto const& task, auto const& train) {
    auto rows = train(dm::attention_sink{}, dm::sink_logit_gap{});
    for (auto& row : rows) {
      // Between the outer tenths of the tokens, each token counting once.
      double const spread = row["sink_logit_gap.p90.0"] - row["sink_logit_gap.p10.0"];
      double const mean = row["sink_logit_gap.mean.0"];
      row.add("spread", spread);
      // Before there is a sink the mean is about zero, and a share of it says nothing.
      row.add("relative_spread", mean > 0.5 ? spread / mean : nan);
    }
    dm::sink_logit_gap gap;
    net.evaluate(task.sample(512), gap);
    std::vector<double> common;
    for (auto const t : tokens) {
      double const here = gap.of_token(0, t);
      rows.back().add(fmt::format("gap_of_token_{}", t), here);
      if (share(t) >= 0.01) common.push_back(here);
    }
    rows.back().add("relative_spread_common",
                    (dm::quantile(common, 0.9) - dm::quantile(common, 0.1)) /
                        (std::accumulate(common.begin(), common.end(), 0.0) /
                         static_cast<double>(common.size())));
    return rows;
  });

  auto const steps = model.steps();
  auto const over = [&](std::string const& title, std::string const& unit,
                        std::vector<figures::line> lines) {
    return figures::chart{.title = title,
                          .x = {.label = "step, linear then logarithmic",
                                .linear_to = static_cast<double>(steps) / 5,
                                .least = 0,
                                .most = static_cast<double>(steps)},
                          .y = {.label = unit},
                          .lines = std::move(lines)};
  };
  figures::line of_tokens;
  for (auto const t : tokens) {
    auto const gap = dm::band_of(runs.last(0, fmt::format("gap_of_token_{}", t)));
    of_tokens.x.push_back(100 * share(t));
    of_tokens.y.push_back(gap.middle);
    of_tokens.low.push_back(gap.low);
    of_tokens.high.push_back(gap.high);
  }
  auto ratio = over("Relative spread", "(90% - 10%) / mean", {runs.line(0, "relative_spread", "")});
  ratio.y.least = 0;
  figures::chart const at_end{.title = "Sink logit gap of each non-trigger token at the end",
                              .x = {.label = "share of the text, %", .log = true},
                              .y = {.label = "score"},
                              .lines = {of_tokens}};

  auto const early = steps / 4;
  auto const mean = runs.last(0, "sink_logit_gap.mean.0"), spread = runs.last(0, "spread"),
             relative = runs.last(0, "relative_spread");
  auto const mean_early = runs.at(0, "sink_logit_gap.mean.0", early),
             spread_early = runs.at(0, "spread", early),
             relative_early = runs.at(0, "relative_spread", early);
  auto const not_more = [](double end, double before) { return end <= before; };
  paper::finding found{
      .ran = model.in_words(),
      .numbers = {{"mean gap after a quarter of the steps", dm::band_of(mean_early)},
                  {"mean gap at the end", dm::band_of(mean)},
                  {"10 to 90% spread after a quarter", dm::band_of(spread_early)},
                  {"10 to 90% spread at the end", dm::band_of(spread)},
                  {"spread / mean after a quarter", dm::band_of(relative_early)},
                  {"spread / mean at the end", dm::band_of(relative)},
                  {"spread / mean at the end, tokens of 1% of the text or more",
                   dm::band_of(runs.last(0, "relative_spread_common"))}},
      .statements = {{"the mean gap at the end is at least 1.5 times that after a quarter of the "
                      "steps",
                      paper::each_seed(
                          mean, mean_early,
                          [](double end, double before) { return end >= 1.5 * before; })},
                     {"relative to the mean, the spread over tokens is smaller at the end than "
                      "after a quarter of the steps",
                      paper::each_seed(relative, relative_early, not_more)},
                     {"nearly equal: at the end the spread is at most half of the mean",
                      paper::each_seed(relative, [](double r) { return r <= 0.5; })},
                     {"the spread itself is no larger at the end than after a quarter of the steps",
                      paper::each_seed(spread, spread_early, not_more)}},
      .figure = {.panels = {over("Sink logit gap over non-trigger tokens", "score",
                                 {runs.line(0, "sink_logit_gap.mean.0", "mean"),
                                  runs.line(0, "sink_logit_gap.p10.0", "10% of tokens"),
                                  runs.line(0, "sink_logit_gap.p90.0", "90% of tokens")}),
                            over("Spread between 10% and 90% of tokens", "score",
                                 {runs.line(0, "spread", "")}),
                            ratio, at_end}},
      .data = runs};
  auto const& n = found.numbers;
  found.words = fmt::format(
      "Medians over seeds, from a quarter of the steps to the end: the mean gap goes from {:.2f} "
      "to "
      "{:.2f}, its 10 to 90% spread over tokens from {:.2f} to {:.2f}, so from {:.2f} to {:.2f} of "
      "the mean. Among tokens that make up 1% of the text or more it ends at {:.2f} of the mean. "
      "The paper "
      "says nearly equal: {}.",
      n[0].value.middle, n[1].value.middle, n[2].value.middle, n[3].value.middle, n[4].value.middle,
      n[5].value.middle, n[6].value.middle,
      n[5].value.middle <= 0.5 ? "so they are here"
                               : "here they differ by more than half the mean");
  return found;
}

} // namespace

int main(int argc, char** argv) { return paper::experiment(argc, argv, what, measure); }
