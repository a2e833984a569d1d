// SPDX-License-Identifier: MIT
// v_0 = 0: what a complete value-state drain would be (arXiv 2410.13835, section 3: interventions).
#pragma once

#include "dormant/intervention/require.hpp"
#include "dormant/sites.hpp"

#include <cstddef>

namespace dormant {

/// Zeroes the value state of one position, by default of `<s>`.
struct silence_value {
  std::size_t layer = 0;         ///< or `every_layer`
  std::size_t head = every_head; ///< or one head
  std::size_t position = 0;      ///< of the silenced token

  template <class T>
  void operator()(site::v at, view<T, 3>& v) const {
    zero(at.layer, v);
  }
  template <class T>
  void operator()(site::gradient_of<site::v> at, view<T, 3>& dv) const {
    zero(at.layer, dv);
  }
  template <class Model>
  void require(Model const& model) const {
    detail::require_branch(model, "silence_value", layer, detail::branch::attention);
    detail::require_head(model, "silence_value", head);
  }

private:
  template <class View>
  void zero(std::size_t l, View& v) const {
    if (!detail::concerns(layer, l) || position >= v.shape(0)) return;
    for (std::size_t h = 0; h < v.shape(1); ++h) {
      if (!detail::concerns(head, h)) continue;
      for (std::size_t d = 0; d < v.shape(2); ++d) v(position, h, d) = 0;
    }
  }
};

} // namespace dormant
