// SPDX-License-Identifier: MIT
// AdamW: p -= lr m^ / (sqrt v^ + eps), decay decoupled from the gradient (arXiv 1711.05101).
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/kernels/optimizer_steps.hpp"
#include "dormant/optimizer/rates.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dormant {

/// Hyper-parameters; the defaults are the paper's (arXiv 2410.13835, published code).
struct adamw {
  static constexpr std::string_view name = "adamw";
  static constexpr bool elementwise = true;
  static constexpr bool decoupled_decay = true;

  double lr = 3e-4;
  double beta1 = 0.9;
  double beta2 = 0.99;
  double eps = 1e-8;
  /// Decoupled. In float 1 - lr * weight_decay is a multiple of 6e-8, as in PyTorch: a
  /// product below 3e-8 decays nothing, the defaults' 3e-8 counts as 6e-8.
  /// `exact_decay` decays by the product.
  double weight_decay = 1e-4;
  group_rates rates{};

  /// First and second moments.
  template <class T>
  struct state {
    explicit state(std::size_t parameters) : mean(parameters), square(parameters) {}
    void each(auto f) {
      f("exp_avg", mean);
      f("exp_avg_sq", square);
    }
    arena<T> mean, square;
  };

  /// The t-th step, t counted from 1, in PyTorch's order of operations.
  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t t) const {
    double const steps = static_cast<double>(t);
    kernels::adamw<Arch, T>(p.parameters.data(), p.gradients.data(), s.mean.data() + p.offset,
                            s.square.data() + p.offset, p.parameters.size(),
                            {.lr = lr * p.rate_scale,
                             .beta1 = beta1,
                             .beta2 = beta2,
                             .eps = eps,
                             .weight_decay = weight_decay,
                             .bias1 = 1 - std::pow(beta1, steps),
                             .bias2 = 1 - std::pow(beta2, steps)});
  }
};
static_assert(optimizer<adamw>);

} // namespace dormant
