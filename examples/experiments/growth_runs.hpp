// SPDX-License-Identifier: MIT
// Runs that measure how the residual norm of <s> after layer 0 grows, and where they stand when
// they have learnt equally much.
#pragma once

#include "common/models.hpp"
#include "common/runs.hpp"
#include "common/training.hpp"
#include "experiments/growth_laws.hpp"
#include "experiments/norm_influence.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace paper {

/// Steps, batch and rates. The published run is of three layers: AdamW 3e-4, SGD 0.03, batch 512,
/// 10,000 steps.
struct regime {
  std::uint64_t steps = 0;
  std::size_t batch = 0;
  double adam = 0, sgd = 0;
  [[nodiscard]] std::string in_words() const {
    return fmt::format("AdamW {}, SGD {}, batch {}, {} steps", adam, sgd, batch, steps);
  }
};
inline constexpr regime published_regime{10'000, 512, 3e-4, 0.03};

inline constexpr auto norm_of_bos = "residual_peak.bos.0";
/// What pushes ||x_0|| is measured where layer 0 is an MLP.
template <class Net, dm::shape Base, class Optimizer>
curve grow(setting const& how, one_run const& run, Optimizer const& optimizer,
           dm::schedule const& plan) {
  Net net({.seed = run.seeds.init});
  dm::bigram_backcopy<Base> const task({.seed = run.seeds.data, .table = how.table});
  auto const on = fixed_batch<Base>(how);
  norm_influence<Net> influence(task.bos(), plan.steps / 2);
  auto const listens = std::max<std::uint64_t>(1, plan.steps / 800); // steps
  constexpr bool is_mlp = std::is_same_v<Net, program::minimal<Base, dm::softmax>>;
  dm::trainer<Net, dm::bigram_backcopy<Base>, Optimizer> trainer(net, task, optimizer, plan);
  auto const step = [&] {
    if constexpr (is_mlp) {
      if (trainer.steps() % listens == 0) {
        trainer.step(influence);
        return;
      }
    }
    trainer.step();
  };
  auto whole = run; // what was listened to is not in the state of a run, so it cannot go on within
  if (is_mlp) whole.state.clear();
  auto rows = watch_training(whole, trainer, {on, std::max<std::uint64_t>(1, plan.steps / 100)},
                             step, std::tie(), dm::risk{}, dm::residual_peak{});
  if constexpr (is_mlp) influence.report(rows.back());
  add_growth_laws(rows, norm_of_bos, plan.steps / 2);
  return rows;
}

} // namespace paper
