// SPDX-License-Identifier: MIT
// Spectra of matrices whose singular values are known, and the entropy of a residual stream.
#include "dormant/probe/matrix_entropy.hpp"
#include "dormant/probe/record.hpp"

#include "by_hand.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

using namespace dormant;
using by_hand::small;

namespace {
static_assert(observes<matrix_entropy, site::resid_post>);

/// H_u diag(values) H_w, [rows, cols], with the reflections of two vectors: its
/// singular values are the absolute ones.
struct known {
  std::size_t rows, cols;
  std::vector<double> values;
  static double reflected(std::size_t n, std::size_t i, std::size_t j, double seed) {
    std::vector<double> u;
    double square = 0;
    for (std::size_t k = 0; k < n; ++k) u.push_back(std::sin(seed + double(k)));
    for (double const x : u) square += x * x;
    return (i == j ? 1 : 0) - 2 * u[i] * u[j] / square;
  }
  double operator()(std::size_t r, std::size_t c) const {
    double sum = 0;
    for (std::size_t k = 0; k < values.size(); ++k) {
      sum += reflected(rows, r, k, 1) * values[k] * reflected(cols, k, c, 2);
    }
    return sum;
  }
};
} // namespace

TEST_CASE("spectrum: squared singular values of wide and high matrices, in order") {
  for (known const& m : {known{3, 7, {2, -5, 1}}, known{7, 3, {2, -5, 1}}}) {
    auto const squares = spectrum_of(m.rows, m.cols, m);
    REQUIRE(squares.size() == 3);
    CHECK(squares[0] == Approx(1));
    CHECK(squares[1] == Approx(4));
    CHECK(squares[2] == Approx(25));
    CHECK(spectral_norm(squares) == Approx(5));
    double const p[] = {1 / 30., 4 / 30., 25 / 30.};
    double entropy = 0;
    for (double const x : p) entropy -= x * std::log(x);
    CHECK(spectral_entropy(squares) == Approx(entropy));
    CHECK(effective_rank(squares) == Approx(std::exp(entropy)));
  }
  CHECK(effective_rank(spectrum_of(5, 9, known{5, 9, {3, 3, -3}})) == Approx(3));
  // One row is its own Gram matrix, so the solver would give its infinity for a singular value.
  auto const infinite = [](std::size_t, std::size_t) {
    return std::numeric_limits<double>::infinity();
  };
  CHECK(std::isnan(spectral_norm(spectrum_of(1, 3, infinite))));
  CHECK(std::isnan(effective_rank(spectrum_of(2, 2, known{2, 2, {0}}))));
  CHECK(std::isnan(spectral_norm(
      spectrum_of(2, 2, [](auto, auto) { return std::numeric_limits<double>::infinity(); }))));
  for (double const s : spectrum_of(6, 9, [](std::size_t r, std::size_t c) {
         return r == 5 && c == 5 ? std::nan("") : double(r == c);
       })) {
    CHECK(std::isnan(s)); // of a matrix, not of some of its values
  }
  CHECK(spectral_norm({}) == 0);
}

TEST_CASE("spectrum: that of a product is that of the product made") {
  known const a{3, 8, {1, 2, 3}}, b{3, 8, {4, -1, .5}};
  auto const squares = spectrum_of_product(3, 8, a, b);
  auto const made = spectrum_of(8, 8, [&](std::size_t i, std::size_t j) {
    double sum = 0;
    for (std::size_t d = 0; d < 3; ++d) sum += a(d, i) * b(d, j);
    return sum;
  });
  REQUIRE(squares.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(squares[i] == Approx(made[5 + i]));
  auto const none = [](std::size_t, std::size_t) { return std::nan(""); };
  CHECK(std::isnan(effective_rank(spectrum_of_product(3, 8, a, none))));
  CHECK(std::isnan(effective_rank(spectrum_of_product(3, 8, none, b))));
}

TEST_CASE("matrix_entropy: 0 of one direction, ln n of n, next to nothing with a massive token") {
  matrix_entropy_of<double> entropy;
  by_hand::text const row(3);
  by_hand::show<site::resid_post>(entropy, row, {3, 2}, {1, 2, -2, -4, .5, 1});
  by_hand::show<site::resid_post>(entropy, row, {3, 4}, {0, 2, 0, 0, 0, 0, -2, 0, 2, 0, 0, 0}, 1);
  by_hand::show<site::resid_post>(entropy, row, {3, 3}, {1e4, 0, 0, 0, 1, 0, 0, 0, 1}, 2);
  CHECK(entropy.entropy(0) == Approx(0).margin(1e-12));
  CHECK(entropy.effective_rank(0) == Approx(1));
  CHECK(entropy.entropy(1) == Approx(std::log(3)));
  CHECK(entropy.effective_rank(1) == Approx(3));
  CHECK(entropy.effective_rank(2) == Approx(1).epsilon(1e-6));
  by_hand::show<site::resid_post>(entropy, row, {3, 1}, {0, 0, 0}, 1);
  CHECK(entropy.effective_rank(1) == Approx(3)); // nothing says nothing
  by_hand::show<site::resid_post>(entropy, row, {3, 1}, {0, std::nan(""), 0}, 1);
  CHECK(std::isnan(entropy.entropy(1)));
}

TEST_CASE("matrix_entropy: of a model, power sums of the spectrum are traces of powers") {
  auto const net = models::shaken<transformer<small, softmax>>();
  auto const rows = by_hand::some_rows(1);
  matrix_entropy entropy;
  record<site::resid_post> kept;
  net.evaluate(rows, entropy, kept);
  auto const x = kept.values(1); // [1, T, C]
  auto const squares = spectrum_of(small.context, small.width,
                                   [&](std::size_t t, std::size_t c) { return x(0, t, c); });
  double trace = 0, of_square = 0, sum = 0, sum_of_squares = 0;
  for (std::size_t i = 0; i < small.context; ++i) {
    for (std::size_t j = 0; j < small.context; ++j) {
      double product = 0;
      for (std::size_t c = 0; c < small.width; ++c)
        product += double{x(0, i, c)} * double{x(0, j, c)};
      if (i == j) trace += product;
      of_square += product * product;
    }
  }
  for (double const s : squares) sum += s, sum_of_squares += s * s;
  CHECK(sum == Approx(trace));
  CHECK(sum_of_squares == Approx(of_square));
  CHECK(entropy.entropy(1) == Approx(spectral_entropy(squares)));
}

TEST_CASE("matrix_entropy: it keeps the laws of probes") {
  by_hand::keeps_its_laws<matrix_entropy>();
}
