// SPDX-License-Identifier: MIT
// What stands beside a measured model: the vectors it was compiled for, and whether its bf16 is one
// that nobody should choose for speed.
#pragma once

#include <dormant/fast/bf16.hpp>

#include <string>
#include <type_traits>

namespace dormant::benchmarks {

template <class Net>
std::string label_of() {
  using arch = typename Net::arch;
  bool const in_bf16 = std::is_same_v<typename Net::model::products, kernels::in_bf16>;
  return std::string(arch::name()) + (in_bf16 && !bf16_is_fast<arch> ? ", bf16 in software" : "");
}

} // namespace dormant::benchmarks
