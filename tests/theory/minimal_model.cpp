// SPDX-License-Identifier: MIT
// The minimal model: its loss as the paper writes it, its derivatives against central differences,
// and its stationary points.
#include "dormant/theory/minimal_model.hpp"

#include "catch.hpp"
#include "error_of.hpp"
#include "theory/small_law.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

using namespace dormant;
using namespace dormant::theory;

namespace {

// f'(0) from four values; the loss is smooth, so the error is the rounding of f.
double derivative(std::function<double(double)> const& f) {
  constexpr double h = 2e-3;
  return (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
}

// The loss in the words of the paper.
double plain_loss(small_law::task const& task, minimal_model const& model,
                  std::vector<double> const& x, std::vector<context> const& contexts) {
  double sum = 0;
  for (auto const& c : contexts) {
    for (std::size_t v = 0; v < model.queries().size(); ++v) {
      auto const p = task.table()->row(static_cast<std::size_t>(model.queries()[v]));
      double partition = 0, mean = 0;
      for (std::size_t i = 0; i < model.successors().size(); ++i) {
        double const sink = std::exp(x[v]);
        double const z = (sink * x[model.queries().size() + i] + c.pull[i]) / (sink + c.weight);
        double const p_vi = p[static_cast<std::size_t>(model.successors()[i])];
        partition += p_vi * std::exp(z);
        mean += p_vi * z;
      }
      sum += model.weights()[v] * (std::log(partition) - mean);
    }
  }
  return sum / static_cast<double>(contexts.size());
}

} // namespace

TEST_CASE("queries and successors are the tokens that matter", "[theory]") {
  minimal_model const model(small_law::five_letters());
  CHECK(std::ranges::equal(model.queries(), std::vector<token>{0, 1, 3}));
  CHECK(std::ranges::equal(model.successors(), std::vector<token>{0, 1, 2, 4}));
  CHECK(model.weights()[0] == Approx(21.0 / 49).epsilon(1e-14));
  CHECK(model.weights()[2] == Approx(13.0 / 49).epsilon(1e-14));
  CHECK(model.size() == 7);

  std::vector<double> const xi{10, 20, 30, 40, 50, 60, 70, 80};
  minimal_model const scaled(small_law::five_letters(), xi);
  auto const c = scaled.context_of(std::vector<token>{0, 2, 2, 3, 4});
  CHECK(c.pull == std::vector<double>{10, 0, 60, 50});
  CHECK(c.weight == 5);
}

TEST_CASE("contexts are the tokens after <s>", "[theory]") {
  auto const task = small_law::five_letters();
  minimal_model const model(task);
  auto const rows = task.sample(3);
  auto const contexts = model.contexts_of(rows, 16);
  REQUIRE(contexts.size() == 3);
  for (std::size_t b = 0; b < 3; ++b) {
    auto const tokens = rows.tokens(b).subspan(1);
    for (std::size_t i = 0; i < model.successors().size(); ++i) {
      CHECK(contexts[b].pull[i] ==
            static_cast<double>(std::ranges::count(tokens, model.successors()[i])));
    }
    CHECK(contexts[b].weight == 16);
  }
}

TEST_CASE("the loss is the paper's", "[theory]") {
  auto const task = small_law::five_letters();
  minimal_model const model(task, {1.5, 0.5, 2, 1, 3, 1, 1, 1});
  auto const contexts = model.contexts_of(task.sample(4), 16);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    auto const x = small_law::noise(model.size(), seed);
    CHECK(model.loss(x, contexts) == Approx(plain_loss(task, model, x, contexts)).epsilon(1e-12));
  }
}

TEST_CASE("gradient and Hessian are central differences", "[theory][grad]") {
  auto const task = small_law::five_letters();
  minimal_model const model(task, {1.5, 0.5, 2, 1, 3, 1, 1, 1});
  auto const n = model.size();
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    auto const contexts = model.contexts_of(task.sample(3, seed), 5 + seed);
    auto x = small_law::noise(n, seed);
    for (auto& a : model.alpha(std::span(x))) a = 2 * a + 1;
    std::vector<double> dx(n), moved(n), h(n * n);
    model.gradient(x, contexts, dx);
    model.hessian(x, contexts, h);
    for (std::size_t i = 0; i < n; ++i) {
      auto const at = [&](double step) {
        auto out = x;
        out[i] += step;
        return out;
      };
      INFO("seed " << seed << ", parameter " << i);
      CHECK(dx[i] == Approx(derivative([&](double s) { return model.loss(at(s), contexts); }))
                         .epsilon(1e-8)
                         .margin(1e-13));
      for (std::size_t j = 0; j < n; ++j) {
        INFO("and parameter " << j);
        CHECK(h[i * n + j] == Approx(derivative([&](double s) {
                                model.gradient(at(s), contexts, moved);
                                return moved[j];
                              }))
                                  .epsilon(1e-8)
                                  .margin(1e-13));
      }
    }
  }
}

