// SPDX-License-Identifier: MIT
// What one core can do at best: independent fused multiply-adds on registers, nothing else.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

#include <time.h>

#include "dormant/kernels/simd.hpp"

namespace dormant::benchmarks {

/// Processor seconds this thread has used: unlike the clock on the wall, it stands still while
/// another process has the core.
inline double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

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

/// Floating-point operations per processor second of one core, multiply and add counted as two:
/// the best of `tries` runs of about 0.2 ms. Measure it next to what it is compared with, as clocks
/// change.
template <class Arch, class T>
double fma_peak(int tries = 20) {
  constexpr std::size_t chains = 12; // enough to hide the latency, and 16 registers hold them
  constexpr std::size_t rounds = 100'000;
  double best = 0;
  volatile T keep = T(0);
  for (int i = 0; i != tries; ++i) {
    double const start = thread_seconds();
    keep = detail::fma_loop<Arch, T>(rounds, T(0.5), T(1), std::make_index_sequence<chains>{});
    double const spent = thread_seconds() - start;
    double const operations = 2.0 * static_cast<double>(rounds * chains * kernels::lanes<Arch, T>);
    best = std::max(best, operations / spent);
  }
  static_cast<void>(keep);
  return best;
}

} // namespace dormant::benchmarks
