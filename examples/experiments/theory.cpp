// SPDX-License-Identifier: MIT
// The minimal model: how fast sinks grow under gradient flow and under signs of gradients, where
// the drain settles, and where a trained model stands in the same coordinates.
#include "common/finding.hpp"
#include "common/models.hpp"
#include "experiments/minimal_runs.hpp"

#include <dormant/dormant.hpp>
#include <dormant/line_fit.hpp>
#include <dormant/theory/reading.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dm = dormant;
namespace theory = dormant::theory;
namespace minimal = paper::minimal;

namespace {

paper::claim const what = {
    .name = "theory",
    .title = "The minimal model: logarithmic sinks, settled drains",
    .where = "section 2",
    .sentence =
        "Under gradient flow with beta held, alpha(t) = 1/2 ln t + O(1); with alpha held at "
        "a, beta flows to [mean beta(0) + exp(-a) mean B] 1 - exp(-a) B."};

template <dm::shape Shape>
paper::curve train(paper::setting const& how, paper::one_run const& run, dm::schedule const& plan) {
  dm::transformer<Shape, dm::softmax> net({.seed = run.seeds.init});
  dm::bigram_backcopy<Shape> const task({.seed = run.seeds.data, .table = how.table});
  auto const on = paper::fixed_batch<Shape>(how);
  return paper::train_watched(run, net, task, dm::adamw{.lr = how.paper_scale ? 3e-4 : 2e-3}, plan,
                              {on}, theory::reading{}, dm::sink_logit_gap{});
}

/// What alpha of every seed gains per unit of ln(step) over its last rows: noise around a trend.
std::vector<double> trends(std::vector<paper::curve> const& seeds, std::size_t rows) {
  std::vector<double> out;
  for (auto const& seed : seeds) {
    std::vector<double> ln_step, alpha;
    for (auto const& row : std::span(seed).last(std::min(rows, seed.size()))) {
      if (row["step"] < 1) continue; // before the first step
      ln_step.push_back(std::log(row["step"]));
      alpha.push_back(row["reading.alpha"]);
    }
    out.push_back(alpha.size() < 2 ? std::numeric_limits<double>::quiet_NaN()
                                   : dm::fit_line(ln_step, alpha).slope.middle);
  }
  return out;
}

// The law of 1/2 is one of late times: it is asked for from here on.
constexpr double late = 1e12;

/// How far a number strays at most in the rows from some step on, for every seed.
template <class Off>
std::vector<double> farthest(std::vector<paper::curve> const& seeds, double from, Off off) {
  std::vector<double> out;
  for (auto const& seed : seeds) {
    double most = 0;
    for (auto const& row : seed)
      if (row["step"] >= from) most = std::max(most, std::abs(off(row)));
    out.push_back(most);
  }
  return out;
}

template <dm::shape Shape>
paper::finding measure(paper::setting const& how) {
  auto const steps = how.steps_or(how.paper_scale ? 1000 : 1200);
  auto const plan = how.schedule(steps, how.paper_scale ? 512 : 32);
  using theory::moving;
  enum { alone, fixed, random, signs, drain, trained };
  auto const runs = paper::over_seeds(
      how, {{"beta held", 1, minimal::growth_of_alpha(how, 1, moving::alpha)},
            {"one fixed context", 1, minimal::growth_of_alpha(how, 1, moving::both)},
            {"random contexts", 1, minimal::growth_of_alpha(how, 8, moving::both)},
            {"sign descent, beta held", 1, minimal::sign_descent(how)},
            {"alpha held", 1, minimal::settling_of_beta(how)},
            {"full model, AdamW", steps,
             [&](paper::one_run const& run) { return train<Shape>(how, run, plan); }}});

  figures::chart flow{.title = "Gradient flow",
                      .x = {.label = "time t", .log = true},
                      .y = {.label = "mean alpha"}};
  for (std::size_t v : {alone, fixed, random})
    flow.lines.push_back(runs.line(v, "alpha", runs.label(v)));
  figures::chart local{.title = "The same, local slope",
                       .x = {.label = "time t", .log = true},
                       .y = {.label = "d alpha / d ln t", .least = 0}};
  for (std::size_t v : {alone, fixed, random})
    local.lines.push_back(runs.line(v, "slope", runs.label(v)));
  local.lines.push_back({.label = "1/2",
                         .x = {1, minimal::last_time},
                         .y = {0.5, 0.5},
                         .dash = figures::dash::dashed});
  figures::chart const sign{.title = "Sign descent, step 0.01",
                            .x = {.label = "step"},
                            .y = {.label = "mean alpha"},
                            .lines = {runs.line(signs, "alpha", "")}};
  figures::chart const settling{.title = "Drain: largest distance of beta from its limit",
                                .x = {.label = "time t", .log = true},
                                .y = {.label = "distance", .log = true},
                                .lines = {runs.line(drain, "distance", "")}};
  figures::chart model{.title = "A trained model, read as a minimal model",
                       .x = {.label = "step", .log = true},
                       .y = {.label = "mean alpha"},
                       .lines = {runs.line(trained, "reading.alpha", "alpha"),
                                 runs.line(trained, "sink_logit_gap.mean.0", "sink logit gap")}};
  // From the same end, what the slope of gradient flow would look like.
  figures::line half{.label = "slope 1/2", .x = model.lines[0].x, .dash = figures::dash::dashed};
  for (double const x : half.x)
    half.y.push_back(model.lines[0].y.back() + std::log(x / half.x.back()) / 2);
  model.lines.push_back(half);

  auto const of_trained = trends(runs[trained], 30);
  auto const from_half = [&](std::size_t v) {
    return farthest(runs[v], late, [](auto const& row) { return row["slope"] - 0.5; });
  };
  auto const from_line = farthest(runs[signs], 1, [](auto const& row) {
    return row["alpha"] / (minimal::sign_step * row["step"]) - 1;
  });
  auto const is_half = [](double off) { return off < 0.01; };
  auto const distance = runs.last(drain, "distance");
  paper::finding found{
      .ran =
          fmt::format("law of the task, contexts of {} tokens, values 1, Boost.Odeint to t = {}; "
                      "full model: one layer, width {}, context {}, AdamW {}, batch {}, {} steps",
                      minimal::length, minimal::last_time, Shape.width, Shape.context,
                      how.paper_scale ? 3e-4 : 2e-3, plan.batch, steps),
      .statements = {{"with beta held, alpha's local slope d alpha / d ln t stays within 0.01 of "
                      "1/2 from t = 1e12 on",
                      paper::each_seed(from_half(alone), is_half)},
                     {"with random contexts and beta free, so it does",
                      paper::each_seed(from_half(random), is_half)},
                     {"in one fixed context beta takes over: the local slope ends below 0.02",
                      paper::each_seed(runs.last(fixed, "slope"),
                                       [](double d) { return d < 0.02; })},
                     {"under sign descent alpha is the step size times the steps",
                      paper::each_seed(from_line, [](double off) { return off < 1e-9; })},
                     {"beta ends within 1e-6 of its predicted limit",
                      paper::each_seed(distance, [](double d) { return d < 1e-6; })},
                     {"the full model under AdamW is no gradient flow: late in training its alpha "
                      "gains more than 1 per unit of ln(step)",
                      paper::each_seed(of_trained, [](double d) { return d > 1; })}},
      .figure = {.panels = {flow, local, sign, settling, model}},
      .data = runs};
  auto const slope_at = [&](std::size_t v, double t) {
    return dm::band_of(runs.at(v, "slope", static_cast<std::uint64_t>(t)));
  };
  for (std::size_t v : {alone, random}) {
    for (double const t : {1e4, 1e8, 1e12}) {
      found.numbers.push_back(
          {fmt::format("{}: local slope of alpha at t = {:.0e}", runs.label(v), t),
           slope_at(v, t)});
    }
    found.numbers.push_back({fmt::format("{}: local slope of alpha at the end, t = {:.0e}",
                                         runs.label(v), minimal::last_time),
                             dm::band_of(runs.last(v, "slope")),
                             v == alone ? "1/2 as t grows" : ""});
    found.numbers.push_back({runs.label(v) + ": local slope within 0.01 of 1/2 from t =",
                             dm::band_of(runs.first_step(v, [](auto const& row) {
                               return std::abs(row["slope"] - 0.5) < 0.01;
                             }))});
  }
  found.numbers.push_back({"one fixed context: local slope of alpha at the end",
                           dm::band_of(runs.last(fixed, "slope"))});
  found.numbers.push_back({"full model: slope of alpha against ln(step)", dm::band_of(of_trained)});
  found.numbers.push_back({"distance of beta from its limit", dm::band_of(distance), "0"});
  found.numbers.push_back(
      {"full model: alpha at the end", dm::band_of(runs.last(trained, "reading.alpha"))});
  auto const trend = dm::mean_interval(of_trained);
  auto const of = [&](std::size_t v, double t) {
    auto const band = slope_at(v, t);
    return fmt::format("{:.3f} ({:.3f} to {:.3f})", band.middle, band.low, band.high);
  };
  auto const end = dm::band_of(runs.last(alone, "slope"));
  found.words = fmt::format(
      "1/2 is an asymptote. With beta held the local slope of alpha per unit of ln t is {} at t = "
      "1e4, {} at 1e8, {} at 1e12 and {:.4f} ({:.4f} to {:.4f}) at 1e16; with random contexts {} "
      "at "
      "1e8 and {} at 1e12. Medians over seeds, each of which draws contexts; brackets span the "
      "middle 80% of them, which is no confidence interval of the limit: the flow has no noise. "
      "Tokens that no context disturbs have no gradient and are left out of the mean. The full "
      "model gains {:.1f} per unit of ln(step) over its last 30 rows (Student's 95% interval over "
      "seeds {:.1f} to {:.1f}).",
      of(alone, 1e4), of(alone, 1e8), of(alone, 1e12), end.middle, end.low, end.high,
      of(random, 1e8), of(random, 1e12), trend.middle, trend.low, trend.high);
  return found;
}

} // namespace

int main(int argc, char** argv) {
  return paper::experiment(argc, argv, what, [](paper::setting const& how) {
    return how.paper_scale ? measure<program::paper_shape>(how) : measure<program::demo_shape>(how);
  });
}
