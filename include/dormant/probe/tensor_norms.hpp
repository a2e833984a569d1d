// SPDX-License-Identifier: MIT
// Frobenius norms of the gradient and of the update of every parameter tensor
// (arXiv 2410.13835, appendix: optimizer-side measurements).
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dormant {

namespace detail {
template <class Matrix>
double frobenius(Matrix const& m) {
  double square = 0;
  for (std::size_t r = 0; r < m.shape(0); ++r) {
    for (std::size_t c = 0; c < m.shape(1); ++c) {
      double const x = static_cast<double>(m(r, c));
      square += x * x;
    }
  }
  return std::sqrt(square);
}
} // namespace detail

/// Norms of the most recent step's gradients and updates, by the name of the tensor in the state
/// dict.
template <class T>
struct tensor_norms_of {
  void operator()(site::gradient at, view<T const, 2> const& g) {
    norms_.set(named("gradient", at.tensor), detail::frobenius(g));
  }
  void operator()(site::update at, view<T const, 2> const& u) {
    norms_.set(named("update", at.tensor), detail::frobenius(u));
  }

  /// The norm of the gradient or the update of a tensor, e.g. `layers.0.attention.wq.weight`.
  /// \throws error with the names there are if it was not heard
  [[nodiscard]] double gradient(std::string_view tensor) const {
    return norms_[named("gradient", tensor)];
  }
  [[nodiscard]] double update(std::string_view tensor) const {
    return norms_[named("update", tensor)];
  }
  void report(probe_row& row) const {
    for (auto const& [name, norm] : norms_.cells()) row.add(name, norm);
  }

private:
  static std::string named(std::string_view quantity, std::string_view tensor) {
    return sentence({"tensor_norms.", quantity, ".", tensor});
  }
  probe_row norms_;
};
using tensor_norms = tensor_norms_of<float>;

} // namespace dormant
