// SPDX-License-Identifier: MIT
// Slopes of ALiBi by hand, and its biases against scalar loops.

#include "dormant/kernels/alibi.hpp"

#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;
using namespace dormant::testing_kernels;

TEST_CASE("slopes of ALiBi are the paper's", "[kernels][alibi]") {
  CHECK(kernels::alibi_slope(0, 1) == 1.0 / 256);
  for (std::size_t h = 0; h != 8; ++h) // 1/2, 1/4, ... 1/256
    CHECK(kernels::alibi_slope(h, 8) == std::ldexp(1.0, -static_cast<int>(h) - 1));
  for (std::size_t h = 0; h != 16; ++h) // 1/2^0.5, 1/2^1, 1/2^1.5, ...
    CHECK(kernels::alibi_slope(h, 16) == Approx(std::pow(2, -0.5 * static_cast<double>(h + 1))));
  // Twelve heads: those of eight, then every second of sixteen.
  for (std::size_t h = 0; h != 8; ++h)
    CHECK(kernels::alibi_slope(h, 12) == kernels::alibi_slope(h, 8));
  for (std::size_t h = 8; h != 12; ++h)
    CHECK(kernels::alibi_slope(h, 12) == kernels::alibi_slope(2 * (h - 8), 16));
  CHECK(kernels::alibi_slope(11, 12) == Approx(std::pow(2, -3.5)));
}

TEST_CASE("biases of ALiBi grow with the distance, in the causal part only", "[kernels][alibi]") {
  on_every_arch([]<class Arch, class T>() {
    constexpr T masked = -std::numeric_limits<T>::infinity();
    for (std::size_t n : odd_sizes) {
      T const slope = T(0.3);
      guarded<T> scores(n, n, 1);
      for (std::size_t i = 0; i != n; ++i)
        for (std::size_t j = i + 1; j != n; ++j)
          scores(i, j) = (i + j) % 2 == 0 ? masked : T(5); // whatever is there stays
      guarded<T> const before = scores;
      kernels::add_alibi<Arch, T>(slope, scores.view());
      bool good = scores.padding_untouched();
      for (std::size_t i = 0; i != n; ++i)
        for (std::size_t j = 0; j != n; ++j) {
          double const distance = static_cast<double>(i) - static_cast<double>(j);
          double const want =
              static_cast<double>(before(i, j)) - static_cast<double>(slope) * distance;
          good = good && (j > i ? scores(i, j) == before(i, j)
                                : close(scores(i, j), want, 1 + std::abs(want), 1));
        }
      INFO("T " << n);
      CHECK(good);
    }
  });
}

TEST_CASE("biases of ALiBi are exact far away, and masked keys stay masked", "[kernels][alibi]") {
  on_every_arch([]<class Arch, class T>() {
    std::size_t const queries = 5000; // of three keys
    guarded<T> scores(queries, 3, 1);
    for (std::size_t i = 0; i != queries; ++i) {
      scores(i, 0) = T(0);
      scores(i, 1) = -std::numeric_limits<T>::infinity();
      scores(i, 2) = T(1);
    }
    kernels::add_alibi<Arch, T>(T(0.5), scores.view());
    bool good = scores.padding_untouched() && scores(0, 2) == T(1) && scores(1, 2) == T(1);
    for (std::size_t i = 0; i != queries; ++i) {
      good = good && scores(i, 0) == static_cast<T>(i) / -2 &&
             scores(i, 1) == -std::numeric_limits<T>::infinity() &&
             (i < 2 || scores(i, 2) == 1 - static_cast<T>(i - 2) / 2);
    }
    CHECK(good);
  });
}
