// SPDX-License-Identifier: MIT
// ReLU attention instead of softmax, SGD instead of Adam: which phenomena they remove, after as many
// steps and, because SGD is slower, after as much has been learnt.
#include "common/finding.hpp"
#include "common/models.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace dm = dormant;

namespace {

paper::claim const what = {
    .name = "mitigations",
    .title = "ReLU removes sinks and drains, SGD removes peaks",
    .where = "section 3",
    .sentence =
        "ReLU attention in place of softmax removes sinks and drains, and with three layers "
        "residual peaks. SGD in place of Adam removes residual peaks."};

std::string const one = "one layer: ", three = "three: ";
constexpr double learnt = 0.5; // backcopy risk in nats at which runs are compared, from about 4.3

template <dm::shape Base, class Rule, std::size_t Layers, class Optimizer>
paper::curve train(paper::setting const& how, paper::one_run const& run, Optimizer const& optimizer,
                   dm::schedule const& plan) {
  // The minimal structure stands for three layers: whole ones may put their sink in layer 0.
  using three_layers = program::minimal<Base, Rule>;
  std::conditional_t<Layers == 1, dm::transformer<Base, Rule>, three_layers> net(
      {.seed = run.seeds.init});
  dm::bigram_backcopy<Base> const task({.seed = run.seeds.data, .table = how.table});
  auto rows = paper::train(run, net, task, optimizer, plan, dm::risk{}, dm::attention_sink{},
                           dm::value_drain{}, dm::residual_peak{});
  constexpr std::size_t head = Layers / 2; // the layer that has one
  for (auto& row : rows) {
    row.add("sink", row[fmt::format("attention_sink.mean.{}", head)]);
    row.add("drain", paper::bos_ratio(row, "value_drain", head));
    row.add("peak", paper::bos_ratio(row, "residual_peak", 0));
  }
  return rows;
}

/// In an order that `measure` counts on.
template <std::size_t Layers>
std::vector<paper::variant> ways(paper::setting const& how, std::uint64_t steps) {
  auto const run = [&]<class Rule>(Rule, std::string const& label, auto const& by) {
    return paper::variant{
        (Layers == 1 ? one : three) + label, steps, [&how, steps, by](paper::one_run const& run) {
          auto const plan = how.schedule(steps, how.paper_scale ? 512 : 8);
          return how.paper_scale ? train<program::paper_shape, Rule, Layers>(how, run, by, plan)
                                 : train<program::demo_shape, Rule, Layers>(how, run, by, plan);
        }};
  };
  dm::adamw const adam{.lr = how.paper_scale ? 3e-4 : 3e-3}, published_relu{.lr = 3e-3};
  dm::sgd const sgd{.lr = how.paper_scale ? 0.03 : 0.1};
  return {run(dm::softmax{}, "softmax + AdamW", adam), run(dm::softmax{}, "softmax + SGD", sgd),
          run(dm::relu{}, "ReLU + AdamW", Layers == 1 ? published_relu : adam),
          run(dm::relu{}, "ReLU + SGD", sgd)};
}

/// A number where each run's backcopy risk first is below `learnt`; NaN if it never is.
std::vector<double> when_learnt(paper::runs const& runs, std::size_t v, std::string_view column) {
  auto const below = [](dm::probe_row const& row) { return row["risk.backcopy"] < learnt; };
  return runs.at(v, column, runs.first_step(v, below));
}

paper::finding measure(paper::setting const& how) {
  auto const steps = how.steps_or(how.paper_scale ? 10'000 : 1500);
  auto variants = ways<1>(how, steps);
  std::ranges::move(ways<3>(how, steps), std::back_inserter(variants));
  auto const runs = paper::over_seeds(how, variants);
  char const* const where = how.paper_scale
                                ? "width 256, AdamW 3e-4 (one-layer ReLU 3e-3), SGD 0.03, batch 512"
                                : "width 64, AdamW 3e-3, SGD 0.1, batch 8";
  paper::finding found{
      .ran = fmt::format("one layer, and MLP | attention + MLP | MLP for three; {}, {} steps",
                         where, steps),
      .data = runs};
  auto const show = [&](std::string_view column, std::string const& title, std::size_t first) {
    std::string const ended = fmt::format("after {} steps", steps);
    std::string const there = fmt::format("at backcopy risk {}", learnt);
    auto const& structure = first == 0 ? one : three;
    // A ratio that grows from 1 is seen best on a logarithmic axis, one that falls on a linear one.
    bool const grows = column == "peak";
    figures::axis const y{.label = column == "sink" ? "mean over all queries" : "ratio",
                          .log = grows,
                          .least = grows ? std::nan("") : 0};
    figures::chart curves{.title = structure + title, .x = {.label = "step"}, .y = y};
    figures::comparison levels{.title = curves.title, .y = y};
    levels.lines = {{.label = ended}, {.label = there}};
    for (std::size_t v = first; v < first + 4; ++v) {
      levels.categories.push_back(runs.label(v).substr(structure.size()));
      curves.lines.push_back(runs.line(v, column, levels.categories.back()));
      for (bool const late : {true, false}) {
        auto values = late ? runs.last(v, column) : when_learnt(runs, v, column);
        std::erase_if(values, [](double x) { return std::isnan(x); });
        paper::add(levels.lines[late ? 0 : 1], dm::band_of(values));
        found.numbers.push_back({fmt::format("{}, {} {} ({} runs)", runs.label(v), title,
                                             late ? ended : there, values.size()),
                                 dm::band_of(values)});
      }
    }
    found.figure.panels.insert(found.figure.panels.end(), {curves, levels});
  };
  for (std::size_t const first : {0, 4}) show("sink", "attention on <s>", first);
  for (std::size_t const first : {0, 4}) show("drain", "value norm, <s> / others", first);
  for (std::size_t const first : {0, 4}) show("peak", "residual norm, <s> / others", first);
  auto const says = [&](std::size_t v, std::size_t other, std::string_view column,
                        std::string const& text, bool (*shows)(double, double)) {
    auto const all = (v < 4 ? one : three) + text;
    auto const ends = runs.last(v, column), others = runs.last(other, column);
    auto const then = when_learnt(runs, v, column), theirs = when_learnt(runs, other, column);
    found.statements.push_back(
        {all + ", after as many steps", paper::each_seed(ends, others, shows)});
    found.statements.push_back({fmt::format("{}, at backcopy risk {}", all, learnt),
                                paper::each_seed(then, theirs, shows)});
  };
  for (std::size_t const v : {0, 4}) {
    says(v, v + 2, "sink", "attention on <s> is at least 0.3 with softmax, at most 0.05 with ReLU",
         [](double a, double b) { return a >= 0.3 && b <= 0.05; });
    says(v, v + 2, "drain", "the value ratio is at most 0.5 with softmax, 1.5 times that with ReLU",
         [](double a, double b) { return a <= 0.5 && b >= 1.5 * a; });
  }
  auto const lower = [](double a, double b) { return b <= a - 0.2; };
  says(4, 6, "peak", "the residual ratio is lower by 0.2 with ReLU than with softmax", lower);
  says(4, 5, "peak", "the residual ratio is lower by 0.2 with SGD than with AdamW", lower);
  found.words =
      fmt::format("Median residual ratio of three at backcopy risk {}, at the end:", learnt);
  for (std::size_t v = 4; v < 8; ++v) {
    found.words += fmt::format(
        "{} {:.2f}, {:.2f} with {}", v == 4 ? "" : ";", dm::median(when_learnt(runs, v, "peak")),
        dm::median(runs.last(v, "peak")), runs.label(v).substr(three.size()));
  }
  found.words += ". ReLU is compared with softmax under AdamW, SGD with AdamW under softmax.";
  return found;
}

} // namespace

int main(int argc, char** argv) { return paper::experiment(argc, argv, what, measure); }
