// SPDX-License-Identifier: MIT
// The published run of one layer, begun where the authors began and elsewhere: how far the paper's
// curves are those of its initial values.
#include "common/finding.hpp"
#include "common/models.hpp"
#include "common/published.hpp"

#include <dormant/dormant.hpp>
#include <dormant/model/torch_initial_values.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace dm = dormant;

namespace {

paper::claim const what = {
    .name = "published_run",
    .title = "The published run, and other initial values",
    .where = "section 2.2, figure 4",
    .sentence =
        "In one layer trained by AdamW on batches of 512, attention on <s> from non-trigger "
        "queries rises to .22 by step 200, .65 by step 500 and .78 by step 1000.",
    .seeds = 3}; // the models are of the authors' width at any scale

constexpr auto attention = "attention_sink.as_published.0";
constexpr double close = 0.01; // of attention, which the paper draws to about that

struct asked {
  std::uint64_t batch = 0, authors = 1;
  bool bf16 = false;
} options;

template <class... Parts>
paper::curve trained(paper::setting const& how, paper::one_run const& run, bool from_authors,
                     dm::schedule const& plan, dm::batch const& on) {
  dm::transformer<program::paper_shape, dm::softmax, dm::merged_projections, dm::factored_embedding,
                  Parts...>
      net({.seed = run.seeds.init});
  if (from_authors) dm::draw_as_torch(net, published::seed);
  dm::bigram_backcopy<program::paper_shape> const task(
      {.seed = run.seeds.data, .table = how.table});
  return paper::train_watched(run, net, task, dm::adamw{.lr = 3e-4}, plan, {on, 20}, dm::risk{},
                              dm::attention_sink{}, dm::sink_logit_gap{}, dm::value_drain{},
                              dm::residual_peak{});
}

/// The published number beside those of all runs.
figures::chart chart_of(paper::runs const& runs, std::string const& title, std::string const& unit,
                        std::string_view column, double until) {
  figures::chart out{
      .title = title, .x = {.label = "step", .least = 0, .most = until}, .y = {.label = unit}};
  auto there = published::over_training("one layer", column);
  there.end_at(until);
  out.lines.push_back({.label = "published, batch 512", .x = there.steps, .y = there.values});
  for (std::size_t v = 0; v < runs.variants(); ++v) {
    for (std::size_t s = 0; s < runs[v].size(); ++s) {
      auto& line = out.lines.emplace_back(
          figures::line{.label = s == 0 ? runs.label(v) : "",
                        .colour = v + 1,
                        .dash = v == 0 ? figures::dash::dashed : figures::dash::dotted});
      for (auto const& row : runs[v][s]) {
        line.x.push_back(row["step"]);
        line.y.push_back(row[column]);
      }
    }
  }
  return out;
}

paper::finding measure(paper::setting how) {
  auto const batch = options.batch != 0 ? options.batch : how.paper_scale ? 512 : 64;
  auto const steps = how.steps_or(how.paper_scale ? 400 : 100);
  how.identity += fmt::format(", batch {}, bf16 {}", batch, options.bf16);
  how.paper_scale = true; // large models at any scale: one at a time, and kept on the way
  dm::schedule const plan{.steps = steps, .batch = batch, .threads = how.threads};
  auto const on = paper::fixed_batch<program::paper_shape>(how);
  auto const by = [&](bool from_authors) {
    return [&, from_authors](paper::one_run const& run) {
      return options.bf16 ? trained<program::rounded>(how, run, from_authors, plan, on)
                          : trained(how, run, from_authors, plan, on);
    };
  };
  auto const runs = paper::over_seeds(
      how, {{"the authors' initial values", steps, by(true),
             dm::paired_seeds({published::seed, how.first.data}, options.authors)},
            {"others", steps, by(false)}});

  paper::finding found{
      .ran = fmt::format("one layer, width 256, context 256, AdamW 3e-4, batch {}, {} steps, exact "
                         "algebra{}; measured on one fixed batch of {} sequences",
                         batch, steps, options.bf16 ? ", operands of products in bf16" : "",
                         on.rows()),
      .data = runs};
  double const until = static_cast<double>(steps);
  auto const there = published::over_training("one layer", attention);
  std::vector<double> farthest(runs[0].size()); // of each run, to step 100
  for (std::size_t i = 0; i < there.steps.size() && there.steps[i] <= until; ++i) {
    auto const step = static_cast<std::uint64_t>(there.steps[i]);
    auto const ours = runs.at(0, attention, step);
    for (std::size_t s = 0; step <= 100 && s < ours.size(); ++s)
      farthest[s] = std::max(farthest[s], std::abs(ours[s] - there.values[i]));
    if (step == 0 || (step != 100 && step % 200 != 0)) continue;
    auto const value = fmt::format("{:.3g}", there.values[i]);
    found.numbers.push_back(
        {fmt::format("attention on <s> from non-triggers (published definition) "
                     "at step {}, authors' initial values",
                     step),
         dm::band_of(ours), value});
    found.numbers.push_back({fmt::format("the same, {} others", runs[1].size()),
                             dm::band_of(runs.at(1, attention, step)), value});
  }
  found.statements.push_back(
      {fmt::format("from the authors' initial values attention on <s> (non-triggers, published "
                   "definition) is within {} of the published series at steps 0 to 100",
                   close),
       paper::each_seed(farthest, [](double off) { return off < close; })});
  auto const end = runs.last(1, attention);
  found.words = fmt::format(
      "To step 100 the run from the authors' initial values is within {:.4f} of the published "
      "attention. At step {} it has {:.3f}; {} other initialisations have {:.3f} to {:.3f}.",
      *std::ranges::max_element(farthest), steps, dm::median(runs.last(0, attention)), end.size(),
      *std::ranges::min_element(end), *std::ranges::max_element(end));
  found.figure.panels = {
      chart_of(runs, "Attention on <s>", "non-triggers with query 0", attention, until),
      chart_of(runs, "Value norm of <s>", "||W_O v||", "value_drain.bos.0", until),
      chart_of(runs, "Backcopy risk", "nats", "risk.backcopy", until),
      chart_of(runs, "Sink logit gap", "mean over tokens, score", "sink_logit_gap.mean.0", until)};
  return found;
}

} // namespace

int main(int argc, char** argv) {
  return paper::experiment(argc, argv, what, measure, [](program::command_line& line) {
    line.count("--batch", options.batch,
               "sequences a step, 0 for 512 at the paper's scale and 64 else",
               {.least = 0, .most = program::of_a_batch.most});
    line.count("--authors", options.authors,
               "runs from the authors' initial values, each on data of its own", program::of_runs);
    line.on("--bf16", options.bf16,
            "round operands of products to bf16, where the processor has instructions for it");
    if (!dm::bf16_is_fast<>) {
      line.refuse("--bf16", "this build has no AVX512_BF16 instructions, without which rounding "
                            "makes a run slower");
    }
  });
}
