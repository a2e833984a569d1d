// SPDX-License-Identifier: MIT
// What Muon alone needs (Jordan et al. 2024): Nesterov's momentum, and orthogonalisation without a
// decomposition. x = a x + b (x x^T) x + c (x x^T)^2 x, again and again, pulls all singular
// values towards 1.
#pragma once

#include "dormant/kernels/matmul.hpp"
#include "dormant/kernels/matrix_steps.hpp"
#include "dormant/kernels/optimizer_steps.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/kernels/simd.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

namespace dormant::kernels {

/// Momentum, and a look ahead (Nesterov): v = momentum v + g, out = g + momentum v, all [n].
template <class Arch, class T>
[[gnu::noinline]] void nesterov(T const* g, T* v, T* out, std::size_t n, double momentum) {
  using batch = vector<Arch, T>;
  batch const mu(static_cast<T>(momentum));
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
    batch const d = reg.load(g + i);
    batch const v1 = fma(mu, reg.load(v + i), d);
    reg.store(v + i, v1);
    reg.store(out + i, fma(mu, v1, d));
  });
}

/// Where an iteration works: [rows, cols] once, [k, k] twice, k the smaller of the two.
template <class T>
struct newton_schulz_memory {
  T* turned;
  T* gram;
  T* square;
};

/// x [rows, cols] with its singular values near 1: after five iterations those that were above
/// 0.003 of its norm are between 0.68 and 1.21. A norm that is not finite leaves NaN.
template <class Arch, class T>
[[gnu::noinline]] void newton_schulz(T* x, std::size_t rows, std::size_t cols, int iterations,
                                     newton_schulz_memory<T> memory) {
  constexpr double a = 3.4445, b = -4.7750, c = 2.0315; // the slope at 0 is as steep as can be
  std::size_t const size = rows * cols, k = std::min(rows, cols), l = std::max(rows, cols);
  double const norm = std::sqrt(sum_of_squares(x, size));
  bool const finite = std::isfinite(norm);
  scale<Arch, T>(x, size,
                 finite ? static_cast<T>(1 / (norm + 1e-7)) : std::numeric_limits<T>::quiet_NaN());

  T* wide = x; // [k, l]
  T* tall = memory.turned;
  if (rows > cols) {
    transposed(x, rows, cols, memory.turned);
    std::swap(wide, tall);
  }
  matrix<T> const gram{memory.gram, k, k, k}, square{memory.square, k, k, k};
  for (int i = 0; i < iterations; ++i) {
    transposed(wide, k, l, tall);
    matrix<T const> const columns{tall, l, k, k};
    clear<Arch, T>(gram.data, k * k);
    multiply_transposed<Arch, T>(columns, columns, gram); // symmetric to the bit
    clear<Arch, T>(square.data, k * k);
    multiply_transposed<Arch, T>(gram, gram, square);
    decay_and_move<Arch, T>(square.data, gram.data, k * k, c, b);
    clear<Arch, T>(tall, size);
    add_scaled<Arch, T>(static_cast<T>(a), wide, tall, size);
    multiply_transposed<Arch, T>(square, {wide, k, l, l}, {tall, k, l, l});
    std::swap(wide, tall);
  }
  if (rows > cols) {
    if (wide == x) std::swap_ranges(x, x + size, memory.turned);
    transposed(memory.turned, k, l, x);
  } else if (wide != x) {
    std::copy_n(wide, size, x);
  }
}

} // namespace dormant::kernels
