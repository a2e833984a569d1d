// SPDX-License-Identifier: MIT
// The element-wise functions of MLPs by the names that the field gives them.
#pragma once

#include "dormant/kernels/activations.hpp"

#include <type_traits>

namespace dormant {

/// max(0, x); `relu` is the attention rule.
using relu_unit = kernels::relu;
/// x Phi(x), by the error function.
using gelu = kernels::gelu_erf;
/// The same by tanh: GPT-2's.
using gelu_tanh = kernels::gelu_tanh;
/// x sigmoid(x).
using silu = kernels::silu;

namespace detail {
/// Whether f(x) tells f'(x), so that x need not be kept and a product can end in f.
template <class Activation>
inline constexpr bool closes_products = std::is_same_v<Activation, relu_unit>;
} // namespace detail

} // namespace dormant
