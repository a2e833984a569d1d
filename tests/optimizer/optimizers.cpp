// SPDX-License-Identifier: MIT
// Every optimizer against its formula in plain loops, step by step, as PyTorch defines it.
#include "dormant/model/transformer.hpp"
#include "dormant/optimizer/adamw.hpp"
#include "dormant/optimizer/sgd.hpp"
#include "dormant/optimizer/sign_sgd.hpp"
#include "dormant/rule/sink_logit.hpp"
#include "dormant/testing/optimizer_laws.hpp"

#include "catch.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

namespace {

using namespace dormant;

/// Runs seven steps and compares each with a scalar formula `(p, g, t) -> p`, which may remember.
template <class Optimizer, class F>
void check(Optimizer const& hyper, F make_formula, double rate_scale = 1) {
  using bench = testing::detail::optimizer_bench<Optimizer, double, xsimd::default_arch>;
  bench run(hyper);
  std::vector<decltype(make_formula())> formulas(bench::size, make_formula());
  std::vector<double> expected(run.parameters.data(), run.parameters.data() + bench::size);
  for (int s = 0; s < 7; ++s) {
    auto const g = bench::gradient(run.steps);
    run.step(g, rate_scale);
    for (std::size_t i = 0; i < bench::size; ++i) {
      expected[i] = formulas[i](expected[i], g.data()[i], static_cast<double>(run.steps));
      CHECK(run.parameters.data()[i] == Approx(expected[i]).epsilon(1e-12));
    }
  }
}

} // namespace

TEST_CASE("optimizer: AdamW decays the parameter and takes bias-corrected steps") {
  for (double const scale : {1.0, 0.25}) {
    adamw const hyper{.lr = 1e-2, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-3, .weight_decay = 0.1};
    check(
        hyper,
        [&] {
          return [h = hyper, scale, m = 0.0, v = 0.0](double p, double g, double t) mutable {
            m = h.beta1 * m + (1 - h.beta1) * g;
            v = h.beta2 * v + (1 - h.beta2) * g * g;
            double const m_hat = m / (1 - std::pow(h.beta1, t));
            double const v_hat = v / (1 - std::pow(h.beta2, t));
            p -= h.lr * scale * h.weight_decay * p;
            return p - h.lr * scale * m_hat / (std::sqrt(v_hat) + h.eps);
          };
        },
        scale);
  }
}

TEST_CASE("optimizer: SGD couples decay into the gradient and starts its velocity with it") {
  for (double const momentum : {0.0, 0.9}) {
    sgd const hyper{.lr = 0.1, .momentum = momentum, .weight_decay = 0.05};
    check(hyper, [&] {
      return [h = hyper, velocity = 0.0](double p, double g, double t) mutable {
        g += h.weight_decay * p;
        velocity = t == 1 ? g : h.momentum * velocity + g;
        return p - h.lr * velocity;
      };
    });
  }
}

TEST_CASE("optimizer: signSGD moves every element by the learning rate") {
  sign_sgd const hyper{.lr = 1e-2, .weight_decay = 0.1};
  check(hyper, [&] {
    return [h = hyper](double p, double g, double) {
      return p - h.lr * ((g > 0) - (g < 0)) - h.lr * h.weight_decay * p;
    };
  });
}

TEST_CASE("optimizer: defaults are the paper's") {
  CHECK(adamw{}.lr == 3e-4);
  CHECK(adamw{}.beta1 == 0.9);
  CHECK(adamw{}.beta2 == 0.99);
  CHECK(adamw{}.eps == 1e-8);
  CHECK(adamw{}.weight_decay == 1e-4);
  CHECK(sgd{}.lr == 0.03);
  CHECK(sgd{}.momentum == 0.9);
  CHECK(sgd{}.weight_decay == 1e-4);
}

TEST_CASE("optimizer: states name their memory as PyTorch does") {
  std::vector<std::string> names;
  auto const keep = [&](auto name, auto& memory) {
    names.emplace_back(name);
    CHECK(memory.size() == 5);
  };
  adamw::state<float>(5).each(keep);
  sgd::state<float>(5).each(keep);
  sign_sgd::state<float>(5).each(keep);
  CHECK(names == std::vector<std::string>{"exp_avg", "exp_avg_sq", "momentum_buffer"});
}

TEST_CASE("optimizer: rates reach the groups they name") {
  group_rates const rates{.embeddings = 2, .attention = 3, .mlp = 5, .norms = 7, .output = 11};
  CHECK(rates.of(group::embeddings) == 2);
  CHECK(rates.of(group::attention) == 3);
  CHECK(rates.of(group::mlp) == 5);
  CHECK(rates.of(group::norms) == 7);
  CHECK(rates.of(group::output) == 11);

  // Every tensor of a model is in the group that its name says.
  transformer<shape{.heads = 4, .width = 20, .vocab = 5, .context = 4}, sink_logit> const net;
  for (auto const& t : net.tensors()) {
    auto const name = tensor_name(t);
    INFO(name);
    auto const says = [&](std::string_view word) { return name.find(word) != name.npos; };
    CHECK(t.group == (says("embeddings")  ? group::embeddings
                      : says("norm")      ? group::norms
                      : says("attention") ? group::attention
                      : says("ff")        ? group::mlp
                                          : group::output));
  }
}
