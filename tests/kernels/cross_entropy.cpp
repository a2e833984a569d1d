// SPDX-License-Identifier: MIT
// Cross-entropy and its gradient against scalar double loops.

#include "dormant/kernels/cross_entropy.hpp"

#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;

TEST_CASE("cross-entropy and its gradient match scalar loops", "[kernels][cross_entropy]") {
  on_every_arch([]<class Arch, class T>() {
    for (std::size_t n : odd_sizes) {
      std::size_t const count = 5;
      guarded<T> logits(count, n, 1);
      std::vector<std::int32_t> targets(count);
      for (std::size_t row = 0; row != count; ++row) {
        targets[row] = static_cast<std::int32_t>((row * 7 + 3) % n);
        for (std::size_t i = 0; i != n; ++i) logits(row, i) *= T(20);
      }
      guarded<T> const before = logits;
      double const value = kernels::cross_entropy_value<Arch, T>(logits.view(), targets.data());
      double const loss = kernels::cross_entropy<Arch, T>(logits.view(), targets.data(), T(0.125));
      CHECK(value == loss);

      double expected = 0;
      bool good = logits.padding_untouched();
      for (std::size_t row = 0; row != count; ++row) {
        auto const target = static_cast<std::size_t>(targets[row]);
        double sum = 0;
        for (std::size_t i = 0; i != n; ++i) sum += std::exp(static_cast<double>(before(row, i)));
        expected += std::log(sum) - static_cast<double>(before(row, target));
        for (std::size_t i = 0; i != n; ++i) {
          double const p = std::exp(static_cast<double>(before(row, i))) / sum;
          good = good && close(logits(row, i), (p - (i == target ? 1 : 0)) / 8, 1, 8);
        }
        T const scalar =
            kernels::log_sum_exp<Arch, T>(before.view().data + row * before.view().stride, n);
        good = good && close(scalar, std::log(sum), 20, 4);
      }
      INFO("V " << n);
      CHECK(good);
      CHECK(close(static_cast<T>(loss), expected, 20 * count, 8));
    }
  });
}

TEST_CASE("cross-entropy survives huge logits and reports bad ones", "[kernels][cross_entropy]") {
  on_every_arch([]<class Arch, class T>() {
    T const huge = T(1e30);
    std::int32_t const target = 1;
    T x[] = {huge, huge, -huge};
    CHECK(kernels::cross_entropy<Arch, T>({x, 1, 3, 3}, &target, T(1)) ==
          Approx(std::log(2.0)).epsilon(1e-6));
    CHECK((x[0] == Approx(0.5) && x[1] == Approx(-0.5) && x[2] == T(0)));

    T const infinity = std::numeric_limits<T>::infinity();
    T y[] = {T(1), std::numeric_limits<T>::quiet_NaN(), T(2)};
    CHECK(std::isnan(kernels::cross_entropy_value<Arch, T>({y, 1, 3, 3}, &target)));
    T const nothing[] = {-infinity, -infinity};
    CHECK(kernels::log_sum_exp<Arch, T>(nothing, 2) == -infinity);
    CHECK(kernels::log_sum_exp<Arch, T>(nothing, 0) == -infinity);
  });
}
