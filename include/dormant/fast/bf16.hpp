// SPDX-License-Identifier: MIT
// The word for products with operands in bfloat16, and whether they are fast where it is compiled.
#pragma once

#include "dormant/kernels/bf16.hpp"

#include <cstdio>
#include <cstdlib>

namespace dormant {

/// Whether models with `bf16` are compiled to the processor's own products of such factors
/// (AVX512_BF16). Without them the same products are computed in float, and a
/// training step takes one and a half to two times as long as without the word; the
/// first such model of a process says so.
template <class Arch = xsimd::default_arch>
inline constexpr bool bf16_is_fast = kernels::in_bf16::native<Arch>;

namespace detail {
/// Says it once in a process, on stderr; `DORMANT_QUIET` in the environment keeps it silent.
[[gnu::noinline, gnu::cold]] inline void say_that_bf16_is_slow() {
  [[maybe_unused]] static bool const said =
      std::getenv("DORMANT_QUIET") == nullptr &&
      std::fputs("dormant: this model is compiled without the instructions of AVX512_BF16, so its "
                 "products of bf16 factors are computed in float, in one and a half to two "
                 "times the time of a model without bf16; build with -march=native on a processor "
                 "that has them, or leave bf16 out (DORMANT_QUIET=1 silences this)\n",
                 stderr) >= 0;
}
} // namespace detail

/// The operands of all products with parameter matrices are rounded to bfloat16, forward and back;
/// parameters, sums, attention scores and everything else stay float. Fast where `bf16_is_fast`;
/// check that the phenomenon you study does not notice.
struct bf16 {
  using products = kernels::in_bf16;

  /// Called when a model with this word is made.
  template <class Arch>
  static void when_made() {
    if constexpr (!bf16_is_fast<Arch>) detail::say_that_bf16_is_slow();
  }
};

} // namespace dormant
