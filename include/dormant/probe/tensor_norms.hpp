// SPDX-License-Identifier: MIT
// Frobenius norms of the gradient and of the update of every parameter tensor
// (arXiv 2410.13835, appendix: optimizer-side measurements).
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
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

/// Norms of the most recent step's gradients and updates, by the name of the tensor.
template <class T>
struct tensor_norms_of {
  void operator()(site::gradient at, view<T const, 2> const& g) { keep("gradient ", at.tensor, g); }
  void operator()(site::update at, view<T const, 2> const& u) { keep("update ", at.tensor, u); }

  /// The norm of `gradient layers.0.attention.wq.weight`, say; NaN if it was not heard.
  [[nodiscard]] double operator[](std::string_view name) const { return norms_[name]; }
  void report(probe_row& row) const {
    for (auto const& [name, norm] : norms_.cells()) row.add(name, norm);
  }

private:
  void keep(std::string_view what, std::string_view tensor, view<T const, 2> const& m) {
    norms_.set(std::string(what) + std::string(tensor), detail::frobenius(m));
  }
  probe_row norms_;
};
using tensor_norms = tensor_norms_of<float>;

} // namespace dormant
