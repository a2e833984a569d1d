// SPDX-License-Identifier: MIT
// What a residual peak needs: layers and their parts are taken away until it is gone. Each run is
// compared with its own start and with the same seed without the MLP
// that is said to write the peak.
#include "experiments/structures.hpp"

#include "common/finding.hpp"
#include "common/published.hpp"
#include "common/thresholds.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dm = dormant;

namespace {

using namespace paper;

claim const what = {
    .name = "minimal_structures",
    .title = "What a residual peak needs",
    .where = "section 3 and appendix",
    .sentence = "With two layers or more, the MLP of the first layer writes a large vector on <s>, "
                "of which attention in a later layer makes a sink and a drain. Attention in the "
                "first and the last layer is not needed.",
    .seeds = 20};

template <class First>
double began(setting const& how) {
  return where_published_began<First>(how.table).ratio(0);
}

/// A structure, and what the paper has of it.
struct built {
  variant trained{};
  std::string_view published{}; ///< as in docs/published.csv; empty: the paper has no number
  double (*start)(setting const&) = nullptr; ///< of the published run

  [[nodiscard]] double paper_has() const {
    return published::at(published, "residual_peak.ratio.0", 10'000);
  }
};

template <dm::shape Base, class... Blocks>
curve train(setting const& how, one_run const& run, double lr, dm::schedule const& plan) {
  structured<Base, Blocks...> net({.seed = run.seeds.init});
  dm::bigram_backcopy<Base> const task({.seed = run.seeds.data, .table = how.table});
  auto const on = fixed_batch<Base>(how);
  auto rows = train_watched(run, net, task, dm::adamw{.lr = lr}, plan, {on, 100},
                            dm::attention_sink{}, dm::value_drain{}, dm::residual_peak{});
  for (auto& row : rows) {
    double sink = 0, drain = 0;
    for (std::size_t l = 0; l < sizeof...(Blocks); ++l) {
      auto const here = fmt::format("attention_sink.on_background.{}", l);
      if (row.has(here) && row[here] > sink) { // a layer without attention has none
        sink = row[here];
        drain = bos_ratio(row, "value_drain", l);
      }
    }
    row.add("sink_highest", sink);
    row.add("drain_there", drain);
  }
  return rows;
}

template <class First, class... Others>
built structure(std::string label, setting const& how, std::string_view published = "") {
  auto const steps = how.steps_or(how.paper_scale ? 10'000 : 1200);
  auto const of_seed = [&how, steps](one_run const& run) {
    auto const plan = how.schedule(steps, how.paper_scale ? 512 : 8);
    return how.paper_scale ? train<program::paper_shape, First, Others...>(how, run, 3e-4, plan)
                           : train<program::demo_shape, First, Others...>(how, run, 3e-3, plan);
  };
  return {{std::move(label), steps, of_seed}, published, began<First>};
}

/// The control, no MLP in 0, is the last but one.
std::vector<built> structures(setting const& how) {
  return {structure<whole, whole>("two layers", how, "two layers"),
          structure<whole, whole, whole>("three layers", how, "three layers"),
          structure<whole, whole, without_attention>("no attention in 2", how,
                                                     "three layers without attention in 2"),
          structure<without_attention, whole, without_attention>(
              "no attention in 0, 2", how, "three layers without attention in 0 and 2"),
          structure<with_linear, whole, whole>("linear MLP in 0", how),
          structure<without_mlp, whole, without_attention>(
              "no MLP in 0, no attention in 2", how,
              "three layers without attention in 2 and MLP in 0")};
}

finding measure(setting const& how) {
  auto const all = structures(how);
  std::vector<variant> trained;
  for (auto const& s : all) trained.push_back(s.trained);
  auto const runs = over_seeds(how, trained);
  auto const control = all.size() - 1;
  constexpr auto ratio = "residual_peak.ratio.0";

  finding found{.ran =
                    fmt::format("{} softmax, {} steps; three layers unless two are named; "
                                "measured on the same sequences for all runs",
                                how.paper_scale ? "width 256, context 256, AdamW 3e-4, batch 512,"
                                                : "width 64, context 64, AdamW 3e-3, batch 8,",
                                trained.front().steps),
                .data = runs};
  std::vector<std::string> labels;
  figures::chart grows{.title = "Residual norm after layer 0, <s> / others",
                       .x = {.label = "step"},
                       .y = {.label = "ratio", .log = true}};
  figures::comparison ends{.title = "The same, where runs begin and end",
                           .y = {.label = "ratio", .log = true},
                           .lines = {{.label = "ours at the start"},
                                     {.label = "ours trained"},
                                     {.label = "paper at the start"},
                                     {.label = "paper, step 10,000"}},
                           .guide = 1};
  std::string gained;
  for (std::size_t v = 0; v < all.size(); ++v) {
    auto const& label = labels.emplace_back(runs.label(v));
    auto const start = runs.at(v, ratio, 0), end = runs.last(v, ratio);
    bool const has = !all[v].published.empty();
    double const theirs = has ? all[v].paper_has() : std::nan("");
    double const began_there = has ? all[v].start(how) : std::nan("");
    // What the paper's own run does from its own start; where it has none, what its claim says.
    bool const rises = has ? theirs > began_there : v != control;
    std::string const published =
        has ? fmt::format("{:.2f} after 10,000 steps, from {:.2f}", theirs, began_there)
            : "none published";
    grows.lines.push_back(runs.line(v, ratio, label));
    add(ends.lines[0], dm::band_of(start));
    add(ends.lines[1], dm::band_of(end));
    add(ends.lines[2], {began_there, began_there, began_there});
    add(ends.lines[3], {theirs, theirs, theirs});
    found.numbers.push_back({label + ": residual norm, <s> / others, trained", dm::band_of(end),
                             has ? fmt::format("{:.2f}", theirs) : "none published"});
    found.numbers.push_back({label + ": the same at the start", dm::band_of(start),
                             has ? fmt::format("{:.2f}", began_there) : "none published"});
    auto size = paired_difference("median rise of a run", end, start);
    gained += fmt::format("{}{} {:+.2f} ({:+.2f} to {:+.2f})", v == 0 ? "" : "; ", label,
                          size.value.middle, size.value.low, size.value.high);
    found.statements.push_back(
        {fmt::format("{}: that ratio ends {} where the run began (paper: {})", label,
                     rises ? "above" : "not above", published),
         each_seed(end, start, [=](double a, double b) { return (a > b) == rises; }), size});
  }
  ends.categories = labels;
  found.figure.panels = {grows, ends};

  for (std::size_t v = 0; v < control; ++v) {
    auto const with = runs.last(v, ratio), without = runs.last(control, ratio);
    found.statements.push_back(
        {fmt::format("{}: it ends above that of the same seed with {}", labels[v], labels[control]),
         each_seed(with, without, std::greater<>{}),
         paired_difference("median difference of a seed", with, without)});
  }

  auto const panel = [&](std::string const& title, std::string const& axis, double guide,
                         std::vector<std::pair<std::string, std::string>> const& columns) {
    figures::comparison shown{
        .title = title, .categories = labels, .y = {.label = axis, .least = 0}, .guide = guide};
    for (auto const& [column, name] : columns) {
      auto& line = shown.lines.emplace_back(figures::comparison::series{.label = name});
      for (std::size_t v = 0; v < all.size(); ++v) {
        add(line, dm::band_of(runs.last(v, column)));
        found.numbers.push_back({fmt::format("{}: {} {}", labels[v], title, name),
                                 dm::band_of(runs.last(v, column)), ""});
      }
    }
    found.figure.panels.emplace_back(shown);
  };
  panel("attention on <s> from non-triggers", "mean over non-triggers", sink.value,
        {{"attention_sink.on_background.1", "in layer 1"},
         {"sink_highest", "highest of all layers"}});
  panel("value norm, <s> / others", "ratio", 1,
        {{"value_drain.ratio.1", "in layer 1"}, {"drain_there", "in the sink's layer"}});
  found.words = fmt::format("What training adds to the ratio, median over seeds with its 95% "
                            "bootstrap interval: {}. With "
                            "{} there is no MLP to write a peak, so what is added there is none: "
                            "only what the others have "
                            "beyond it is.",
                            gained, labels[control]);
  return found;
}

} // namespace

int main(int argc, char** argv) { return paper::experiment(argc, argv, what, measure); }
