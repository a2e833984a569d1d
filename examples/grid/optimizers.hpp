// SPDX-License-Identifier: MIT
// The optimizers of the grid. Each has the learning rate at which softmax attention in the usual place of
// norms learns most in the grid's steps, as `grid --extent rates` finds it on seeds that the grid does not
// use: a grid at one learning rate for all would compare learning rates.
#pragma once

#include "grid/unit.hpp"

#include <dormant/optimizer/optimizers.hpp>
#include <dormant/optimizer/soap.hpp>

#include <string_view>

namespace grid {

/// Calls f(optimizer) with the optimizer of a configuration.
template <class F>
void with_optimizer(configuration const& c, F const& f) {
  auto const with = [&](auto optimizer) {
    optimizer.lr *= c.rate;
    if (c.weight_decay >= 0) optimizer.weight_decay = c.weight_decay;
    if constexpr (requires { optimizer.elsewhere.lr; }) {
      optimizer.elsewhere.lr *= c.rate;
      if (c.weight_decay >= 0) optimizer.elsewhere.weight_decay = c.weight_decay;
    }
    f(optimizer);
  };
  std::string_view const name = c.optimizer;
  if (name == "sgd") return with(dm::sgd{.lr = 0.1});
  if (name == "sign_sgd") return with(dm::sign_sgd{.lr = 3e-4});
  if (name == "signum") return with(dm::signum{.lr = 3e-4});
  if (name == "lion") return with(dm::lion{.lr = 3e-4});
  dm::adamw const adam{.lr = 3e-3};
  if (name == "muon") return with(dm::muon{.lr = 0.02, .elsewhere = adam});
  if (name == "muon_without_newton_schulz")
    return with(dm::muon_without_newton_schulz{.lr = 0.02, .elsewhere = adam});
  if (name == "ortho_adam") return with(dm::ortho_adam{.lr = 3e-3});
  if (name == "soap") return with(dm::soap{.lr = 3e-3});
  return with(adam);
}

} // namespace grid
