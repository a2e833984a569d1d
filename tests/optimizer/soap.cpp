// SPDX-License-Identifier: MIT
// SOAP: AdamW where nothing is turned, one step of a sign in the eigenbasis at first, and no basis
// of its own. Laws, threads, a stop with the factors in the file.
#include "dormant/optimizer/soap.hpp"

#include "error_of.hpp"
#include "optimizer_testing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <string>

using namespace testing_optimizers;

namespace {

struct one_matrix {
  std::size_t rows, cols;
  tensor_spec spec = [this] {
    tensor_spec t;
    t.rows = rows;
    t.cols = cols;
    return t;
  }();
  arena<double> p{rows * cols}, g{rows * cols};

  soap::state<double> memory(soap const& how) const {
    return soap::state<double>(how, std::span(&spec, 1), rows * cols);
  }
  void draw(std::uint64_t step) {
    random_stream numbers(5, stream::user, step, 0);
    for (auto& x : g.span()) x = numbers.normal();
  }
  void step(soap const& how, soap::state<double>& s, std::uint64_t t) {
    how.step<xsimd::default_arch, double>(
        s, {.parameters = p.span(), .gradients = g.span(), .rows = rows, .cols = cols}, t);
  }
};

} // namespace

TEST_CASE("soap: eigenvectors are orthogonal and belong to the matrix, smallest first") {
  constexpr std::size_t n = 9;
  double a[n * n], q[n * n];
  random_stream draw(1, stream::user, 0, 0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) a[i * n + j] = a[j * n + i] = draw.normal();
  detail::eigenbasis find(n);
  find.of(a, q);
  double last = -1e9;
  for (std::size_t v = 0; v < n; ++v) {
    double image[n] = {}, value = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) image[i] += a[i * n + j] * q[j * n + v];
    for (std::size_t i = 0; i < n; ++i) value += image[i] * q[i * n + v];
    for (std::size_t i = 0; i < n; ++i) CHECK(std::abs(image[i] - value * q[i * n + v]) < 1e-13);
    CHECK(value > last);
    last = value;
  }
  a[5] = std::numeric_limits<double>::quiet_NaN();
  find.of(a, q);
  CHECK(std::all_of(q, q + n * n, [](double x) { return std::isnan(x); }));
}

TEST_CASE(
    "soap: the first step is AdamW's, not the signs of rounding in the gradient's own basis") {
  one_matrix m{4, 4};
  m.draw(1);
  soap const how{.lr = 0.1, .weight_decay = 0};
  auto memory = m.memory(how);
  m.step(how, memory, 1);
  // A sign in the original basis, as Adam's first step is.
  for (std::size_t i = 0; i < 16; ++i)
    CHECK(m.p.data()[i] == Approx(m.g.data()[i] > 0 ? -0.1 : 0.1).epsilon(1e-6));
}

TEST_CASE(
    "soap: a gradient that comes again is followed as far in every direction of its own basis") {
  // In the eigenbasis of g g^T and g^T g it is diagonal, and Adam's steps are signs: the
  // step is -lr U V^T, whose product with its transpose is lr^2. Rounding off the
  // diagonal is far below this eps.
  one_matrix m{4, 4};
  m.draw(1);
  soap const how{.lr = 0.1, .eps = 1e-9, .weight_decay = 0};
  auto memory = m.memory(how);
  m.step(how, memory, 1);
  std::fill_n(m.p.data(), 16, 0.0);
  m.step(how, memory, 2);
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 4; ++j) {
      double sum = 0;
      for (std::size_t k = 0; k < 4; ++k) sum += m.p.data()[i * 4 + k] * m.p.data()[j * 4 + k];
      CHECK(sum == Approx(i == j ? 0.01 : 0).margin(1e-5));
    }
}

