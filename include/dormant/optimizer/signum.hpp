// SPDX-License-Identifier: MIT
// Signum: m = beta m + (1 - beta) g, p -= lr sign(m), decay decoupled (arXiv 1802.04434).
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

/// Hyper-parameters; every element moves by `lr`, as in `sign_sgd`, which is this without momentum.
struct signum {
  static constexpr std::string_view name = "signum";
  static constexpr bool elementwise = true;
  static constexpr bool decoupled_decay = true;

  double lr = 3e-4;
  double momentum = 0.9; ///< how much of the momentum stays
  /// Decoupled. In float 1 - lr * weight_decay is a multiple of 6e-8, see `adamw`; `exact_decay`
  /// decays by the product.
  double weight_decay = 1e-4;
  group_rates rates{};

  template <class T>
  struct state {
    explicit state(std::size_t parameters) : mean(parameters) {}
    void each(auto f) { f("exp_avg", mean); }
    arena<T> mean;
  };

  /// The sign is that of the momentum after the step.
  template <class Arch, class T>
  [[gnu::noinline]] void step(state<T>& s, parameter_segment<T> p, std::uint64_t) const {
    using vector = kernels::vector<Arch, T>;
    double const rate = lr * p.rate_scale;
    vector const keep(static_cast<T>(1 - rate * weight_decay)), by(static_cast<T>(-rate));
    vector const stays(static_cast<T>(momentum)), comes(static_cast<T>(1 - momentum));
    T* const w = p.parameters.data();
    T* const m = s.mean.data() + p.offset;
    T const* const g = p.gradients.data();
    kernels::for_each_register<Arch, T>(p.parameters.size(), [&](auto reg, std::size_t i) {
      vector const mean = kernels::fma(comes, reg.load(g + i), stays * reg.load(m + i));
      reg.store(m + i, mean);
      reg.store(w + i, kernels::fma(by, kernels::sign_of<Arch, T>(mean), keep * reg.load(w + i)));
    });
  }
};
static_assert(optimizer<signum>);

} // namespace dormant
