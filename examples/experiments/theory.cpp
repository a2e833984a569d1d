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
  return paper::train(run, net, task, dm::adamw{.lr = how.paper_scale ? 3e-4 : 2e-3}, plan,
                      theory::reading{}, dm::sink_logit_gap{});
}

// The last rows of every seed: ln(step), and alpha of each seed.
struct tail {
  tail(std::vector<paper::curve> const& seeds, std::size_t rows,
       std::string_view column = "alpha") {
    for (auto const& seed : seeds) {
      ln_step.clear();
      alpha.emplace_back();
      for (auto const& row : std::span(seed).last(std::min(rows, seed.size()))) {
        if (row["step"] < 1) continue; // before the first step
        ln_step.push_back(std::log(row["step"]));
        alpha.back().push_back(row[column]);
      }
    }
  }
  [[nodiscard]] std::vector<double> slopes() const {
    std::vector<double> out;
    for (auto const& one : alpha) {
      out.push_back(one.size() < 2 ? std::numeric_limits<double>::quiet_NaN()
                                   : dm::fit_line(ln_step, one).slope.middle);
    }
    return out;
  }

  std::vector<double> ln_step;            // [N]
  std::vector<std::vector<double>> alpha; // [seeds][N]
};

std::string in_digits(dm::interval const& s) {
  return fmt::format("{:.4f} ({:.4f} to {:.4f})", s.middle, s.low, s.high);
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
  figures::chart const sign{.title = "Sign descent, step 0.01",
                            .x = {.label = "step"},
                            .y = {.label = "mean alpha"},
                            .lines = {runs.line(signs, "alpha", "")}};
  figures::chart const settling{.title = "Drain: beta under gradient flow, alpha held",
                                .x = {.label = "time t", .log = true},
                                .y = {.label = "largest distance from the limit", .log = true},
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

  // Smooth curves that still bend, in a flow; noise around a trend, in training.
  auto const last = [&](std::size_t v) { return tail(runs[v], minimal::times / 4 + 1); };
  auto const slope = [&](std::size_t v) {
    auto const at = last(v);
    return dm::slope_interval(at.ln_step, at.alpha);
  };
  auto const of_fixed = last(fixed).slopes();
  auto const of_trained = tail(runs[trained], 30, "reading.alpha").slopes();
  auto const is_half = [](dm::interval const& s) {
    return std::vector<bool>{s.contains(0.5) && s.high - s.low < 0.02};
  };
  std::vector<bool> linear;
  for (auto const& rows : runs[signs]) {
    linear.push_back(std::ranges::all_of(rows, [](auto const& row) {
      return std::abs(row["alpha"] - minimal::sign_step * row["step"]) < 1e-9 * row["step"];
    }));
  }
  auto const distance = runs.last(drain, "distance");
  paper::finding found{
      .ran =
          fmt::format("law of the task, contexts of {} tokens, values 1, Boost.Odeint to t = {}; "
                      "full model: one layer, width {}, context {}, AdamW {}, batch {}, {} steps",
                      minimal::length, minimal::last_time, Shape.width, Shape.context,
                      how.paper_scale ? 3e-4 : 2e-3, plan.batch, steps),
      .statements = {{"with beta held, the 95% interval of alpha's slope holds 1/2 and is "
                      "narrower than 0.02",
                      is_half(slope(alone))},
                     {"with random contexts and beta free, so it does", is_half(slope(random))},
                     {"in one fixed context beta takes over: the slope ends below 0.02",
                      paper::each_seed(of_fixed, [](double d) { return d < 0.02; })},
                     {"under sign descent alpha is the step size times the steps", linear},
                     {"beta ends within 1e-6 of its predicted limit",
                      paper::each_seed(distance, [](double d) { return d < 1e-6; })},
                     {"the full model under AdamW is no gradient flow: late in training its alpha "
                      "gains more than 1 per unit of ln(step)",
                      paper::each_seed(of_trained, [](double d) { return d > 1; })}},
      .figure = {.panels = {flow, sign, settling, model}},
      .data = runs};
  for (std::size_t v : {alone, random}) {
    auto const of_flow = slope(v);
    found.numbers.push_back({runs.label(v) + ": slope of alpha, 95% interval",
                             {of_flow.low, of_flow.middle, of_flow.high},
                             v == alone ? "1/2" : ""});
  }
  found.numbers.push_back({"one fixed context: slope of alpha", dm::band_of(of_fixed)});
  found.numbers.push_back({"full model: slope of alpha against ln(step)", dm::band_of(of_trained)});
  found.numbers.push_back({"distance of beta from its limit", dm::band_of(distance), "0"});
  found.numbers.push_back(
      {"full model: alpha at the end", dm::band_of(runs.last(trained, "reading.alpha"))});
  auto const trend = dm::mean_interval(of_trained);
  found.words = fmt::format(
      "Per unit of ln t alpha gains {} with beta held and {} in random contexts. The margin is "
      "Student's over seeds plus what the slope still changes within the last quarter of ln t. "
      "Tokens that no context disturbs have no gradient and are left out of the mean. The full "
      "model gains {:.1f} ({:.1f} to {:.1f}) per unit of ln(step) over its last 30 rows.",
      in_digits(slope(alone)), in_digits(slope(random)), trend.middle, trend.low, trend.high);
  return found;
}

} // namespace

int main(int argc, char** argv) {
  return paper::experiment(argc, argv, what, [](paper::setting const& how) {
    return how.paper_scale ? measure<program::paper_shape>(how) : measure<program::demo_shape>(how);
  });
}
