// SPDX-License-Identifier: MIT
// v there, c dv back: what training changes by way of the values counts c times, as if they had
// another learning rate than queries and keys (arXiv 2603.17771).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/plan/plan.hpp"

#include <cstddef>
#include <ratio>

namespace dormant {

/// The one part whose `backward` is no gradient of its `forward`, on purpose: at c other than 1 it
/// fails `check_gradients`. It scales what comes back to v where it is named among steps on the
/// heads, from outputs and from steps that read v alike; q and k are left alone.
/// \tparam Scale c, a `std::ratio`
template <class Scale = std::ratio<1>>
struct value_path_scale {
  using place = dormant::place::heads;
  using part = value_path_scale;

  constexpr value_path_scale(plan, sizes const&) {}

  template <class Pass, class In>
  In forward(Pass const&, typename Pass::matrix, In in) const {
    return in;
  }
  template <class Pass, class In, class M = typename Pass::matrix>
  void backward(Pass const&, M, In const&, In const& d, M) const {
    using T = typename Pass::T;
    constexpr T c = static_cast<T>(Scale::num) / static_cast<T>(Scale::den);
    for (std::size_t t = 0; t < d.v.rows; ++t) {
      kernels::scale<typename Pass::arch, T>(d.v.row(t), d.v.cols, c);
    }
  }
};

} // namespace dormant
