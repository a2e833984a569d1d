// SPDX-License-Identifier: MIT
// Random orthogonal matrices: Haar's, and those that permute and change signs.
#pragma once

#include "dormant/random.hpp"

#include <cmath>
#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

namespace dormant {

/// Uniform over all rotations and reflections: rows of normal numbers, made orthonormal one after
/// the other (Gram and Schmidt, twice, in double).
struct haar {
  static constexpr std::string_view name = "ortho_adam";

  /// \param q [n, n], row-major
  template <class T>
  static void fill(T* q, std::size_t n, random_stream draw) {
    std::vector<double> rows(n * n);
    for (auto& x : rows) x = draw.normal();
    for (std::size_t i = 0; i < n; ++i) {
      double* const row = rows.data() + i * n;
      for (int pass = 0; pass < 2; ++pass) {
        for (std::size_t j = 0; j < i; ++j) {
          double const* const other = rows.data() + j * n;
          double along = 0;
          for (std::size_t k = 0; k < n; ++k) along += row[k] * other[k];
          for (std::size_t k = 0; k < n; ++k) row[k] -= along * other[k];
        }
        double square = 0;
        for (std::size_t k = 0; k < n; ++k) square += row[k] * row[k];
        double const norm = std::sqrt(square);
        for (std::size_t k = 0; k < n; ++k) row[k] /= norm;
      }
    }
    for (std::size_t i = 0; i < n * n; ++i) q[i] = static_cast<T>(rows[i]);
  }
};

/// Uniform over the matrices with one 1 or -1 in each row and column. Adam does not see them.
struct signed_permutation {
  static constexpr std::string_view name = "permuted_adam";

  /// \param q [n, n], row-major
  template <class T>
  static void fill(T* q, std::size_t n, random_stream draw) {
    std::vector<std::size_t> column(n);
    for (std::size_t i = 0; i < n; ++i) column[i] = i;
    for (std::size_t i = n; i > 1; --i) std::swap(column[i - 1], column[draw.below(i)]);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) q[i * n + j] = T(0);
    for (std::size_t i = 0; i < n; ++i) {
      q[i * n + column[i]] = draw.below(2) == 0 ? T(1) : T(-1);
    }
  }
};

} // namespace dormant
