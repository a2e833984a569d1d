// SPDX-License-Identifier: MIT
// Lion: p -= lr sign(beta1 m + (1 - beta1) g), decay decoupled (arXiv 2302.06675).
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/kernels/optimizer_steps.hpp"
#include "dormant/optimizer/rates.hpp"
#include "dormant/tensor.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dormant {

/// Hyper-parameters; the betas are the authors'. They advise a third to a tenth of AdamW's rate,
/// since every element moves by all of it, and three to ten times its decay, so that the product
/// stays.
struct lion {
  static constexpr std::string_view name = "lion";
  static constexpr bool elementwise = true;
  static constexpr bool decoupled_decay = true;

  double lr = 1e-4;
  double beta1 = 0.9;  ///< how much of the step's direction is momentum
  double beta2 = 0.99; ///< how much of the momentum stays
  /// Decoupled. In float 1 - lr * weight_decay is a multiple of 6e-8, see `adamw`; `exact_decay`
  /// decays by the product.
  double weight_decay = 1e-3;
  group_rates rates{};

  template <class T>
  struct state {
    explicit state(std::size_t parameters) : mean(parameters) {}
    void each(auto f) { f("exp_avg", mean); }
    arena<T> mean;
  };

  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t) const {
    kernels::lion<Arch, T>(
        p.parameters.data(), p.gradients.data(), s.mean.data() + p.offset, p.parameters.size(),
        {.lr = lr * p.rate_scale, .beta1 = beta1, .beta2 = beta2, .weight_decay = weight_decay});
  }
};
static_assert(optimizer<lion>);

} // namespace dormant
