// SPDX-License-Identifier: MIT
// Whether the sink logits of all non-trigger tokens become equal while they grow.
#include "common/finding.hpp"
#include "common/models.hpp"
#include "experiments/concentration.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
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

template <dm::shape Shape, class... Parts>
paper::curve train(paper::setting const& how, paper::one_run const& run, dm::schedule const& plan,
                   std::vector<dm::token> const& tokens) {
  dm::transformer<Shape, dm::softmax, Parts...> net({.seed = run.seeds.init});
  dm::bigram_backcopy<Shape> const task({.seed = run.seeds.data, .table = how.table});
  // Rare tokens count as much as others, so that few sequences would add their noise to the spread.
  auto const on = dm::bigram_backcopy<Shape>({.seed = 0, .table = how.table}).sample(512);
  auto rows = paper::train_watched(run, net, task, dm::adamw{.lr = how.paper_scale ? 3e-4 : 2e-3},
                                   plan, {.on = on, .every = how.paper_scale ? 50U : 60U},
                                   dm::attention_sink{}, dm::sink_logit_gap{});
  for (auto& row : rows) {
    double const low = row["sink_logit_gap.p10.0"], high = row["sink_logit_gap.p90.0"];
    row.add("spread", high - low); // between the outer tenths of tokens, each counting once
    row.add("relative_spread", paper::relative_spread(low, high, row["sink_logit_gap.mean.0"]));
  }
  dm::sink_logit_gap gap;
  net.evaluate(on, gap);
  for (auto const t : tokens)
    rows.back().add(fmt::format("gap_of_token_{}", t), gap.of_token(0, t));
  return rows;
}

/// (90% - 10% quantile) / mean of the gaps at the end, for every seed,
/// of the tokens that are common.
template <class Share>
std::vector<double> common_spread(paper::runs const& runs, std::vector<dm::token> const& tokens,
                                  Share share) {
  std::vector<double> out;
  for (auto const& rows : runs[0]) {
    std::vector<double> gaps;
    for (auto const t : tokens)
      if (share(t) >= 0.01) gaps.push_back(rows.back()[fmt::format("gap_of_token_{}", t)]);
    double const mean =
        std::accumulate(gaps.begin(), gaps.end(), 0.0) / static_cast<double>(gaps.size());
    out.push_back(paper::relative_spread(dm::quantile(gaps, 0.1), dm::quantile(gaps, 0.9), mean));
  }
  return out;
}

