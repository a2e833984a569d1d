// SPDX-License-Identifier: MIT
// What optimizers of whole matrices do before and after they turn a direction: Adam's step,
// transposes.
#pragma once

#include "dormant/kernels/optimizer_steps.hpp"
#include "dormant/kernels/simd.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace dormant::kernels {

/// p = keep p + factor d, both [n].
template <class Arch, class T>
[[gnu::noinline]] void decay_and_move(T* p, T const* d, std::size_t n, double keep, double factor) {
  using batch = vector<Arch, T>;
  batch const rest(static_cast<T>(keep));
  batch const step(static_cast<T>(factor));
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
    reg.store(p + i, fma(step, reg.load(d + i), rest * reg.load(p + i)));
  });
}

/// AdamW's step without its decay, to be turned before it is added: m, v decay towards g, g^2;
/// out = -lr / bias1 * m / (sqrt(v) / sqrt(bias2) + eps). All [n]; `out` may be `g`.
template <class Arch, class T>
[[gnu::noinline]] void adam_direction(T const* g, T* m, T* v, T* out, std::size_t n, adamw_step h) {
  using batch = vector<Arch, T>;
  batch const beta1(static_cast<T>(h.beta1));
  batch const beta2(static_cast<T>(h.beta2));
  batch const rest1(static_cast<T>(1 - h.beta1));
  batch const rest2(static_cast<T>(1 - h.beta2));
  batch const root(static_cast<T>(std::sqrt(h.bias2)));
  batch const eps(static_cast<T>(h.eps));
  batch const step(static_cast<T>(-h.lr / h.bias1));
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
    batch const d = reg.load(g + i);
    batch const m1 = fma(rest1, d, beta1 * reg.load(m + i));
    batch const v1 = fma(rest2 * d, d, beta2 * reg.load(v + i));
    reg.store(m + i, m1);
    reg.store(v + i, v1);
    reg.store(out + i, step * m1 / (sqrt(v1) / root + eps));
  });
}

/// out [cols, rows] = the transpose of x [rows, cols].
template <class T>
[[gnu::noinline]] void transposed(T const* x, std::size_t rows, std::size_t cols, T* out) {
  constexpr std::size_t block = 16;
  for (std::size_t top = 0; top < rows; top += block)
    for (std::size_t left = 0; left < cols; left += block)
      for (std::size_t i = top; i < std::min(top + block, rows); ++i)
        for (std::size_t j = left; j < std::min(left + block, cols); ++j)
          out[j * rows + i] = x[i * cols + j];
}

} // namespace dormant::kernels
