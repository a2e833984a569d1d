// SPDX-License-Identifier: MIT
// SGD with momentum and coupled weight decay: v = mu v + (g + wd p), p -= lr v.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/kernels/optimizer_steps.hpp"
#include "dormant/optimizer/rates.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dormant {

/// Hyper-parameters; the defaults are the paper's (arXiv 2410.13835, published code).
struct sgd {
  static constexpr std::string_view name = "sgd";
  static constexpr bool elementwise = true;

  double lr = 0.03;
  double momentum = 0.9;
  /// Coupled: part of the gradient, and so of the velocity. As in PyTorch it is lost in float where
  /// it is smaller than the gradient's last digit, and where the whole step is smaller than half of
  /// the parameter's: below 3e-8 of it.
  double weight_decay = 1e-4;
  group_rates rates{};

  template <class T>
  struct state {
    explicit state(std::size_t parameters) : velocity(parameters) {}
    void each(auto f) { f("momentum_buffer", velocity); }
    arena<T> velocity;
  };

  /// The t-th step, t counted from 1; the first sets the velocity to the gradient, as PyTorch does.
  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t t) const {
    kernels::sgd<Arch, T>(p.parameters.data(), p.gradients.data(), s.velocity.data() + p.offset,
                          p.parameters.size(),
                          {.lr = lr * p.rate_scale,
                           .momentum = momentum,
                           .weight_decay = weight_decay,
                           .first = t == 1});
  }
};
static_assert(optimizer<sgd>);

} // namespace dormant