paper::finding measure(paper::setting const& how) {
  dm::bigram_backcopy<program::demo_shape> const names({.table = how.table});
  auto const unigrams = names.table()->row(static_cast<std::size_t>(names.unigram_row()));
  auto const share = [&](dm::token t) { return unigrams[static_cast<std::size_t>(t)]; };
  std::vector<dm::token> tokens; // that are no triggers
  for (dm::token t = 0; t < names.bos(); ++t)
    if (!names.is_trigger(t)) tokens.push_back(t);
  std::ranges::stable_sort(tokens, std::less{}, share);

  auto const steps = how.steps_or(how.paper_scale ? 1000 : 1200);
  auto const plan = how.schedule(steps, how.paper_scale ? 512 : 32);
  auto const runs = paper::over_seeds(
      how, {{"softmax + AdamW", steps, [&](paper::one_run const& run) {
               // Rounded for speed, which `ran` says.
               if (how.paper_scale) {
                 return train<program::paper_shape, program::rounded>(how, run, plan, tokens);
               }
               return train<program::demo_shape>(how, run, plan, tokens);
             }}});

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
  // Against the mean gap itself, so that runs of other widths and rates can be compared.
  auto const there = paper::concentration_as_published();
  auto here = runs.line(0, "relative_spread", "here");
  here.x = runs.line(0, "sink_logit_gap.mean.0", "").y;
  figures::chart const ratio{.title = "Spread relative to the mean, as the mean grows",
                             .x = {.label = "mean gap, score", .least = 0},
                             .y = {.label = "(90% - 10%) / mean", .log = true},
                             .lines = {here,
                                       {.label = "published, one run, width 256",
                                        .x = there.means,
                                        .y = there.relative_spreads,
                                        .dash = figures::dash::dashed}}};
  figures::chart const at_end{.title = "Gap of each non-trigger token at the end",
                              .x = {.label = "share of the text, %", .log = true},
                              .y = {.label = "score"},
                              .lines = {of_tokens}};

  auto const early = steps / 4;
  auto const mean = runs.last(0, "sink_logit_gap.mean.0"), spread = runs.last(0, "spread"),
             relative = runs.last(0, "relative_spread");
  auto const mean_early = runs.at(0, "sink_logit_gap.mean.0", early),
             relative_early = runs.at(0, "relative_spread", early);
  auto const common = common_spread(runs, tokens, share);
  std::vector<double> over_published; // at the same mean gap
  for (std::size_t s = 0; s < mean.size(); ++s) {
    double const ratio_there = relative[s] / there.at_mean(mean[s]);
    if (!std::isnan(ratio_there)) over_published.push_back(ratio_there);
  }
  auto const gap = [](std::string const& quantity) {
    return published::at("one layer", "sink_logit_gap." + quantity + ".0", 1000);
  };
  auto const at_1000 = [](double value) { return fmt::format("{:.3g} at step 1000", value); };
  auto const by_steps =
      fmt::format("{:.2f} at step 1000, {:.2f} at 10,000, {:.2f} at 199,000", there.at_step(1000),
                  there.at_step(10'000), there.at_step(199'000));
  paper::finding found{
      .ran = fmt::format("one layer, {}, {} steps; measured on one fixed batch of 512 sequences",
                         how.paper_scale
                             ? fmt::format("width 256, context 256, AdamW 3e-4, batch 512, {}",
                                           program::products_in_words)
                             : "width 64, context 64, AdamW 2e-3, batch 32",
                         steps),
      .numbers =
          {{"mean gap after a quarter of the steps", dm::band_of(mean_early)},
           {"mean gap at the end", dm::band_of(mean), at_1000(gap("mean"))},
           {"10 to 90% spread at the end", dm::band_of(spread), at_1000(gap("p90") - gap("p10"))},
           {"spread / mean after a quarter", dm::band_of(relative_early)},
           {"spread / mean at the end", dm::band_of(relative), by_steps},
           {fmt::format("spread / mean over the published one at the same mean gap, {} seeds "
                        "that have a sink",
                        over_published.size()),
            dm::band_of(over_published), "1"},
           {"spread / mean at the end, tokens of 1% of the text or more", dm::band_of(common)}},
      .statements =
          {{"the mean gap grows: it is larger at the end than after a quarter of the steps",
            paper::each_seed(mean, mean_early, std::greater<>{}),
            paper::paired_difference("mean gap, end less quarter", mean, mean_early, "score")},
           {"it concentrates: relative to the mean, the spread over tokens is smaller at the end "
            "than after a quarter of the steps",
            paper::each_seed(relative, relative_early, std::less<>{}),
            paper::paired_difference("spread / mean, end less quarter", relative, relative_early)}},
      .figure = {.panels = {over("Sink logit gap over non-trigger tokens", "score",
                                 {runs.line(0, "sink_logit_gap.mean.0", "mean"),
                                  runs.line(0, "sink_logit_gap.p10.0", "10% of tokens"),
                                  runs.line(0, "sink_logit_gap.p90.0", "90% of tokens")}),
                            ratio, at_end}},
      .data = runs};
  double const end = dm::median(relative), same = dm::median(over_published);
  auto const half = std::ranges::find_if(there.relative_spreads, [](double r) { return r <= 0.5; });
  found.words = fmt::format(
      "Medians over seeds, from a quarter of the steps to the end: the mean gap goes from {:.2f} "
      "to "
      "{:.2f}, its 10 to 90% spread over tokens from {:.2f} to {:.2f} of the mean; among tokens "
      "that "
      "make up 1% of the text or more it ends at {:.2f}. The published run has {}: when its mean "
      "gap "
      "was as large as ours, ours is {:.2f} times its spread. Nearly equal, a spread of at most "
      "half "
      "the mean, is what it first is at step {:.0f}; {} runs of {} steps {}.",
      dm::median(mean_early), dm::median(mean), dm::median(relative_early), end, dm::median(common),
      by_steps, same, there.steps[static_cast<std::size_t>(half - there.relative_spreads.begin())],
      mean.size(), steps, end <= 0.5 ? "are there, too" : "do not say whether ours would be");
  return found;
}

} // namespace

int main(int argc, char** argv) { return paper::experiment(argc, argv, what, measure); }
