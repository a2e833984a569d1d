// SPDX-License-Identifier: MIT
// Norms of position 0 against those of all other positions; what drains and peaks are made of.
#pragma once

#include "dormant/probe/row.hpp"

#include <cmath>
#include <cstddef>

namespace dormant {

/// Mean Euclidean norms, at `<s>` (position 0) and elsewhere.
struct bos_norms {
  mean_of bos, other;

  template <class Row>
  void add(std::size_t position, std::size_t width, Row const& element) {
    double square = 0;
    for (std::size_t c = 0; c < width; ++c) {
      double const x = static_cast<double>(element(c));
      square += x * x;
    }
    (position == 0 ? bos : other).add(std::sqrt(square));
  }
  /// Norm at `<s>` over the mean norm elsewhere.
  [[nodiscard]] double ratio() const { return bos.mean() / other.mean(); }
  bos_norms& operator+=(bos_norms const& o) {
    bos += o.bos;
    other += o.other;
    return *this;
  }
};

} // namespace dormant
