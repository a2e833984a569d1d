// SPDX-License-Identifier: MIT
// The word for products with operands in bfloat16.
#pragma once

#include "dormant/kernels/bf16.hpp"

namespace dormant {

/// The operands of all products with parameter matrices are rounded to bfloat16, forward and back;
/// parameters, sums, attention scores and everything else stay float. Fast where the processor has
/// AVX512_BF16; check that the phenomenon you study does not notice.
struct bf16 {
  using products = kernels::in_bf16;
};

} // namespace dormant
