// SPDX-License-Identifier: MIT
// The interventions that cut the loop between sink and drain: their backward passes are gradients,
// and they do what their names say.
#include "dormant/dormant.hpp"
#include "dormant/testing/hook_laws.hpp"

#include "catch.hpp"
#include "experiments/cuts.hpp"
#include "models.hpp"

#include <cmath>

namespace {

using namespace dormant;

constexpr shape small{.layers = 1, .heads = 1, .width = 20, .vocab = 67, .context = 13};
using net = transformer<small, softmax, identity_wo, double>;

batch some_rows() { return bigram_backcopy<small>({.seed = 5}).sample(3); }

} // namespace

TEST_CASE("cuts: each has the backward pass of its forward pass") {
  auto const model = models::shaken<net>();
  CHECK(testing::intervention_laws(paper::hold_value_norm{3}, model, some_rows(), {.samples = 4}));
  CHECK(testing::intervention_laws(paper::borrow_value{}, model, some_rows(), {.samples = 4}));
  CHECK(testing::intervention_laws(paper::hold_sink_logit{}, model, some_rows(), {.samples = 4}));
}

TEST_CASE("cuts: each works in several layers with several heads at once") {
  constexpr shape deep{
      .layers = 3, .heads = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 2};
  auto const model = models::shaken<transformer<deep, softmax, double>>();
  auto const rows = bigram_backcopy<deep>({.seed = 5}).sample(3);
  CHECK(testing::intervention_laws(paper::hold_value_norm{3}, model, rows, {.samples = 4}));
  CHECK(testing::intervention_laws(paper::borrow_value{}, model, rows, {.samples = 4}));
  CHECK(testing::intervention_laws(paper::hold_sink_logit{}, model, rows, {.samples = 4}));
  record<site::v, double> held;
  evaluate(model, rows, {.threads = 1}, paper::hold_value_norm{3}, held);
  for (std::size_t l = 0; l < 3; ++l) {
    for (std::size_t h = 0; h < 2; ++h) {
      double square = 0;
      for (std::size_t d = 0; d < 10; ++d) square += std::pow(held.values(l)(1, 0, h, d), 2);
      CHECK(std::sqrt(square) == Approx(3));
    }
  }
}

TEST_CASE("cuts: the norm of v_0 is the one it is held at, and its direction stays") {
  auto const model = models::shaken<net>();
  record<site::v, double> before, after;
  evaluate(model, some_rows(), {.threads = 1}, before);
  evaluate(model, some_rows(), {.threads = 1}, paper::hold_value_norm{3}, after);
  double along = 0, own = 0, held = 0;
  for (std::size_t d = 0; d < small.width; ++d) {
    double const x = before.values(0)(0, 0, 0, d), y = after.values(0)(0, 0, 0, d);
    along += x * y;
    own += x * x;
    held += y * y;
  }
  CHECK(std::sqrt(held) == Approx(3));
  CHECK(along == Approx(std::sqrt(own * held)));
}

TEST_CASE("cuts: without a gradient to v_0, the other value states still have theirs") {
  auto const model = models::shaken<net>();
  record<site::gradient_of<site::v>, double> dv;
  differentiate(model, some_rows(), {.threads = 1}, paper::stop_value_gradient{}, dv);
  for (std::size_t d = 0; d < small.width; ++d) CHECK(dv.values(0)(0, 0, 0, d) == 0);
  CHECK(std::abs(dv.values(0)(0, 1, 0, 0)) > 0);
}

TEST_CASE("cuts: the held sink logit is the mean of the other visible scores") {
  auto const model = models::shaken<net>();
  record<site::scores, double> kept;
  evaluate(model, some_rows(), {.threads = 1}, paper::hold_sink_logit{}, kept);
  auto const scores = kept.values(0); // [B, H, T, T]
  for (std::size_t q = 1; q < small.context; ++q) {
    double sum = 0;
    for (std::size_t k = 1; k <= q; ++k) sum += scores(0, 0, q, k);
    CHECK(scores(0, 0, q, 0) == Approx(sum / static_cast<double>(q)));
  }
}
