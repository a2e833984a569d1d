// SPDX-License-Identifier: MIT
// A learned row for each position, added to the token's (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/plan/plan.hpp"

#include <cstddef>

namespace dormant {

struct learned_positions {
  weight table; // [T, C]

  constexpr learned_positions(plan d, sizes const& s)
      : table(d.table("weight", s.context, s.width, initial_value::normal, group::embeddings)) {}

  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix d) const {
    if (!table.trained) return;
    for (std::size_t t = 0; t < d.rows; ++t) {
      kernels::add_to<typename Pass::arch, typename Pass::T>(p.gradient(table) + t * d.cols,
                                                             d.data + t * d.stride, d.cols);
    }
  }
};

} // namespace dormant