TEST_CASE("soap: where nothing is turned it is AdamW") {
  adamw const adam{.lr = 1e-2, .beta1 = 0.95, .beta2 = 0.95, .weight_decay = 0.1};
  auto const theirs = trained<double>(adam);
  auto const off = [&](soap const& how) {
    auto const ours = trained<double>(how);
    double most = 0;
    for (std::size_t i = 0; i < ours.size(); ++i) {
      most = std::max(most, std::abs(ours[i] - theirs[i]));
    }
    return most;
  };
  CHECK(off({.lr = 1e-2, .weight_decay = 0.1, .widest = 1}) < 1e-12);
  CHECK(off({.lr = 1e-2, .weight_decay = 0.1}) > 1e-3);
}

TEST_CASE("soap: it follows a rotation of the problem, as Adam does not") {
  // Rows and columns exchanged and turned: the step is turned with them.
  soap const how{.lr = 0.1, .weight_decay = 0, .refresh = 2};
  one_matrix m{3, 3}, turned{3, 3};
  auto s = m.memory(how), s_turned = turned.memory(how);
  double const c = std::cos(0.7), d = std::sin(0.7);
  double const q[] = {c, d, 0, -d, c, 0, 0, 0, 1};
  auto const turn = [&](double const* x, double* out) { // q x
    for (std::size_t i = 0; i < 3; ++i)
      for (std::size_t j = 0; j < 3; ++j) {
        out[i * 3 + j] = 0;
        for (std::size_t k = 0; k < 3; ++k) out[i * 3 + j] += q[i * 3 + k] * x[k * 3 + j];
      }
  };
  for (std::uint64_t t = 1; t <= 5; ++t) {
    m.draw(t);
    turn(m.g.data(), turned.g.data());
    m.step(how, s, t);
    turned.step(how, s_turned, t);
    if (t == 1) {
      // The first step is taken in the original basis; the factors are what counts.
      std::fill_n(m.p.data(), 9, 0.0);
      std::fill_n(turned.p.data(), 9, 0.0);
      std::fill_n(s.square.data(), 9, 1.0);
      std::fill_n(s_turned.square.data(), 9, 1.0);
    }
  }
  double expected[9];
  turn(m.p.data(), expected);
  for (std::size_t i = 0; i < 9; ++i)
    CHECK(turned.p.data()[i] == Approx(expected[i]).epsilon(1e-9));
}

TEST_CASE(
    "soap: the basis is found every refresh steps, and by a tensor that rested at its first") {
  soap const how{.refresh = 4};
  one_matrix m{3, 5};
  auto s = m.memory(how);
  auto before = s.bases;
  for (std::uint64_t t = 3; t <= 12; ++t) {
    m.draw(t);
    m.step(how, s, t);
    bool const found =
        std::memcmp(before.data(), s.bases.data(), before.size() * sizeof(double)) != 0;
    CHECK(found == (t == 3 || t % 4 == 0));
    before = s.bases;
  }
}

TEST_CASE("soap: NaN comes through") {
  one_matrix m{3, 5};
  m.draw(1);
  m.g.data()[7] = std::numeric_limits<double>::quiet_NaN();
  soap const how{};
  auto s = m.memory(how);
  m.step(how, s, 1);
  CHECK(std::isnan(m.p.data()[7]));
  m.draw(2); // what is remembered has it still
  m.step(how, s, 2);
  CHECK(std::all_of(m.p.data(), m.p.data() + 15, [](double x) { return std::isnan(x); }));
}

TEST_CASE("soap: laws, wrappers, threads, a stop") {
  check_laws(soap{});
  check_laws(soap{.lr = 0.1, .weight_decay = 0.5, .refresh = 3});
  check_laws(soap{.refresh = 2, .widest = 5});
  CHECK(testing::optimizer_laws(exact_decay{soap{.weight_decay = 1e-5, .refresh = 2}}));
  check_runs(soap{.refresh = 2});
  check_runs(exact_decay{soap{.refresh = 3}}, 4, 8);
}
