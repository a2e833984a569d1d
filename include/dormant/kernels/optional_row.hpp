// SPDX-License-Identifier: MIT
// Gains and biases that a norm may have or not: a null pointer stands for a row of one number.
#pragma once

#include "dormant/kernels/simd.hpp"

namespace dormant::kernels::detail {

/// The elements at `p + i`, or `otherwise` in every lane if there is no `p`. `Given` says that
/// there is one, so that the usual case asks nothing and is compiled as if no other existed.
template <bool Given, class Arch, class T, class Register>
[[gnu::always_inline]] inline vector<Arch, T> load_or(Register reg, T const* p, std::size_t i,
                                                      T otherwise) {
  if (Given || p != nullptr) return reg.load(p + i);
  return vector<Arch, T>(otherwise);
}

} // namespace dormant::kernels::detail
