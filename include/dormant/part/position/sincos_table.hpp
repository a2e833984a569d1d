// SPDX-License-Identifier: MIT
// pos[t, 2i] = sin(t / 10000^(2i/C)), pos[t, 2i+1] = cos of the same (arXiv 1706.03762): nothing is
// learned.
#pragma once

#include "dormant/plan/plan.hpp"

#include <cmath>
#include <cstddef>

namespace dormant {

struct sincos_table {
  constant table; // [T, C]

  constexpr sincos_table(plan d, sizes const& s)
      : table(d.fixed_table(s.context, s.width, &value)) {}

  static double value(sizes const& s, std::size_t t, std::size_t c) {
    double const even = static_cast<double>(c / 2 * 2);
    double const angle =
        static_cast<double>(t) / std::pow(10000.0, even / static_cast<double>(s.width));
    return c % 2 == 0 ? std::sin(angle) : std::cos(angle);
  }
  template <class Pass>
  void backward(Pass const&, typename Pass::matrix) const {}
};

} // namespace dormant
