// SPDX-License-Identifier: MIT
// Gradient flow of the minimal model against the theorem of arXiv 2410.13835, section 2.
#include "dormant/theory/flow.hpp"

#include "catch.hpp"
#include "dormant/line_fit.hpp"
#include "theory/small_law.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

using namespace dormant;
using namespace dormant::theory;

namespace {

using english_task = bigram_backcopy<shape{.vocab = 67, .context = 16}>;

// The interval of the slope of mean alpha against ln t, over draws of `contexts` contexts each.
interval slope_over_draws(std::size_t draws, std::size_t contexts, flow_options const& how) {
  english_task const task;
  minimal_model const model(task);
  std::vector<double> log_times;
  std::vector<std::vector<double>> curves;
  for (std::uint64_t draw = 0; draw < draws; ++draw) {
    auto const seen = model.contexts_of(task.sample(contexts, draw), 16);
    auto const disturbed = model.disturbance(seen);
    auto const path = gradient_flow(model, seen, model.level(0, 0), how);
    log_times = path.log_times();
    curves.push_back(path.each([&](auto const& x) { return model.mean_alpha(x, disturbed); }));
  }
  auto const slope = slope_interval(log_times, curves);
  UNSCOPED_INFO("slope " << slope.middle << " in [" << slope.low << ", " << slope.high << "], "
                         << draws << " draws of " << contexts << " contexts");
  return slope;
}

} // namespace

TEST_CASE("the implicit step is of fourth order on a stiff problem with a known solution",
          "[theory][flow]") {
  // dx/dt = -x^3 has x = 1 / sqrt(1 + 2t); dy/dt = -1000 y is stiff beside it.
  struct {
    void rate(std::vector<double> const& x, std::vector<double>& dx) const {
      dx[0] = -x[0] * x[0] * x[0];
      dx[1] = -1000 * x[1] + x[0];
    }
    void jacobian(std::vector<double> const& x, std::vector<double>& j) const {
      j = {-3 * x[0] * x[0], 0, 1, -1000};
    }
  } const system;
  auto const error_with = [&](int steps) {
    rosenbrock_step step;
    std::vector<double> x{1, 1e-3}, estimate(2), next(2);
    double const dt = 1.0 / steps;
    for (int i = 0; i < steps; ++i) {
      step.do_step(system, x, i * dt, next, dt, estimate);
      x = next;
    }
    return std::abs(x[0] - 1 / std::sqrt(3.0));
  };
  double const ratio = error_with(40) / error_with(80);
  CHECK(ratio > 15); // 16, if the next order of the error is small beside it

  rosenbrock_step step;
  std::vector<double> const x{1, 1e-3};
  std::vector<double> between(2), next(2), estimate(2);
  step.do_step(system, x, 0, next, 0.05, estimate);
  step.prepare_dense_output();
  for (double const t : {0.01, 0.025, 0.045}) {
    step.calc_state(t, between, x, 0, next, 0.05);
    CHECK(between[0] == Approx(1 / std::sqrt(1 + 2 * t)).epsilon(1e-5));
  }
}

TEST_CASE("linear equations are solved, whatever the order of their rows", "[theory][flow]") {
  std::vector<double> a{0, 2, 1, 1, 1, 0, 3, 0, 1}, b{7, 3, 6}; // x = 1, 2, 3
  dense_solver solver;
  solver.factorise(a, 3);
  solver.solve(b);
  for (std::size_t i = 0; i < 3; ++i)
    CHECK(b[i] == Approx(static_cast<double>(i + 1)).epsilon(1e-14));
}

