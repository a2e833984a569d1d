// SPDX-License-Identifier: MIT
// Decoupled weight decay that rounding does not swallow: `exact_decay{adamw{.lr = 1e-4}}`.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/kernels/optimizer_steps.hpp"
#include "dormant/optimizer/wrapped.hpp"
#include "dormant/tensor.hpp"
#include "dormant/tensor_spec.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace dormant {

/// p = p (1 - lr * weight_decay) before the optimizer's own step, which then decays nothing. What
/// is too small to move p is kept, an element each, until it is not: after n steps the decay is off
/// by at most one last digit of p, however small the product. Costs one more memory and pass.
template <class Optimizer>
struct exact_decay : Optimizer {
  static_assert(!detail::wrapped_optimizer<Optimizer>,
                "dormant::exact_decay goes directly around an optimizer, the other wrappers around "
                "it: frozen{exact_decay{adamw{}}, ...}");
  static_assert(
      requires { requires Optimizer::decoupled_decay; },
      "dormant::exact_decay: this optimizer does not say `decoupled_decay = true`; with decay in "
      "the gradient, as in sgd, there is no factor 1 - lr * weight_decay to be exact about");
  using wrapped = Optimizer;

  template <class T>
  struct state : Optimizer::template state<T> {
    state(exact_decay const& hyper, std::span<tensor_spec const> tensors, std::size_t parameters)
        : Optimizer::template state<T>(
              detail::state_for<T>(static_cast<Optimizer const&>(hyper), tensors, parameters)),
          residue(parameters) {}
    explicit state(std::size_t parameters) requires
        std::constructible_from<typename Optimizer::template state<T>, std::size_t>
        : Optimizer::template state<T>(parameters), residue(parameters) {}
    void each(auto f) {
      Optimizer::template state<T>::each(f);
      f("decay_residue", residue);
    }
    arena<T> residue;
  };

  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t t) const {
    double const decay = this->lr * p.rate_scale * this->weight_decay;
    if (decay != 0) {
      kernels::exact_decay<Arch, T>(p.parameters.data(), s.residue.data() + p.offset,
                                    p.parameters.size(), decay);
    }
    Optimizer rest = *this;
    rest.weight_decay = 0;
    rest.template step<Arch, T>(s, p, t);
  }
  template <class Model>
  void require(Model const& model) const {
    detail::require_of<Optimizer>(*this, model);
  }
};
template <class Optimizer>
exact_decay(Optimizer) -> exact_decay<Optimizer>;

} // namespace dormant
