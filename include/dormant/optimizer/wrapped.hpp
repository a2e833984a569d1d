// SPDX-License-Identifier: MIT
// What the wrappers of optimizers share, and what an optimizer says of itself. Each wrapper derives
// from the optimizer that it changes, and so has its name, hyper-parameters, rates and memory.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/tensor_spec.hpp"

#include <concepts>
#include <cstdint>

namespace dormant::detail {

/// Made by one of the wrappers.
template <class O>
concept wrapped_optimizer = requires {
  typename O::wrapped;
};

/// It leaves some tensors alone in some steps.
template <class O, class T = float>
concept may_rest = requires(O const& hyper, parameter_segment<T> const& where, std::uint64_t t) {
  { hyper.rests(where, t) } -> std::same_as<bool>;
};
/// It wants all gradients multiplied by a factor that depends on their norm.
template <class O>
concept scales_gradients = requires(O const& hyper, double norm) {
  { hyper.gradient_scale(norm) } -> std::same_as<double>;
};

/// It lets tensors be cut in pieces.
template <class O>
inline constexpr bool cuts = [] {
  if constexpr (requires { O::elementwise; }) return bool{O::elementwise};
  return false;
}();
/// Its factor on the learning rate of a group.
template <class O>
[[nodiscard]] double rate_of([[maybe_unused]] O const& hyper, [[maybe_unused]] group of_tensor) {
  if constexpr (requires { hyper.rates.of(of_tensor); }) return hyper.rates.of(of_tensor);
  return 1;
}

/// Lets the wrapped optimizer say what it cannot do.
template <class Optimizer, class Model>
void require_of(Optimizer const& inner, [[maybe_unused]] Model const& model) {
  if constexpr (checks<Optimizer const, Model>) inner.require(model);
}

} // namespace dormant::detail
