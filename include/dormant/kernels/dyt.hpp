// SPDX-License-Identifier: MIT
// Dynamic tanh, y = gain * tanh(alpha x) + bias with one learned number alpha: what stands in for a
// norm and looks at no other element; and its gradient. arXiv 2503.10622.
#pragma once

#include "dormant/kernels/optional_row.hpp"
#include "dormant/kernels/register_tile.hpp"
#include "dormant/kernels/special_functions.hpp"

namespace dormant::kernels {

/// y [T, C] from x [T, C], gain [C] (null: ones) and bias [C] (null: zeros). `y` may be `x`.
template <class Arch, class T>
[[gnu::noinline]] void dyt(matrix<T const> x, T alpha, T const* gain, T const* bias, matrix<T> y) {
  using batch = vector<Arch, T>;
  batch const a(alpha);
  for (std::size_t row = 0; row != x.rows; ++row) {
    T const* const in = x.data + row * x.stride;
    T* const out = y.data + row * y.stride;
    for_each_register<Arch, T>(x.cols, [&](auto reg, std::size_t i) {
      reg.store(out + i,
                fma(tanh(a * reg.load(in + i)), detail::load_or<false, Arch, T>(reg, gain, i, T(1)),
                    detail::load_or<false, Arch, T>(reg, bias, i, T(0))));
    });
  }
}

/// From dy [T, C] and what `dyt` saw: dx [T, C] (added to what is there when `accumulate`), and the
/// gradients of alpha (one number), gain [C] and bias [C], each added to what is there, or not
/// wanted where null. `dx` may be `dy` if it does not accumulate.
template <class Arch, class T>
[[gnu::noinline]] void dyt_gradient(matrix<T const> dy, matrix<T const> x, T alpha, T const* gain,
                                    matrix<T> dx, bool accumulate, T* dalpha, T* dgain, T* dbias) {
  using batch = vector<Arch, T>;
  batch const a(alpha);
  double total = 0; // of all T C elements, too many for a float
  for (std::size_t row = 0; row != x.rows; ++row) {
    T const* const in = x.data + row * x.stride;
    T const* const g = dy.data + row * dy.stride;
    T* const out = dx.data + row * dx.stride;
    batch along(T(0));
    for_each_register<Arch, T>(x.cols, [&](auto reg, std::size_t i) {
      batch const d = reg.load(g + i);
      batch const v = reg.load(in + i);
      batch const t = tanh(a * v);
      batch const slope = fma(-t, t, batch(T(1)));
      batch const inner = d * detail::load_or<false, Arch, T>(reg, gain, i, T(1)) * slope;
      along = fma(inner, v, along);
      if (dgain != nullptr) reg.store(dgain + i, fma(d, t, reg.load(dgain + i)));
      if (dbias != nullptr) reg.store(dbias + i, reg.load(dbias + i) + d);
      reg.store(out + i, accumulate ? fma(a, inner, reg.load(out + i)) : a * inner);
    });
    total += static_cast<double>(add_of<Arch, T>(along));
  }
  if (dalpha != nullptr) *dalpha += static_cast<T>(total);
}

} // namespace dormant::kernels
