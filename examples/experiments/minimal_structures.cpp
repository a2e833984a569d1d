// SPDX-License-Identifier: MIT
// What a residual peak needs: layers and their parts are taken away until it is gone.
#include "common/finding.hpp"
#include "common/models.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace dm = dormant;

namespace {

paper::claim const what = {
    .name = "minimal_structures",
    .title = "What a residual peak needs",
    .where = "section 3 and appendix",
    .sentence = "With two layers or more, the MLP of the first layer writes a large vector on <s>, "
                "of which attention in a later layer makes a sink and a drain. Attention in the "
                "first and the last layer is not needed."};

constexpr double peak_from = 1.5; // residual norm of <s> over the others'; near 1 before training

using whole = dm::block<dm::softmax>;
using without_mlp = dm::block<dm::softmax, dm::no_mlp>;
using with_linear = dm::block<dm::softmax, dm::linear>;
using without_attention = dm::mlp_block<>;

template <dm::shape Base, class... Blocks>
paper::curve train(paper::setting const& how, paper::one_run const& run, double lr,
                   dm::schedule const& plan) {
  constexpr auto shape = program::with_layers(Base, sizeof...(Blocks));
  dm::transformer<shape, dm::stack<Blocks...>> net({.seed = run.seeds.init});
  dm::bigram_backcopy<shape> const task({.seed = run.seeds.data, .table = how.table});
  auto rows = paper::train(run, net, task, dm::adamw{.lr = lr}, plan, dm::risk{},
                           dm::attention_sink{}, dm::value_drain{}, dm::residual_peak{});
  for (auto& row : rows) {
    double peak = 0, sink = 0, drain = 0;
    for (std::size_t l = 0; l < shape.layers; ++l) {
      peak = std::max(peak, paper::bos_ratio(row, "residual_peak", l));
      auto const here = fmt::format("attention_sink.mean.{}", l);
      if (row.has(here) && row[here] > sink) { // a layer without attention has none
        sink = row[here];
        drain = paper::bos_ratio(row, "value_drain", l);
      }
    }
    row.add("peak_0", paper::bos_ratio(row, "residual_peak", 0));
    row.add("peak_highest", peak);
    row.add("sink_highest", sink);
    row.add("drain_1", paper::bos_ratio(row, "value_drain", 1));
    row.add("drain_there", drain);
  }
  return rows;
}

template <class... Blocks>
paper::variant structure(std::string label, paper::setting const& how) {
  auto const steps = how.steps_or(how.paper_scale ? 10'000 : 1200);
  return {std::move(label), steps, [&how, steps](paper::one_run const& run) {
            auto const plan = how.schedule(steps, how.paper_scale ? 512 : 8);
            return how.paper_scale ? train<program::paper_shape, Blocks...>(how, run, 3e-4, plan)
                                   : train<program::demo_shape, Blocks...>(how, run, 3e-3, plan);
          }};
}

paper::finding measure(paper::setting const& how) {
  constexpr std::size_t three_layers = 1, no_mlp_0 = 4, linear_0 = 6;
  std::vector<paper::variant> const structures = {
      structure<whole, whole>("two layers", how),
      structure<whole, whole, whole>("three layers", how),
      structure<whole, whole, without_attention>("no attention in 2", how),
      structure<without_attention, whole, without_attention>("no attention in 0, 2", how),
      structure<without_mlp, whole, whole>("no MLP in 0", how),
      structure<without_mlp, whole, without_mlp>("no MLP in 0, 2", how),
      structure<with_linear, whole, whole>("linear MLP in 0", how),
      structure<with_linear, whole, with_linear>("linear MLP in 0, 2", how)};
  auto const runs = paper::over_seeds(how, structures);

  paper::finding found{.ran = fmt::format("{} softmax, {} steps; three layers unless two are named",
                                          how.paper_scale
                                              ? "width 256, context 256, AdamW 3e-4, batch 512,"
                                              : "width 64, context 64, AdamW 3e-3, batch 8,",
                                          structures.front().steps),
                       .data = runs};
  auto const panel = [&](std::string const& title, figures::axis const& y, double guide,
                         std::vector<std::pair<std::string, std::string>> const& columns) {
    figures::comparison shown{.title = title, .y = y, .guide = guide};
    for (std::size_t v = 0; v < runs.variants(); ++v) shown.categories.push_back(runs.label(v));
    for (auto const& [column, label] : columns) {
      auto& line = shown.lines.emplace_back(figures::comparison::series{.label = label});
      for (std::size_t v = 0; v < runs.variants(); ++v) {
        auto const over = dm::band_of(runs.last(v, column));
        paper::add(line, over);
        found.numbers.push_back({fmt::format("{}: {} {}", runs.label(v), title, label), over});
      }
    }
    found.figure.panels.emplace_back(shown);
  };
  panel("residual norm, <s> / others", {.label = "ratio", .log = true}, peak_from,
        {{"peak_0", "after layer 0"}, {"peak_highest", "highest of all layers"}});
  panel("attention on <s>", {.label = "mean over all queries", .least = 0}, 0.3,
        {{"attention_sink.mean.1", "in layer 1"}, {"sink_highest", "highest of all layers"}});
  panel("value norm, <s> / others", {.label = "ratio", .least = 0}, 0.5,
        {{"drain_1", "in layer 1"}, {"drain_there", "in the sink's layer"}});

  std::string with, without;
  std::size_t elsewhere = 0;
  for (std::size_t v = 0; v < runs.variants(); ++v) {
    auto const peaks = runs.last(v, "peak_0");
    found.statements.push_back(
        {fmt::format("{}: after layer 0 the residual norm of <s> is at least {} times the others'",
                     runs.label(v), peak_from),
         paper::each_seed(peaks, [](double x) { return x >= peak_from; })});
    bool const peaked = dm::median(peaks) >= peak_from;
    bool const as_said = v >= linear_0 || peaked == (v < no_mlp_0);
    auto& list = peaked ? with : without;
    list += fmt::format("{}{} ({:.2f}{})", list.empty() ? "" : "; ", runs.label(v),
                        dm::median(peaks), as_said ? "" : ", unlike in the paper");
    auto const first = runs.last(v, "attention_sink.mean.1"),
               highest = runs.last(v, "sink_highest");
    for (std::size_t s = 0; s < first.size(); ++s) elsewhere += highest[s] > first[s] ? 1 : 0;
  }
  found.statements.push_back(
      {"after layer 0 the ratio is lower without the MLP of layer 0 than with three whole layers "
       "from the same seed",
       paper::each_seed(runs.last(no_mlp_0, "peak_0"), runs.last(three_layers, "peak_0"),
                        std::less<>{})});
  found.words =
      fmt::format("A median ratio of at least {} after layer 0: {}. Less: {}. In {} of {} "
                  "runs the most attention on <s> is paid in another layer than layer 1.",
                  peak_from, with.empty() ? "none" : with, without.empty() ? "none" : without,
                  elsewhere, how.seeds * runs.variants());
  return found;
}

} // namespace

int main(int argc, char** argv) { return paper::experiment(argc, argv, what, measure); }
