// SPDX-License-Identifier: MIT
// What the tests of single optimizers share: a formula for each element, the laws within and
// without wrappers, and runs that must not depend on threads or on a stop.
#pragma once

#include "dormant/checkpoint.hpp"
#include "dormant/dormant.hpp"
#include "dormant/testing/optimizer_laws.hpp"

#include "catch.hpp"
#include "io/scratch.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace testing_optimizers {

using namespace dormant;

template <class Optimizer, class T = double>
using bench = testing::detail::optimizer_bench<Optimizer, T, xsimd::default_arch>;

/// Runs seven steps and compares each with a scalar formula `(p, g, t) -> p`, which may remember.
template <class Optimizer, class F>
void check_formula(Optimizer const& hyper, F make_formula, double rate_scale = 1) {
  using table = bench<Optimizer>;
  table run(hyper);
  std::vector<decltype(make_formula())> formulas(table::size, make_formula());
  std::vector<double> expected(run.parameters.data(), run.parameters.data() + table::size);
  for (int s = 0; s < 7; ++s) {
    auto const g = table::gradient(run.steps);
    run.step(g, rate_scale);
    for (std::size_t i = 0; i < table::size; ++i) {
      expected[i] = formulas[i](expected[i], g.data()[i], static_cast<double>(run.steps));
      CHECK(run.parameters.data()[i] == Approx(expected[i]).epsilon(1e-12).margin(1e-14));
    }
  }
}

/// The laws, alone and within every wrapper that takes any optimizer.
template <class Optimizer>
void check_laws(Optimizer const& inner) {
  CHECK(testing::optimizer_laws(inner));
  CHECK(testing::optimizer_laws(with_rate{inner, cosine_decay{.warm_up = 2, .steps = 6}}));
  CHECK(testing::optimizer_laws(clipped{inner, {.norm = 0.5}}));
  CHECK(testing::optimizer_laws(frozen{inner, {.tensor = "layers.*.ff.*", .from = 3, .until = 6}}));
  CHECK(testing::optimizer_laws(frozen{clipped{with_rate{inner, warm_up{.steps = 3}}, {}},
                                       {.group = group::mlp, .from = 1}}));
}

// C 20, D 10, F 40, T 13: multiples of no vector width.
inline constexpr shape small{
    .layers = 2, .heads = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 2};
using task_type = bigram_backcopy<small>;
template <class T>
using net_type = transformer<small, sink_logit, T>;

/// The parameters after some steps of training.
template <class T, class Optimizer>
std::vector<T> trained(Optimizer const& how, std::size_t threads = 1, std::uint64_t steps = 6) {
  task_type const task({.seed = 3});
  net_type<T> net({.seed = 1});
  train(net, task, how, {.steps = steps, .batch = 6, .threads = threads});
  return {net.parameters().begin(), net.parameters().end()};
}
template <class T>
bool same_bits(std::vector<T> const& a, std::vector<T> const& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// The same bits for 1, 2 and 3 threads, and for a run that is saved after step `stop` and goes on.
template <class Optimizer>
void check_runs(Optimizer const& how, std::uint64_t stop = 3, std::uint64_t steps = 6) {
  auto const one = trained<float>(how, 1, steps);
  CHECK_FALSE(same_bits(one, trained<float>(how, 1, steps - 1)));
  for (std::size_t const threads : {2U, 3U}) {
    CHECK(same_bits(one, trained<float>(how, threads, steps)));
  }
  scratch::folder const folder;
  task_type const task({.seed = 3});
  schedule const plan{.steps = steps, .batch = 6, .threads = 3};
  {
    net_type<float> net({.seed = 1});
    trainer run(net, task, how, plan);
    while (run.steps() < stop) run.step();
    save_run<net_type<float>>(folder / "resume.safetensors", run.state(), {});
  }
  net_type<float> net({.seed = 2});
  trainer run(net, task, how, plan);
  load_run(folder / "resume.safetensors", run, {});
  while (run.steps() < steps) run.step();
  CHECK(same_bits(one, {net.parameters().begin(), net.parameters().end()}));
}

} // namespace testing_optimizers