TEST_CASE("held parameters stay, moving ones lower the loss", "[theory][flow]") {
  auto const task = small_law::five_letters();
  minimal_model const model(task);
  auto const contexts = model.contexts_of(task.sample(2), 16);
  auto const x = small_law::noise(model.size(), 3);
  for (auto const what : {moving::alpha, moving::beta, moving::both}) {
    auto path = gradient_flow(model, contexts, x, {.what = what, .until = 1e3, .times = 7});
    REQUIRE(path.times.size() == 7);
    CHECK(path.times.back() == Approx(1e3).epsilon(1e-12));
    double before = model.loss(x, contexts);
    for (auto& state : path.states) {
      double const now = model.loss(state, contexts);
      CHECK(now < before);
      before = now;
    }
    auto& last = path.states.back();
    for (std::size_t i = 0; i < x.size(); ++i) {
      bool const is_alpha = i < model.queries().size();
      bool const held = (what == moving::alpha && !is_alpha) || (what == moving::beta && is_alpha);
      CHECK((last[i] == x[i]) == held);
    }
    // No gradient points along a common shift of beta, which changes no probability.
    auto const mean = [&](std::vector<double> const& state) {
      auto const beta = model.beta(std::span(state));
      return std::accumulate(beta.begin(), beta.end(), 0.0) / static_cast<double>(beta.size());
    };
    CHECK(mean(last) == Approx(mean(x)).margin(1e-12));
  }
}

TEST_CASE("beta flows to its predicted limit", "[theory][flow][slow]") {
  english_task const task;
  minimal_model const model(task);
  for (std::uint64_t draw = 0; draw < 2; ++draw) {
    for (double const a : {-0.5, 2.0}) {
      auto const contexts = model.contexts_of(task.sample(1, draw), 16);
      auto x = small_law::noise(model.size(), draw);
      std::ranges::fill(model.alpha(std::span(x)), a);
      auto const start = model.beta(std::span<double const>(x));
      auto const limit = model.limit_of_beta(a, start, contexts[0]);
      auto const path = gradient_flow(
          model, contexts, x, {.what = moving::beta, .until = 1e11, .times = 2, .tolerance = 1e-8});
      auto const beta = model.beta(std::span(path.states.back()));
      double worst = 0;
      for (std::size_t i = 0; i < beta.size(); ++i)
        worst = std::max(worst, std::abs(beta[i] - limit[i]));
      CAPTURE(worst);
      CHECK(worst < 1e-6);
    }
  }
}

TEST_CASE("alpha alone grows like ln(2 pi D t) / 2", "[theory][flow][slow]") {
  english_task const task;
  minimal_model const model(task);
  auto const contexts = model.contexts_of(task.sample(1), 16);
  auto const disturbed = model.disturbance(contexts);
  auto const path = gradient_flow(
      model, contexts, model.level(0, 0.7),
      {.what = moving::alpha, .from = 1e15, .until = 1e16, .times = 2, .tolerance = 1e-8});
  std::size_t still = 0;
  for (std::size_t v = 0; v < model.queries().size(); ++v) {
    double const alpha = path.states.back()[v];
    if (disturbed[v] == 0) {
      CHECK(alpha == 0);
      ++still;
    } else {
      double const predicted =
          std::log(2 * model.weights()[v] * disturbed[v] * path.times.back()) / 2;
      CHECK(alpha == Approx(predicted).margin(0.01));
    }
  }
  CHECK(still < model.queries().size() / 2);
}

TEST_CASE("the slope of alpha alone is 1/2", "[theory][flow][slow]") {
  auto const slope = slope_over_draws(
      6, 1, {.what = moving::alpha, .from = 1e12, .until = 1e16, .times = 17, .tolerance = 1e-8});
  CHECK(slope.contains(0.5));
  CHECK(slope.high - slope.low < 0.02);
}

TEST_CASE("with beta free, one fixed context saturates alpha", "[theory][flow][slow]") {
  auto const slope =
      slope_over_draws(6, 1, {.from = 1e10, .until = 1e14, .times = 17, .tolerance = 1e-8});
  CHECK_FALSE(slope.contains(0.5));
  CHECK(slope.high < 0.02);
}

TEST_CASE("with beta free, random contexts bring the slope of 1/2 back", "[theory][flow][slow]") {
  auto const slope =
      slope_over_draws(3, 8, {.from = 1e12, .until = 1e16, .times = 17, .tolerance = 1e-7});
  CHECK(slope.contains(0.5));
  CHECK(slope.high - slope.low < 0.02);
}
