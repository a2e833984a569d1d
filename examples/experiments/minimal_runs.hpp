// SPDX-License-Identifier: MIT
// Runs of the minimal model (arXiv 2410.13835, section 2) as variants of an experiment: a seed
// draws the contexts.
#pragma once

#include "common/names.hpp"
#include "common/runs.hpp"
#include "common/training.hpp"

#include <dormant/optimizer/sign_sgd.hpp>
#include <dormant/task/bigram_backcopy.hpp>
#include <dormant/theory/descent.hpp>
#include <dormant/theory/flow.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace paper::minimal {

namespace theory = dormant::theory;

inline constexpr std::size_t length = 16; // tokens in a context
inline constexpr double last_time = 1e16;
inline constexpr std::size_t times = 65;
inline constexpr double alpha_held = 1, sign_step = 0.01;

/// Adds "slope": how much a column gains per unit of ln(step), between the rows around each. The
/// exact derivative where the column is a parabola in evenly spaced ln(step).
inline void add_local_slope(curve& rows, std::string_view column) {
  std::vector<double> slopes;
  for (std::size_t n = 0; n < rows.size(); ++n) {
    auto const& before = rows[n == 0 ? 0 : n - 1];
    auto const& after = rows[std::min(n + 1, rows.size() - 1)];
    slopes.push_back((after[column] - before[column]) / std::log(after["step"] / before["step"]));
  }
  for (std::size_t n = 0; n < rows.size(); ++n) rows[n].add("slope", slopes[n]);
}

/// The minimal model, in one context or several.
struct seeded_model {
  using task_type = dm::bigram_backcopy<dm::shape{.vocab = program::vocabulary, .context = length}>;
  seeded_model(setting const& how, std::uint64_t seed, std::size_t contexts)
      : task({.seed = seed, .table = how.table}), model(task),
        seen(model.contexts_of(task.sample(contexts), length)), disturbed(model.disturbance(seen)) {
  }

  /// A row a time: mean alpha over the tokens that have a gradient, and its local slope
  /// d alpha / d ln t.
  [[nodiscard]] curve rows(theory::trajectory const& path) const {
    curve out(path.times.size());
    for (std::size_t n = 0; n < out.size(); ++n) {
      out[n].add("step", path.times[n]);
      out[n].add("alpha", model.mean_alpha(path.states[n], disturbed));
    }
    add_local_slope(out, "alpha");
    return out;
  }

  task_type task;
  theory::minimal_model model;
  std::vector<theory::context> seen;
  std::vector<double> disturbed; // [Q]
};

/// Gradient flow from alpha = 0, beta = 0.
inline auto growth_of_alpha(setting const& how, std::size_t contexts, theory::moving moves) {
  return [&how, contexts, moves](one_run const& run) {
    seeded_model const s(how, run.seeds.data, contexts);
    return s.rows(theory::gradient_flow(
        s.model, s.seen, s.model.level(0, 0),
        {.what = moves, .until = last_time, .times = times, .tolerance = 1e-7}));
  };
}

/// Gradient flow of beta in one context, and how far it still is from the limit of the theorem.
inline auto settling_of_beta(setting const& how) {
  return [&how](one_run const& run) {
    seeded_model const s(how, run.seeds.data, 1);
    auto const x = s.model.level(alpha_held, 0);
    auto const limit = s.model.limit_of_beta(alpha_held, s.model.beta(std::span(x)), s.seen[0]);
    auto const path = theory::gradient_flow(
        s.model, s.seen, x, {.what = theory::moving::beta, .until = 1e11, .tolerance = 1e-8});
    auto out = s.rows(path);
    for (std::size_t n = 0; n < out.size(); ++n) {
      auto const beta = s.model.beta(std::span(path.states[n]));
      double farthest = 0;
      for (std::size_t i = 0; i < limit.size(); ++i)
        farthest = std::max(farthest, std::abs(beta[i] - limit[i]));
      out[n].add("distance", farthest);
    }
    return out;
  };
}

/// Sign descent of alpha in one context.
inline auto sign_descent(setting const& how) {
  return [&how](one_run const& run) {
    seeded_model const s(how, run.seeds.data, 1);
    auto const draw = [&](std::uint64_t) { return std::span<theory::context const>(s.seen); };
    return s.rows(theory::descend(s.model, draw, s.model.level(0, 0),
                                  dm::sign_sgd{.lr = sign_step, .weight_decay = 0},
                                  {.what = theory::moving::alpha, .steps = 1000}));
  };
}

} // namespace paper::minimal
