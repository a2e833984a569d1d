// SPDX-License-Identifier: MIT
// Spectral norms of the gradient and of the update of every parameter matrix (arXiv 2410.13835,
// appendix: optimizer-side measurements). The Frobenius norms are in tensor_norms.hpp.
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/probe/spectrum.hpp"
#include "dormant/sites.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace dormant {

/// The largest singular values of the most recent step's gradients and updates, by the
/// name of the tensor in the state dict; of a vector that is its Euclidean norm. Exact up
/// to rounding, and as slow: R^2 C operations for a matrix [R, C] with R <= C, so listen
/// every so many steps. Needs Eigen.
template <class T>
struct spectral_norms_of {
  void operator()(site::gradient at, view<T const, 2> const& g) {
    norms_.set(named("gradient", at.tensor), norm_of(g));
  }
  void operator()(site::update at, view<T const, 2> const& u) {
    norms_.set(named("update", at.tensor), norm_of(u));
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
    return sentence({"spectral_norms.", quantity, ".", tensor});
  }
  static double norm_of(view<T const, 2> const& m) {
    return spectral_norm(
        spectrum_of(m.shape(0), m.shape(1), [&](std::size_t r, std::size_t c) { return m(r, c); }));
  }
  probe_row norms_;
};
using spectral_norms = spectral_norms_of<float>;

} // namespace dormant