TEST_CASE("alpha = a 1, beta = c 1 - exp(-a) B is stationary, and no more than that", "[theory]") {
  auto const task = small_law::five_letters();
  minimal_model const model(task);
  auto const contexts = model.contexts_of(task.sample(1), 16);
  std::vector<double> dx(model.size());
  auto const largest = [&](std::vector<double> const& x) {
    model.gradient(x, contexts, dx);
    return std::ranges::max(dx, {}, [](double d) { return std::abs(d); });
  };
  for (double const a : {-1.0, 0.0, 2.0}) {
    for (double const c : {-3.0, 0.0, 5.0}) {
      auto x = model.level(a, c);
      auto const beta = model.beta(std::span(x));
      for (std::size_t i = 0; i < beta.size(); ++i) beta[i] -= std::exp(-a) * contexts[0].pull[i];
      CHECK(std::abs(largest(x)) < 1e-15);
      CHECK(model.loss(x, contexts) == Approx(0).margin(1e-15));
      x[0] += 0.1; // alpha of one query alone
      CHECK(std::abs(largest(x)) > 1e-6);
      x[0] -= 0.1;
      beta[1] += 0.1;
      CHECK(std::abs(largest(x)) > 1e-6);
    }
  }
}

TEST_CASE("disturbance is the variance of B under each law, and 0 means no gradient", "[theory]") {
  auto const task = small_law::five_letters();
  minimal_model const model(task);
  // d is followed by a, b and c alike pulled here: nothing tells its outcomes apart.
  std::vector<context> const contexts{model.context_of(std::vector<token>{0, 1, 2})};
  auto const disturbed = model.disturbance(contexts);
  CHECK(disturbed[0] == Approx(17.0 / 21 * 4 / 21).epsilon(1e-14)); // a: not e
  CHECK(disturbed[1] == Approx(13.0 / 15 * 2 / 15).epsilon(1e-14));
  CHECK(disturbed[2] == 0);
  std::vector<double> dx(model.size());
  auto const x = model.level(1, 0.3);
  model.gradient(x, contexts, dx);
  CHECK(dx[0] < 0);
  CHECK(dx[2] == 0);
  CHECK(model.mean_alpha(std::vector<double>{1, 4, 100, 0, 0, 0, 0}, disturbed) == 2.5);

  // loss ~ disturbance exp(-2 alpha) / 2
  auto const far = model.level(12, 0.3);
  double expected = 0;
  for (std::size_t v = 0; v < 3; ++v)
    expected += model.weights()[v] * disturbed[v] * std::exp(-24.0) / 2;
  CHECK(model.loss(far, contexts) == Approx(expected).epsilon(1e-4));
}

TEST_CASE("digits survive where sinks are deep", "[theory]") {
  auto const task = small_law::five_letters();
  minimal_model const model(task);
  auto const contexts = model.contexts_of(task.sample(2), 16);
  auto const disturbed = model.disturbance(contexts);
  std::vector<double> dx(model.size());
  for (double const a : {20.0, 100.0, 300.0}) {
    model.gradient(model.level(a, 1), contexts, dx);
    for (std::size_t v = 0; v < 3; ++v) {
      // -pi D exp(-2 alpha), up to W exp(-alpha)
      CHECK(dx[v] * std::exp(2 * a) == Approx(-model.weights()[v] * disturbed[v]).epsilon(1e-6));
    }
  }
}

TEST_CASE("what makes no minimal model is refused", "[theory]") {
  CHECK(error_of([] {
          minimal_model(small_law::five_letters(), {1, 2});
        }) == "xi needs 8 values, one a token, found 2");
  small_law::task const certain({.triggers = 0, .table = tables::letters({{0, 1}, {1, 0}})});
  CHECK(error_of([&] { minimal_model{certain}; }) ==
        "no token that is not a trigger has two successors");
}
