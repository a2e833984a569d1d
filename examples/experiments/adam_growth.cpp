// SPDX-License-Identifier: MIT
// How the residual norm of <s> grows under Adam and not under SGD, after equal steps and at equal
// backcopy risk, and which matrices push it.
#include "common/finding.hpp"
#include "common/models.hpp"
#include "common/thresholds.hpp"
#include "experiments/growth_runs.hpp"
#include "experiments/risk_curve.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dm = dormant;

namespace {

paper::claim const what = {
    .name = "adam_growth",
    .title = "Under Adam the residual peak grows linearly",
    .where = "section 3",
    .sentence = "Under Adam the norm of the residual state of <s> after the first layer grows "
                "linearly in steps; under SGD it does not.",
    .seeds = 20}; // of two minutes for all on two cores

// Backcopy risks at which optimizers are compared, nats; the first is where copying is learnt.
constexpr std::array risks = {paper::copying_learnt.value, 0.2, 0.1, 0.05};

template <dm::shape Base>
paper::finding measure(paper::setting const& how) {
  // The quick one takes steps ten times the published ones on a batch of few sequences, the other
  // has the published products of rate and steps, 3 and 300, which is how far Adam can move a
  // weight, and the published structure.
  paper::regime quick{1500, 8, 3e-3, 0.1}, slow{3000, 16, 1e-3, 0.1};
  if (how.paper_scale) quick = slow = paper::published_regime;
  quick.steps = how.steps_or(quick.steps);
  slow.steps = how.steps_or(slow.steps);
  using small = program::minimal<Base, dm::softmax>;
  using whole = dm::transformer<program::with_layers(Base, 3), dm::softmax>;
  auto const with = [&]<class Net>(paper::regime const& r, auto const& optimizer) {
    return [&how, optimizer, plan = how.schedule(r.steps, r.batch)](paper::one_run const& run) {
      return paper::grow<Net, Base>(how, run, optimizer, plan);
    };
  };
  enum { adam, sgd, slow_adam, slow_sgd };
  auto const few = dm::paired_seeds(how.first, std::min<std::uint64_t>(how.seeds, 3));
  auto const runs = paper::over_seeds(
      how,
      {{"AdamW", quick.steps, with.template operator()<small>(quick, dm::adamw{.lr = quick.adam})},
       {"SGD", quick.steps, with.template operator()<small>(quick, dm::sgd{.lr = quick.sgd})},
       {"AdamW, three layers", slow.steps,
        with.template operator()<whole>(slow, dm::adamw{.lr = slow.adam}), few},
       {"SGD, three layers", slow.steps,
        with.template operator()<whole>(slow, dm::sgd{.lr = slow.sgd}), few}});
  auto const of = [&](std::size_t v, std::string_view column) { return runs.last(v, column); };
  auto const middle = [&](std::size_t v, std::string_view c) { return dm::median(of(v, c)); };
  auto const faster = "slope over the earlier one's";

  paper::finding found{
      .ran =
          fmt::format("softmax, width and context {}; MLP | attention + MLP | MLP, {}; and three "
                      "full layers, {} seeds, {}; measured on one fixed batch",
                      Base.width, quick.in_words(), few.size(), slow.in_words()),
      .data = runs};
  figures::chart curves{.title = "Residual norm of <s> after layer 0",
                        .x = {.label = "step"},
                        .y = {.label = "||x_0||"}};
  figures::chart scaled{.title = "Three layers, beside the published run",
                        .x = {.label = "learning rate x steps, AdamW", .most = 3},
                        .y = {.label = "||x_0|| / at the start"}};
  figures::chart equal{.title = "The same at equal backcopy risk",
                       .x = {.label = "backcopy risk first reached, nats", .log = true},
                       .y = {.label = "||x_0||"}};
  figures::comparison pushes{.title = "Norm influence, later half of training",
                             .y = {.label = "change of ||x_0|| per 1000 steps"},
                             .guide = 0};
  figures::comparison errors{.title = "Laws fitted to the later half, AdamW",
                             .y = {.label = "residual error of ||x_0||, rms", .least = 0},
                             .lines = {{}}};
  auto const published_ratio = [](double until) {
    return paper::published_growth("three layers", paper::norm_of_bos, until).over_earlier;
  };
  for (std::size_t const v : {adam, sgd, slow_adam, slow_sgd}) {
    auto const& by_whom = runs.label(v);
    auto const number = [&](std::string const& column, std::string const& says,
                            std::string const& there = "") {
      found.numbers.push_back({by_whom + ": " + says, dm::band_of(of(v, column)), there});
      return found.numbers.back().value;
    };
    bool const published_here = v == slow_adam;
    number(paper::norm_of_bos, "||x_0|| at the end");
    number("rise", "rise of ||x_0|| over the later half");
    number(faster, "slope of the later half over that of the earlier",
           published_here ? fmt::format("{:.2f} to step 10,000, {:.2f} to 4000",
                                        published_ratio(10'000), published_ratio(4000))
                          : "");
    if (v == slow_adam || v == slow_sgd) continue;
    curves.lines.push_back(runs.line(v, paper::norm_of_bos, by_whom));
    number("line slope", "slope of the line, per step");
    number("power slope", "exponent of the power law");
    for (std::string const law : {"line", "logarithm", "power"}) {
      auto const off = number(law + " off by", law + " fits ||x_0|| up to (rms)");
      if (v != adam) continue;
      errors.categories.push_back(law);
      paper::add(errors.lines.back(), off);
    }
    pushes.lines.push_back({.label = by_whom});
    for (auto const& [tensor, name] : paper::matrices) {
      if (v == adam) pushes.categories.emplace_back(name);
      paper::add(
          pushes.lines.back(),
          number(std::string(name), "influence of the " + std::string(name) + " per 1000 steps"));
    }
    number("all", "change of ||x_0|| per 1000 steps in the same steps");
    auto& there = equal.lines.emplace_back(figures::line{.label = by_whom});
    for (double const risk : risks) {
      auto const reached = paper::reached(paper::when_risk_is(risk, runs, v, paper::norm_of_bos));
      auto const band = dm::band_of(reached);
      found.numbers.push_back(
          {fmt::format("{}: ||x_0|| when backcopy risk is first {}, which {} of "
                       "{} runs reach",
                       by_whom, risk, reached.size(), runs[v].size()),
           band});
      if (reached.empty()) continue;
      there.x.push_back(risk);
      there.y.push_back(band.middle);
      there.low.push_back(band.low);
      there.high.push_back(band.high);
    }
  }
  for (auto const v : {slow_adam, slow_sgd}) {
    auto line =
        runs.line(v, paper::norm_of_bos,
                  fmt::format("{}, {} seeds", v == slow_adam ? "AdamW" : "SGD", few.size()));
    double const start = line.y.empty() ? 1 : line.y.front();
    for (auto* numbers : {&line.y, &line.low, &line.high})
      for (double& y : *numbers) y /= start;
    for (double& x : line.x) x *= slow.adam;
    scaled.lines.push_back(line);
    auto there = published::over_training(v == slow_adam ? "three layers" : "three layers SGD",
                                          paper::norm_of_bos);
    double const began = there.values.front();
    for (double& x : there.steps) x *= paper::published_regime.adam;
    for (double& y : there.values) y /= began;
    scaled.lines.push_back({.label = v == slow_adam ? "AdamW, published" : "SGD, published",
                            .x = there.steps,
                            .y = there.values,
                            .dash = figures::dash::dashed});
  }
  found.figure.panels = {curves, scaled, equal, errors, pushes};

  auto curved = of(adam, "logarithm off by"), mlp = of(adam, "MLP W1"),
       embeddings = of(adam, "token emb.");
  for (std::size_t s = 0; s < curved.size(); ++s) {
    curved[s] = std::min(curved[s], of(adam, "power off by")[s]);
    mlp[s] += of(adam, "MLP W2")[s];
    embeddings[s] += of(adam, "position emb.")[s];
  }
  auto const at = [&](std::size_t v) {
    return paper::when_risk_is(risks.front(), runs, v, paper::norm_of_bos);
  };
  found.statements = {
      {"with AdamW ||x_0|| rises by at least a tenth over the later half of training",
       paper::each_seed(of(adam, "rise"), [](double rise) { return rise >= 0.1; })},
      {"with AdamW a line fits that half better than a logarithm and a power law do",
       paper::each_seed(of(adam, "line off by"), curved, std::less<>{})},
      {"with SGD the slope of that half is less than a tenth of AdamW's from the same seed",
       paper::each_seed(of(sgd, "line slope"), of(adam, "line slope"),
                        [](double s, double a) { return s < a / 10; }),
       paper::paired_difference("slope, AdamW less SGD", of(adam, "line slope"),
                                of(sgd, "line slope"), "per step")},
      {fmt::format("||x_0|| is larger with AdamW than with SGD from the same seed also when each "
                   "first has a backcopy risk of {} nats",
                   risks.front()),
       paper::each_seed(at(adam), at(sgd), std::greater<>{}),
       paper::paired_difference("||x_0|| at that risk, AdamW less SGD", at(adam), at(sgd))},
      {"with AdamW the MLP of layer 0 pushes ||x_0|| up more than the embeddings do",
       paper::each_seed(mlp, embeddings, [](double m, double e) { return m > 0 && m > e; })}};
  auto const most = std::ranges::max_element(paper::matrices, {},
                                             [&](auto const& m) { return middle(adam, m.second); });
  auto const reach = [&](std::size_t v) { return paper::reached(at(v)).size(); };
  found.words = fmt::format(
      "Over the later half ||x_0|| changes by {:+.0f}% with AdamW, {:+.0f}% with SGD (medians of "
      "{} "
      "seeds). A line, a logarithm and a power law (exponent {:.2f}) are off AdamW's curve by "
      "{:.2f}, {:.2f} and {:.2f}. Its slope is {:.2f} times that of the earlier half, where linear "
      "growth has 1. That is a regime of its own, of small batches and large steps: the published "
      "curve of three layers has {:.2f} to step 4000 and {:.2f} to 10,000, so neither is it a "
      "line. "
      "Three layers with the published product of rate and steps have {:.2f} here ({} seeds). At a "
      "backcopy risk of {} nats, which {} of {} runs with AdamW and {} of {} with SGD reach, "
      "||x_0|| "
      "is {:.1f} and {:.1f}. With AdamW the {} pushes most.",
      100 * middle(adam, "rise"), 100 * middle(sgd, "rise"), runs[adam].size(),
      middle(adam, "power slope"), middle(adam, "line off by"), middle(adam, "logarithm off by"),
      middle(adam, "power off by"), middle(adam, faster), published_ratio(4000),
      published_ratio(10'000), middle(slow_adam, faster), few.size(), risks.front(), reach(adam),
      runs[adam].size(), reach(sgd), runs[sgd].size(), dm::median(paper::reached(at(adam))),
      dm::median(paper::reached(at(sgd))), most->second);
  return found;
}

} // namespace

int main(int argc, char** argv) {
  return paper::experiment(argc, argv, what, [](paper::setting const& how) {
    return how.paper_scale ? measure<program::paper_shape>(how) : measure<program::demo_shape>(how);
  });
}
