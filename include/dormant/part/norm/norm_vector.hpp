// SPDX-License-Identifier: MIT
// The gain or bias of a norm that may be left out.
#pragma once

#include "dormant/plan/plan.hpp"

#include <cstddef>
#include <string_view>

namespace dormant::detail {

/// A vector of a norm; without it kernels get a null pointer, which stands for ones, or zeros.
template <bool Present>
struct norm_vector {
  weight w; // [n]

  constexpr norm_vector(plan d, std::string_view name, std::size_t n, initial_value from)
      : w(d.vector(name, n, from, group::norms)) {}
  auto of(auto const& p) const { return p[w]; }
  auto gradient(auto const& p) const { return p.gradient(w); }
};
template <>
struct norm_vector<false> {
  constexpr norm_vector(plan, std::string_view, std::size_t, initial_value) {}
  template <class Pass>
  typename Pass::T const* of(Pass const&) const {
    return nullptr;
  }
  template <class Pass>
  typename Pass::T* gradient(Pass const&) const {
    return nullptr;
  }
};

} // namespace dormant::detail
