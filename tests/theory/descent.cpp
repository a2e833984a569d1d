// SPDX-License-Identifier: MIT
// The minimal model under sign descent, Adam and stochastic gradient descent.
#include "dormant/theory/descent.hpp"

#include "catch.hpp"
#include "dormant/optimizer/adamw.hpp"
#include "dormant/optimizer/clipped.hpp"
#include "dormant/optimizer/sgd.hpp"
#include "dormant/optimizer/sign_sgd.hpp"
#include "dormant/optimizer/with_rate.hpp"
#include "dormant/theory/flow.hpp"
#include "theory/small_law.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

using namespace dormant;
using namespace dormant::theory;

TEST_CASE("under sign descent alpha grows by h a step, exactly", "[theory][descent]") {
  auto const task = small_law::five_letters();
  minimal_model const model(task);
  auto const contexts = model.contexts_of(task.sample(1), 16);
  constexpr double h = 0x1p-7; // so that sums of h are exact
  auto const path = descend(
      model, [&](std::uint64_t) { return std::span<context const>(contexts); }, model.level(0, 1),
      sign_sgd{.lr = h, .weight_decay = 0}, {.what = moving::alpha, .steps = 20'000, .times = 20});
  CHECK(path.times.back() == 20'000);
  CHECK(path.times.front() == 1);
  for (std::size_t n = 0; n < path.times.size(); ++n) {
    for (double const alpha : model.alpha(std::span(path.states[n])))
      CHECK(alpha == h * path.times[n]);
    for (double const beta : model.beta(std::span(path.states[n]))) CHECK(beta == 1);
  }
}

namespace {

// What alpha gains a step once its gradient shrinks by a constant factor, exp(-2 s) a step: both
// means then follow the gradient, and s = lr m / sqrt(v) says how fast. Bound by -ln(beta2) / 4, at
// which v forgets no faster than the gradient shrinks.
double growth_under_adam(adamw const& how) {
  double low = 0, high = -std::log(how.beta2) / 4;
  for (int i = 0; i < 100; ++i) {
    double const s = (low + high) / 2;
    double const mean = (1 - how.beta1) / (1 - how.beta1 * std::exp(2 * s));
    double const square = (1 - how.beta2) / (1 - how.beta2 * std::exp(4 * s));
    (how.lr * mean / std::sqrt(square) > s ? low : high) = s;
  }
  return low;
}

} // namespace

TEST_CASE("under Adam alpha grows linearly, until gradients are as small as epsilon",
          "[theory][descent]") {
  auto const task = small_law::five_letters();
  minimal_model const model(task);
  auto const contexts = model.contexts_of(task.sample(1), 16);
  auto const fixed = [&](std::uint64_t) { return std::span<context const>(contexts); };
  for (double const lr : {3e-4, 3e-3, 0.1}) {
    adamw adam{.lr = lr, .eps = 0, .weight_decay = 0};
    auto const steps = static_cast<std::uint64_t>(30 / growth_under_adam(adam));
    descent_options const how{.what = moving::alpha, .steps = steps, .times = 1000};
    auto const path = descend(model, fixed, model.level(0, 1), adam, how);
    auto const n = path.times.size();
    double const slope =
        (path.states[n - 1][0] - path.states[n - 50][0]) / (path.times[n - 1] - path.times[n - 50]);
    CHECK(slope == Approx(growth_under_adam(adam)).epsilon(1e-4));
    CHECK(slope < -std::log(adam.beta2) / 4);
    adam.eps = 1e-8;
    auto const damped = descend(model, fixed, model.level(0, 1), adam, how);
    CHECK(damped.states.back()[0] < 0.7 * path.states.back()[0]);
  }
}

TEST_CASE("a step moves what it is asked to, and is counted from 1", "[theory][descent]") {
  auto const task = small_law::five_letters();
  minimal_model const model(task);
  auto const contexts = model.contexts_of(task.sample(1), 16);
  auto const x = small_law::noise(model.size(), 1);
  std::vector<double> dx(x.size());
  model.gradient(x, contexts, dx);
  for (auto const what : {moving::alpha, moving::beta, moving::both}) {
    // The first step of Adam is its learning rate, if its means are corrected for being young.
    auto const path = descend(
        model, [&](std::uint64_t) { return std::span<context const>(contexts); }, x,
        adamw{.lr = 0.25, .eps = 0, .weight_decay = 0}, {.what = what, .steps = 1, .times = 2});
    REQUIRE(path.states.size() == 1);
    for (std::size_t i = 0; i < x.size(); ++i) {
      bool const is_alpha = i < model.queries().size();
      bool const held = (what == moving::alpha && !is_alpha) || (what == moving::beta && is_alpha);
      CHECK(path.states[0][i] ==
            Approx(held ? x[i] : x[i] - std::copysign(0.25, dx[i])).epsilon(1e-12));
    }
  }
}

TEST_CASE("wrapped optimizers descend at their rates, with clipped gradients",
          "[theory][descent]") {
  auto const task = small_law::five_letters();
  minimal_model const model(task);
  auto const contexts = model.contexts_of(task.sample(1), 16);
  auto const x = model.level(0, 1);
  auto const how = clipped{with_rate{sgd{.lr = 1, .momentum = 0, .weight_decay = 0},
                                     [](std::uint64_t step) { return step < 3 ? 1 : 0.5; }},
                           {.norm = 1e-5}};
  auto const path =
      descend(model, [&](std::uint64_t) { return std::span<context const>(contexts); }, x, how,
              {.steps = 5, .times = 50});
  std::vector<double> before = x;
  for (std::size_t s = 0; s < 5; ++s) {
    double square = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      square += std::pow(path.states[s][i] - before[i], 2);
    }
    CHECK(std::sqrt(square) == Approx(s < 3 ? 1e-5 : 0.5e-5).epsilon(1e-3));
    before = path.states[s];
  }
}

TEST_CASE("small steps of gradient descent follow the flow", "[theory][descent]") {
  auto const task = small_law::five_letters();
  minimal_model const model(task);
  auto const contexts = model.contexts_of(task.sample(2), 16);
  auto const x = model.level(0, 0);
  auto const flow =
      gradient_flow(model, contexts, x, {.from = 10, .until = 400, .times = 2}).states.back();
  auto const steps =
      descend(model, [&](std::uint64_t) { return std::span<context const>(contexts); }, x,
              sgd{.lr = 0.1, .momentum = 0, .weight_decay = 0}, {.steps = 4'000, .times = 2});
  CHECK(steps.times.back() == 4'000);
  for (std::size_t i = 0; i < x.size(); ++i)
    CHECK(steps.states.back()[i] == Approx(flow[i]).margin(0.002));
}

TEST_CASE("contexts drawn afresh each step follow the flow of the mean loss",
          "[theory][descent][slow]") {
  auto const task = small_law::five_letters();
  minimal_model const model(task);
  auto const x = model.level(2, 0);
  auto const seen = model.contexts_of(task.sample(400, 1), 16);
  double const eta = 0.5;
  std::uint64_t const steps = 60'000;
  auto const flow =
      gradient_flow(
          model, seen, x,
          {.from = 1, .until = eta * static_cast<double>(steps), .times = 2, .tolerance = 1e-6})
          .states.back();
  auto const afresh = [&](std::uint64_t step) {
    return model.contexts_of(task.sample(1, 2 + step), 16);
  };
  descent_options const how{.steps = steps, .times = 2};
  sgd const plain{.lr = eta, .momentum = 0, .weight_decay = 0};
  auto const noisy = descend(model, afresh, x, plain, how).states.back();
  CHECK(noisy == descend(model, afresh, x, plain, how).states.back()); // reproducible
  for (std::size_t v = 0; v < model.queries().size(); ++v) {
    CHECK(noisy[v] > x[v] + 1);
    CHECK(noisy[v] == Approx(flow[v]).margin(0.1));
  }
}
