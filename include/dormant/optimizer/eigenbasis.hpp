// SPDX-License-Identifier: MIT
// The eigenvectors of a symmetric matrix, by Eigen.
#pragma once

#include "dormant/detail/arithmetic.hpp"
#include "dormant/detail/eigen.hpp"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace dormant::detail {

/// Works in double, on one thread, in memory that it has from the beginning (but for n numbers that
/// Eigen takes in each call).
class eigenbasis {
public:
  explicit eigenbasis(std::size_t n)
      : matrix_(static_cast<Eigen::Index>(n), static_cast<Eigen::Index>(n)),
        solver_(static_cast<Eigen::Index>(n)) {}

  /// \param a [n, n], symmetric
  /// \param out [n, n], a column for each eigenvector, that of the smallest eigenvalue first; NaN
  ///   where `a` has a value that is not finite
  template <class T>
  void of(T const* a, T* out) {
    auto const n = matrix_.rows();
    for (Eigen::Index i = 0; i < n; ++i)
      for (Eigen::Index j = 0; j < n; ++j) matrix_(i, j) = static_cast<double>(a[i * n + j]);
    // Eigen would iterate on NaN until it gives up.
    if (!matrix_.allFinite() || solver_.compute(matrix_).info() != Eigen::Success) {
      std::fill_n(out, n * n, std::numeric_limits<T>::quiet_NaN());
      return;
    }
    for (Eigen::Index i = 0; i < n; ++i)
      for (Eigen::Index j = 0; j < n; ++j)
        out[i * n + j] = static_cast<T>(solver_.eigenvectors()(i, j));
  }

private:
  Eigen::MatrixXd matrix_;
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver_;
};

} // namespace dormant::detail
