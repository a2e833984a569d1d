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
#include <utility>
#include <vector>

namespace dm = dormant;

namespace {

paper::claim const what = {
    .name = "mitigations",
    .title = "ReLU removes sinks and drains, SGD removes peaks",
    .where = "section 3",
    .sentence = "ReLU attention instead of softmax removes attention sinks and value-state drains, "
                "and with three layers residual-state peaks. SGD instead of Adam removes "
                "residual-state peaks."};

std::string const one = "one layer: ", three = "three: ";
constexpr double learnt = 0.5; // backcopy risk in nats at which runs are compared, from about 4.3

/// MLP | attention + MLP | MLP stands for three layers: whole ones may put their sink in layer 0.
template <dm::shape Base, class Rule, std::size_t Layers>
using model = std::conditional_t<
    Layers == 1, dm::transformer<Base, Rule>,
    dm::transformer<program::with_layers(Base, 3),
                    dm::stack<dm::mlp_block<>, dm::block<Rule>, dm::mlp_block<>>>>;

template <dm::shape Base, class Rule, std::size_t Layers, class Optimizer>
paper::curve train(paper::setting const& how, std::uint64_t seed, program::board& all,
                   Optimizer const& optimizer, dm::schedule const& plan) {
  model<Base, Rule, Layers> net({.seed = seed});
  dm::bigram_backcopy<Base> const task({.seed = seed, .table = how.table});
  auto rows = paper::train(all, net, task, optimizer, plan, dm::risk{}, dm::attention_sink{},
                           dm::value_drain{}, dm::residual_peak{});
  constexpr std::size_t head = Layers / 2; // the layer that has one
  for (auto& row : rows) {
    row.add("sink", row[fmt::format("attention_on_bos_{}", head)]);
    row.add("drain", paper::bos_ratio(row, "value_norm", head));
    row.add("peak", paper::bos_ratio(row, "residual_norm", 0));
  }
  return rows;
}

/// In an order that `measure` counts on.
template <std::size_t Layers>
std::vector<paper::variant> ways(paper::setting const& how, std::uint64_t steps) {
  auto const run = [&]<class Rule, class Optimizer>(Rule, std::string const& label,
                                                    Optimizer const& here,
                                                    Optimizer const& published) -> paper::variant {
    return {(Layers == 1 ? one : three) + label, steps,
            [&how, steps, here, published](std::uint64_t seed, program::board& all) {
              auto const plan = how.schedule(steps, how.paper_scale ? 512 : 8);
              return how.paper_scale
                         ? train<program::paper_shape, Rule, Layers>(how, seed, all, published,
                                                                     plan)
                         : train<program::demo_shape, Rule, Layers>(how, seed, all, here, plan);
            }};
  };
  dm::adamw const adam{.lr = 3e-3}, slow_adam{.lr = 3e-4};
  dm::sgd const sgd{.lr = 0.1}, slow_sgd{.lr = 0.03};
  return {run(dm::softmax{}, "softmax + AdamW", adam, slow_adam),
          run(dm::softmax{}, "softmax + SGD", sgd, slow_sgd),
          run(dm::relu{}, "ReLU + AdamW", adam, Layers == 1 ? adam : slow_adam), // as published
          run(dm::relu{}, "ReLU + SGD", sgd, slow_sgd)};
}

/// A number where each run's backcopy risk first is below `learnt`; NaN if it never is.
std::vector<double> when_learnt(paper::runs const& runs, std::size_t v, std::string_view column) {
  auto found =
      runs.first_step(v, [](dm::probe_row const& row) { return row["backcopy_risk"] < learnt; });
  for (std::size_t s = 0; s < found.size(); ++s) {
    auto const row = std::ranges::find(runs[v][s], found[s], [](auto& r) { return r["step"]; });
    if (row != runs[v][s].end()) found[s] = (*row)[column];
  }
  return found;
}

paper::finding measure(paper::setting const& how) {
  auto const steps = how.steps_or(how.paper_scale ? 10'000 : 1500);
  auto variants = ways<1>(how, steps);
  std::ranges::move(ways<3>(how, steps), std::back_inserter(variants));
  auto const runs = paper::over_seeds(how, variants);
  paper::finding found{
      .ran = fmt::format("one layer, and MLP | attention + MLP | MLP for three; {}, {} steps",
                         how.paper_scale ? "width and context 256, AdamW 3e-4 (one-layer ReLU "
                                           "3e-3), SGD 0.03, batch 512"
                                         : "width and context 64, AdamW 3e-3, SGD 0.1, batch 8",
                         steps),
      .figure = {.columns = 4, .width = 440, .height = 350},
      .data = runs};
  auto const show = [&](std::size_t first, std::string_view column, std::string const& title) {
    auto const& structure = first == 0 ? one : three;
    figures::chart curves{.title = structure + title,
                          .x = {.label = "step"},
                          .y = {.label = title, .least = 0},
                          .legend = "center right"};
    figures::comparison levels{.title = structure + title,
                               .y = {.label = title, .least = 0},
                               .lines = {{.label = fmt::format("after {} steps", steps)},
                                         {.label = fmt::format("at backcopy risk {}", learnt)}}};
    for (std::size_t v = first; v < first + 4; ++v) {
      curves.lines.push_back(runs.line(v, column, runs.label(v).substr(structure.size())));
      levels.categories.push_back(curves.lines.back().label);
      for (std::size_t const i : {0, 1}) {
        auto values = i == 0 ? runs.last(v, column) : when_learnt(runs, v, column);
        std::erase_if(values, [](double x) { return std::isnan(x); });
        paper::add(levels.lines[i], dm::band_of(values));
        found.numbers.push_back({fmt::format("{}, {} {} ({} runs)", runs.label(v), title,
                                             levels.lines[i].label, values.size()),
                                 dm::band_of(values)});
      }
    }
    if (column != "sink") { // one legend a column is enough
      for (auto& line : curves.lines) line.label = "";
      for (auto& series : levels.lines) series.label = "";
    }
    found.figure.panels.insert(found.figure.panels.end(), {curves, levels});
  };
  for (auto const& [column, title] :
       {std::pair{"sink", "attention on <s>"}, std::pair{"drain", "value norm, <s> / others"},
        std::pair{"peak", "residual norm, <s> / others"}}) {
    for (std::size_t const first : {0, 4}) show(first, column, title);
  }
  auto const says = [&](std::size_t v, std::size_t other, std::string_view column,
                        std::string const& text, bool (*shows)(double, double)) {
    found.statements.push_back(
        {text + ", after as many steps",
         paper::each_seed(runs.last(v, column), runs.last(other, column), shows)});
    found.statements.push_back(
        {fmt::format("{}, at backcopy risk {}", text, learnt),
         paper::each_seed(when_learnt(runs, v, column), when_learnt(runs, other, column), shows)});
  };
  for (std::size_t const v : {0, 4}) {
    auto const& structure = v == 0 ? one : three;
    says(v, v + 2, "sink",
         structure + "attention on <s> is at least 0.3 with softmax, at most 0.05 "
                     "with ReLU (AdamW)",
         [](double a, double b) { return a >= 0.3 && b <= 0.05; });
    says(v, v + 2, "drain",
         structure + "the value ratio is at most 0.5 with softmax, 1.5 times as "
                     "high with ReLU (AdamW)",
         [](double a, double b) { return a <= 0.5 && b >= 1.5 * a; });
  }
  auto const lower = [](double a, double b) { return b <= a - 0.2; };
  says(4, 6, "peak", three + "the residual ratio is lower by 0.2 with ReLU (AdamW)", lower);
  says(4, 5, "peak", three + "the residual ratio is lower by 0.2 with SGD (softmax)", lower);
  found.words = "Runs that never get to the common risk show nothing there. Medians at the end:";
  for (std::size_t v = 0; v < runs.variants(); ++v) {
    auto const of = [&](std::string_view column) { return dm::median(runs.last(v, column)); };
    found.words += fmt::format("{} {} has attention {:.2f}, value ratio {:.2f}, residual ratio "
                               "{:.2f} and a backcopy risk of {:.2f}",
                               v == 0 ? "" : ";", runs.label(v), of("sink"), of("drain"),
                               of("peak"), of("backcopy_risk"));
  }
  found.words += ".";
  return found;
}

} // namespace

int main(int argc, char** argv) { return paper::experiment(argc, argv, what, measure); }
