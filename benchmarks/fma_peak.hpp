// SPDX-License-Identifier: MIT
// What one core can do at best: independent fused multiply-adds on registers, nothing else.
#pragma once

#include <algorithm>
#include <chrono>
#include <utility>

#include "dormant/kernels/simd.hpp"

namespace dormant::benchmarks {

namespace detail {

template <class Arch, class T, std::size_t... Chain>
[[gnu::noinline]] T fma_loop(std::size_t rounds, T x, T y, std::index_sequence<Chain...>) {
  using batch = kernels::vector<Arch, T>;
  batch const a(x);
  batch const b(y);
  batch sum[] = {batch(static_cast<T>(Chain))...};
  for (std::size_t i = 0; i != rounds; ++i) ((sum[Chain] = kernels::fma(sum[Chain], a, b)), ...);
  batch total(T(0));
  ((total += sum[Chain]), ...);
  return total.get(0);
}

} // namespace detail

/// Floating-point operations per second of one core, multiply and add counted as two: the best of
/// `tries` runs of about 0.2 ms. Measure it next to what it is compared with, clocks change.
template <class Arch, class T>
double fma_peak(int tries = 20) {
  using clock = std::chrono::steady_clock;
  constexpr std::size_t chains = 12; // enough to hide the latency, and 16 registers hold them
  constexpr std::size_t rounds = 100'000;
  double best = 0;
  volatile T keep = T(0);
  for (int i = 0; i != tries; ++i) {
    auto const start = clock::now();
    keep = detail::fma_loop<Arch, T>(rounds, T(0.5), T(1), std::make_index_sequence<chains>{});
    std::chrono::duration<double> const spent = clock::now() - start;
    double const operations = 2.0 * static_cast<double>(rounds * chains * kernels::lanes<Arch, T>);
    best = std::max(best, operations / spent.count());
  }
  static_cast<void>(keep);
  return best;
}

} // namespace dormant::benchmarks
