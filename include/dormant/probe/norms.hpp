// SPDX-License-Identifier: MIT
// Norms at `<s>` against those at all other positions; what drains and peaks are made of.
#pragma once

#include "dormant/probe/row.hpp"

#include <cmath>
#include <cstddef>
#include <string_view>

namespace dormant {

namespace detail {
/// Euclidean norm of the `width` numbers element(0), element(1), ...
template <class Row>
[[nodiscard]] double euclidean(std::size_t width, Row const& element) {
  double square = 0;
  for (std::size_t c = 0; c < width; ++c) {
    double const x = static_cast<double>(element(c));
    square += x * x;
  }
  return std::sqrt(square);
}
} // namespace detail

/// Mean Euclidean norms, at sinks (`sequence::sink`: every `<s>`) and elsewhere.
struct bos_norms {
  running_mean bos, other;

  template <class Row>
  void add(bool at_sink, std::size_t width, Row const& element) {
    (at_sink ? bos : other).add(detail::euclidean(width, element));
  }
  /// Norm at `<s>` over the mean norm elsewhere.
  [[nodiscard]] double ratio() const { return bos.mean() / other.mean(); }
  bos_norms& operator+=(bos_norms const& o) {
    bos += o.bos;
    other += o.other;
    return *this;
  }
};

/// What a probe of such norms offers its readers, layer by layer and head by head.
class bos_norm_probe {
public:
  [[nodiscard]] double bos(std::size_t layer = 0, std::size_t head = all_heads) const {
    return norms_.of(layer, head).bos.mean();
  }
  [[nodiscard]] double other(std::size_t layer = 0, std::size_t head = all_heads) const {
    return norms_.of(layer, head).other.mean();
  }
  /// Norm at `<s>` over the mean norm elsewhere; NaN for a layer or head that was not heard of.
  [[nodiscard]] double ratio(std::size_t layer = 0, std::size_t head = all_heads) const {
    return norms_.of(layer, head).ratio();
  }
  [[nodiscard]] std::size_t layers() const { return norms_.size(); }
  void state(auto&& f) { f(norms_); }

protected:
  void report_as(std::string_view probe, probe_row& row) const {
    norms_.each([&](std::size_t l, std::size_t h) {
      row.add(sentence({probe, ".bos"}), l, bos(l, h), h);
      row.add(sentence({probe, ".other"}), l, other(l, h), h);
      row.add(sentence({probe, ".ratio"}), l, ratio(l, h), h);
    });
  }

  per_head<bos_norms> norms_;
};

} // namespace dormant
