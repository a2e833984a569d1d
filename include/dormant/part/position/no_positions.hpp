// SPDX-License-Identifier: MIT
// Nothing is added to the token's row: positions are in attention (rotary, ALiBi), or nowhere but
// in the causal mask (NoPE, arXiv 2305.19466).
#pragma once

#include "dormant/part/attention/places.hpp"
#include "dormant/plan/plan.hpp"

namespace dormant {

struct no_positions {
  using place = dormant::place::positions;
  using part = no_positions;

  constexpr no_positions(plan, sizes const&) {}

  template <class Pass>
  void backward(Pass const&, typename Pass::matrix) const {}
};

} // namespace dormant
