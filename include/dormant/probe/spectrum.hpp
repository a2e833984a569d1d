// SPDX-License-Identifier: MIT
// Singular values of small matrices, and what is read from them; by Eigen.
#pragma once

#include "dormant/detail/arithmetic.hpp"
#include "dormant/detail/eigen.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace dormant {

/// The squares of a matrix's singular values, in increasing order: they are the
/// eigenvalues of its Gram matrix, whose rounding they share, 1e-16 of the largest. All
/// NaN if an element is not finite.
using squared_spectrum = std::vector<double>;

namespace detail {

using square_matrix = Eigen::MatrixXd;

/// X X^T of X [rows, cols], element(r, c).
template <class Element>
[[nodiscard]] square_matrix gram_of(std::size_t rows, std::size_t cols, Element const& element) {
  auto const n = static_cast<Eigen::Index>(rows), m = static_cast<Eigen::Index>(cols);
  Eigen::MatrixXd x(n, m);
  for (Eigen::Index c = 0; c < m; ++c) {
    for (Eigen::Index r = 0; r < n; ++r) {
      x(r, c) =
          static_cast<double>(element(static_cast<std::size_t>(r), static_cast<std::size_t>(c)));
    }
  }
  square_matrix gram = square_matrix::Zero(n, n);
  gram.selfadjointView<Eigen::Lower>().rankUpdate(x);
  return gram;
}

/// Eigenvalues of a matrix that has none below zero but by rounding; its lower half is read.
[[nodiscard]] inline squared_spectrum eigenvalues_of(square_matrix const& gram) {
  auto const n = static_cast<std::size_t>(gram.rows());
  squared_spectrum out(n, std::numeric_limits<double>::quiet_NaN());
  // What the solver makes of what is no number is not said: it may give some numbers all the same.
  if (n == 0 || !std::isfinite(gram.trace())) return out;
  Eigen::SelfAdjointEigenSolver<square_matrix> const solved(gram, Eigen::EigenvaluesOnly);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = std::max(solved.eigenvalues()[static_cast<Eigen::Index>(i)], 0.0);
  }
  return out;
}

/// Of S G S, where S is the symmetric root of the first and G the second; lower halves are read.
[[nodiscard]] inline squared_spectrum eigenvalues_of_product(square_matrix const& first,
                                                             square_matrix const& second) {
  if (!std::isfinite(first.trace()) || !std::isfinite(second.trace())) {
    return squared_spectrum(static_cast<std::size_t>(first.rows()),
                            std::numeric_limits<double>::quiet_NaN());
  }
  Eigen::SelfAdjointEigenSolver<square_matrix> const solved(first);
  square_matrix const& turn = solved.eigenvectors();
  square_matrix const root =
      turn * solved.eigenvalues().cwiseMax(0).cwiseSqrt().asDiagonal() * turn.transpose();
  square_matrix const whole = second.selfadjointView<Eigen::Lower>();
  return eigenvalues_of(root * whole * root);
}

} // namespace detail

/// Of X [rows, cols], element(r, c), from the Gram matrix of its shorter side.
template <class Element>
[[nodiscard]] squared_spectrum spectrum_of(std::size_t rows, std::size_t cols,
                                           Element const& element) {
  if (rows <= cols) return detail::eigenvalues_of(detail::gram_of(rows, cols, element));
  auto const turned = [&](std::size_t r, std::size_t c) { return element(c, r); };
  return detail::eigenvalues_of(detail::gram_of(cols, rows, turned));
}

/// Of A^T B, where A and B are [rows, cols] with few rows, and the product, [cols,
/// cols], is not made: its squared singular values but for zeros are the eigenvalues of
/// S (B B^T) S, S the root of A A^T.
template <class A, class B>
[[nodiscard]] squared_spectrum spectrum_of_product(std::size_t rows, std::size_t cols, A const& a,
                                                   B const& b) {
  return detail::eigenvalues_of_product(detail::gram_of(rows, cols, a),
                                        detail::gram_of(rows, cols, b));
}

/// The largest singular value; 0 of nothing.
[[nodiscard]] inline double spectral_norm(squared_spectrum const& squares) {
  return squares.empty() ? 0 : std::sqrt(squares.back());
}

/// -sum p ln p over the squared singular values as shares of their sum,
/// nats; NaN of a matrix of zeros.
[[nodiscard]] inline double spectral_entropy(squared_spectrum const& squares) {
  double sum = 0, entropy = 0;
  for (double const s : squares) sum += s;
  for (double const s : squares) {
    if (s != 0) entropy -= s / sum * std::log(s / sum);
  }
  return sum == 0 ? std::numeric_limits<double>::quiet_NaN() : entropy;
}

/// exp of the entropy: n of a matrix with n singular values that are alike and no
/// other. The shares are of squares; Roy and Vetterli (2007) have those of the singular
/// values themselves, which is more.
[[nodiscard]] inline double effective_rank(squared_spectrum const& squares) {
  return std::exp(spectral_entropy(squares));
}

} // namespace dormant
