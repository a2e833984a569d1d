// SPDX-License-Identifier: MIT
// Where a pass first met a NaN or an infinity: a look at the values that the pass has kept.
#pragma once

#include "dormant/error.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/pass/memory.hpp"
#include "dormant/plan/placement.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dormant::detail {

/// A site of a layer that holds a value which is not finite.
struct spoiled_site {
  std::size_t layer = 0;
  std::string_view name;

  /// e.g. "layer 0, tensor pattern holds a value that is not finite (sequence 3 of the batch)"
  [[nodiscard]] std::string sentence(std::size_t sequence) const {
    return dormant::sentence({"layer ", layer, ", tensor ", name,
                              " holds a value that is not finite (sequence ", sequence,
                              " of the batch)"});
  }
};

template <class Arch, class T>
[[nodiscard, gnu::noinline]] bool all_finite_rows(T const* p, std::size_t rows, std::size_t cols,
                                                  std::size_t stride) {
  for (std::size_t r = 0; r < rows; ++r) {
    if (!kernels::all_finite<Arch, T>(p + r * stride, cols)) return false;
  }
  return true;
}

/// The first such value in the order of the plan, which is that of the forward pass.
/// Scores have become the pattern by then, and the logits their gradient, which a
/// value that is not finite survives.
template <class Model>
[[nodiscard]] std::optional<spoiled_site>
first_spoiled(placement<Model> const& where, sequence_memory<Model> const& m, std::size_t length) {
  using T = typename Model::scalar;
  for (auto const& v : where.values()) {
    T const* const p = m.kept.data() + v.offset;
    std::size_t const cols = v.heads == 0 ? v.cols : length;
    for (std::size_t h = 0; h < std::max<std::size_t>(v.heads, 1); ++h) {
      T const* const rows = p + h * where.s.context * v.stride;
      if (!all_finite_rows<typename Model::arch, T>(rows, length, cols, v.stride)) {
        return spoiled_site{v.layer, v.name};
      }
    }
  }
  return std::nullopt;
}

} // namespace dormant::detail
