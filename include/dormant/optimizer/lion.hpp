// SPDX-License-Identifier: MIT
// Lion: p -= lr sign(beta1 m + (1 - beta1) g), decay decoupled (arXiv 2302.06675).
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/kernels/optimizer_steps.hpp"
#include "dormant/kernels/simd.hpp"
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
  [[gnu::noinline]] void step(state<T>& s, parameter_segment<T> p, std::uint64_t) const {
    using vector = kernels::vector<Arch, T>;
    double const rate = lr * p.rate_scale;
    vector const keep(static_cast<T>(1 - rate * weight_decay)), by(static_cast<T>(-rate));
    vector const old1(static_cast<T>(beta1)), new1(static_cast<T>(1 - beta1));
    vector const old2(static_cast<T>(beta2)), new2(static_cast<T>(1 - beta2));
    T* const w = p.parameters.data();
    T* const m = s.mean.data() + p.offset;
    T const* const g = p.gradients.data();
    kernels::for_each_register<Arch, T>(p.parameters.size(), [&](auto reg, std::size_t i) {
      vector const d = reg.load(g + i), before = reg.load(m + i);
      vector const sign = kernels::sign_of<Arch, T>(kernels::fma(new1, d, old1 * before));
      reg.store(m + i, kernels::fma(new2, d, old2 * before));
      reg.store(w + i, kernels::fma(by, sign, keep * reg.load(w + i)));
    });
  }
};
static_assert(optimizer<lion>);

} // namespace dormant
