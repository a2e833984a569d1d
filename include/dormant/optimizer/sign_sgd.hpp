// SPDX-License-Identifier: MIT
// signSGD: p -= lr sign(g), decay decoupled (arXiv 1802.04434). Adam's limit without memory.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/kernels/optimizer_steps.hpp"
#include "dormant/optimizer/rates.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dormant {

/// Hyper-parameters; every element moves by `lr` whatever the size of its gradient.
struct sign_sgd {
  static constexpr std::string_view name = "sign_sgd";
  static constexpr bool elementwise = true;
  static constexpr bool decoupled_decay = true;

  double lr = 3e-4;
  /// Decoupled. In float 1 - lr * weight_decay is a multiple of 6e-8, as in PyTorch: a
  /// product below 3e-8 decays nothing, the defaults' 3e-8 counts as 6e-8.
  /// `exact_decay` decays by the product.
  double weight_decay = 1e-4;
  group_rates rates{};

  /// Nothing is remembered.
  template <class T>
  struct state {
    explicit state(std::size_t) {}
    void each(auto) {}
  };

  template <class Arch, class T>
  void step(state<T>&, parameter_segment<T> p, std::uint64_t) const {
    kernels::sign_sgd<Arch, T>(p.parameters.data(), p.gradients.data(), p.parameters.size(),
                               {.lr = lr * p.rate_scale, .weight_decay = weight_decay});
  }
};
static_assert(optimizer<sign_sgd>);

} // namespace dormant
