// SPDX-License-Identifier: MIT
// The optimizers of the grid, each at the learning rate that it has here.
#pragma once

#include "grid/unit.hpp"

#include <dormant/optimizer/adamw.hpp>
#include <dormant/optimizer/sgd.hpp>
#include <dormant/optimizer/sign_sgd.hpp>

#include <string_view>

namespace grid {

/// Calls f(optimizer) with the optimizer of a configuration.
template <class F>
void with_optimizer(configuration const& c, F const& f) {
  auto const with = [&](auto optimizer) {
    optimizer.lr *= c.rate;
    if (c.weight_decay >= 0) optimizer.weight_decay = c.weight_decay;
    f(optimizer);
  };
  std::string_view const name = c.optimizer;
  if (name == "sgd") return with(dm::sgd{.lr = 0.1});
  if (name == "sign_sgd") return with(dm::sign_sgd{.lr = 3e-4});
  return with(dm::adamw{.lr = 3e-3});
}

} // namespace grid
