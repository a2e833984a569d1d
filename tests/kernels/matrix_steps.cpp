// SPDX-License-Identifier: MIT
// Momentum, transposes, other bases and orthogonalisation of whole matrices, against plain loops.

#include "dormant/kernels/newton_schulz.hpp"
#include "dormant/kernels/sandwich.hpp"

#include "kernel_testing.hpp"

#include <utility>

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;

namespace {

using doubles = std::vector<double>;

doubles product(doubles const& a, doubles const& b, std::size_t rows, std::size_t depth) {
  std::size_t const cols = b.size() / depth;
  doubles c(rows * cols);
  for (std::size_t i = 0; i != rows; ++i)
    for (std::size_t k = 0; k != depth; ++k)
      for (std::size_t j = 0; j != cols; ++j) c[i * cols + j] += a[i * depth + k] * b[k * cols + j];
  return c;
}
doubles turned(doubles const& a, std::size_t rows) {
  std::size_t const cols = a.size() / rows;
  doubles out(a.size());
  for (std::size_t i = 0; i != a.size(); ++i) out[i % cols * rows + i / cols] = a[i];
  return out;
}
/// Five iterations by the definition, on whichever side.
doubles orthogonalised(doubles x, std::size_t rows) {
  double square = 0;
  for (double const v : x) square += v * v;
  for (double& v : x) v /= std::sqrt(square) + 1e-7;
  for (int i = 0; i != 5; ++i) {
    auto const gram = product(x, turned(x, rows), rows, x.size() / rows);
    auto const once = product(gram, x, rows, rows), twice = product(gram, once, rows, rows);
    for (std::size_t j = 0; j != x.size(); ++j)
      x[j] = 3.4445 * x[j] - 4.7750 * once[j] + 2.0315 * twice[j];
  }
  return x;
}

} // namespace

TEST_CASE("Newton-Schulz follows its formula and stays where it is", "[kernels][optimizer]") {
  on_every_arch([]<class Arch, class T>() {
    for (auto const& [rows, cols] : {std::pair<std::size_t, std::size_t>{2, 2},
                                     {3, 7},
                                     {7, 3},
                                     {17, 16},
                                     {16, 33},
                                     {33, 9},
                                     {1, 5}}) {
      std::size_t const n = rows * cols;
      guarded<T> x(1, n, 1), spare(1, n, 2), gram(1, n, 3), square(1, n, 4);
      doubles expected(n);
      for (std::size_t i = 0; i != n; ++i) expected[i] = static_cast<double>(x(0, i));
      expected = orthogonalised(expected, rows);
      kernels::newton_schulz<Arch, T>(x.data(), rows, cols, 5,
                                      {spare.data(), gram.data(), square.data()});
      bool good = true;
      // Each iteration multiplies what rounding did to small singular values by up to 3.4.
      for (std::size_t i = 0; i != n; ++i) good = good && close(x(0, i), expected[i], 1, 1000);
      INFO(rows << " x " << cols);
      CHECK(good);
      CHECK((x.padding_untouched() && spare.padding_untouched() && gram.padding_untouched() &&
             square.padding_untouched()));
    }
  });
}

TEST_CASE("Nesterov's momentum and the step follow their formulas", "[kernels][optimizer]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes) {
      guarded<T> p(1, n, 1), g(1, n, 2), v(1, n, 3), d(1, n, 4);
      guarded<T> const p0 = p, v0 = v;
      kernels::nesterov<Arch, T>(g.data(), v.data(), d.data(), n, 0.75);
      kernels::decay_and_move<Arch, T>(p.data(), d.data(), n, 0.5, -0.25);
      bool good = true;
      for (std::size_t i = 0; i != n; ++i) {
        double const v1 = 0.75 * static_cast<double>(v0(0, i)) + static_cast<double>(g(0, i));
        double const d1 = 0.75 * v1 + static_cast<double>(g(0, i));
        good = good && close(v(0, i), v1, 2, 2) && close(d(0, i), d1, 3, 2) &&
               close(p(0, i), 0.5 * static_cast<double>(p0(0, i)) - 0.25 * d1, 2, 4);
      }
      INFO("n " << n);
      CHECK(good);
      CHECK((p.padding_untouched() && v.padding_untouched() && d.padding_untouched()));
    }
  });
}

TEST_CASE("Adam's direction is its step, without the decay", "[kernels][optimizer]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes) {
      guarded<T> g(1, n, 1), m(1, n, 2), v(1, n, 3), out(1, n, 4), p(1, n, 5);
      for (std::size_t i = 0; i != n; ++i) v(0, i) *= v(0, i), p(0, i) = T(0);
      guarded<T> m0 = m, v0 = v;
      kernels::adamw_step const h{.lr = 0.25,
                                  .beta1 = 0.5,
                                  .beta2 = 0.75,
                                  .eps = 1e-3,
                                  .weight_decay = 0.5,
                                  .bias1 = 0.5,
                                  .bias2 = 0.25};
      kernels::adamw<Arch, T>(p.data(), g.data(), m0.data(), v0.data(), n, h);
      kernels::adam_direction<Arch, T>(g.data(), m.data(), v.data(), out.data(), n, h);
      bool good = true;
      for (std::size_t i = 0; i != n; ++i) {
        good = good && m(0, i) == m0(0, i) && v(0, i) == v0(0, i) &&
               close(out(0, i), static_cast<double>(p(0, i)), 1, 2);
      }
      INFO("n " << n);
      CHECK(good);
      CHECK((m.padding_untouched() && v.padding_untouched() && out.padding_untouched()));
    }
  });
}

TEST_CASE("a matrix in other bases is a product of three", "[kernels][optimizer]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t rows : {1U, 5U, 17U})
      for (std::size_t cols : {1U, 4U, 33U})
        for (bool const from_left : {false, true})
          for (bool const from_right : {false, true}) {
            std::size_t const n = rows * cols;
            guarded<T> x(1, n, 1), left(1, rows * rows, 2), right(1, cols * cols, 3), out(1, n, 4),
                spare(1, n, 5);
            auto const in_double = [](guarded<T> const& a, std::size_t size) {
              doubles all(size);
              for (std::size_t i = 0; i != size; ++i) all[i] = static_cast<double>(a(0, i));
              return all;
            };
            auto want = in_double(x, n);
            if (from_left)
              want = product(turned(in_double(left, rows * rows), rows), want, rows, rows);
            if (from_right) want = product(want, in_double(right, cols * cols), rows, cols);
            kernels::sandwich<Arch, T>(x.data(), from_left ? left.data() : nullptr,
                                       from_right ? right.data() : nullptr, rows, cols, out.data(),
                                       spare.data());
            bool good = true;
            double const size = static_cast<double>(rows * cols);
            for (std::size_t i = 0; i != n; ++i) good = good && close(out(0, i), want[i], size, 2);
            INFO(rows << " x " << cols << " " << from_left << " " << from_right);
            CHECK(good);
            CHECK((out.padding_untouched() && spare.padding_untouched()));
          }
  });
}

TEST_CASE("a transpose is one, whatever the sizes", "[kernels]") {
  for (std::size_t rows : {1U, 15U, 16U, 17U, 40U})
    for (std::size_t cols : {1U, 16U, 33U}) {
      guarded<float> x(1, rows * cols, 1), out(1, rows * cols, 2);
      kernels::transposed(x.data(), rows, cols, out.data());
      bool good = out.padding_untouched();
      for (std::size_t i = 0; i != rows; ++i)
        for (std::size_t j = 0; j != cols; ++j)
          good = good && out(0, j * rows + i) == x(0, i * cols + j);
      CHECK(good);
    }
}
