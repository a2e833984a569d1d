// SPDX-License-Identifier: MIT
// Norms of position 0 against those of all other positions; what drains and peaks are made of.
#pragma once

#include "dormant/probe/row.hpp"

#include <cmath>
#include <cstddef>
#include <string_view>

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

/// What a probe of such norms offers its readers, layer by layer.
class bos_norm_probe {
public:
  [[nodiscard]] double bos(std::size_t layer = 0) const { return layers_.at(layer).bos.mean(); }
  [[nodiscard]] double other(std::size_t layer = 0) const { return layers_.at(layer).other.mean(); }
  /// Norm at `<s>` over the mean norm elsewhere; NaN for a layer that was not heard of.
  [[nodiscard]] double ratio(std::size_t layer = 0) const { return layers_.at(layer).ratio(); }
  [[nodiscard]] std::size_t layers() const { return layers_.size(); }

protected:
  void report_as(std::string_view bos_name, std::string_view other_name, probe_row& row) const {
    for (std::size_t l = 0; l < layers(); ++l) {
      row.add(bos_name, l, bos(l));
      row.add(other_name, l, other(l));
    }
  }

  per_layer<bos_norms> layers_;
};

} // namespace dormant
