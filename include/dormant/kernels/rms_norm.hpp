// SPDX-License-Identifier: MIT
// Root-mean-square normalisation, y = x / sqrt(mean(x^2) + eps) * gain, and its gradient.
// arXiv 1910.07467.
#pragma once

#include <cmath>

#include "dormant/kernels/optional_row.hpp"
#include "dormant/kernels/register_tile.hpp"

namespace dormant::kernels {

namespace detail {

template <bool Given, class Arch, class T>
[[gnu::noinline]] void rms_norm(matrix<T const> x, T const* gain, T epsilon, matrix<T> y,
                                T* scale) {
  using batch = vector<Arch, T>;
  std::size_t const n = x.cols;
  T const count = static_cast<T>(n);
  for (std::size_t row = 0; row != x.rows; ++row) {
    T const* const in = x.data + row * x.stride;
    T* const out = y.data + row * y.stride;
    batch squares(T(0));
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      batch const v = reg.load(in + i);
      squares = fma(v, v, squares);
    });
    T const each = T(1) / std::sqrt(add_of<Arch, T>(squares) / count + epsilon);
    batch const s(each);
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      reg.store(out + i, reg.load(in + i) * s * load_or<Given, Arch, T>(reg, gain, i, T(1)));
    });
    scale[row] = each;
  }
}

template <bool Given, class Arch, class T>
[[gnu::noinline]] void rms_norm_gradient(matrix<T const> dy, matrix<T const> x, T const* scale,
                                         T const* gain, matrix<T> dx, bool accumulate, T* dgain) {
  using batch = vector<Arch, T>;
  std::size_t const n = x.cols;
  T const count = static_cast<T>(n);
  for (std::size_t row = 0; row != x.rows; ++row) {
    T const* const in = x.data + row * x.stride;
    T const* const g = dy.data + row * dy.stride;
    T* const out = dx.data + row * dx.stride;
    batch const s(scale[row]);
    batch along(T(0));
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      batch const d = reg.load(g + i);
      batch const unit = reg.load(in + i) * s;
      along = fma(d * load_or<Given, Arch, T>(reg, gain, i, T(1)), unit, along);
      if (Given || dgain != nullptr) reg.store(dgain + i, fma(d, unit, reg.load(dgain + i)));
    });
    batch const slope(add_of<Arch, T>(along) / count);
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      batch const unit = reg.load(in + i) * s;
      batch const dunit = reg.load(g + i) * load_or<Given, Arch, T>(reg, gain, i, T(1));
      batch const rest = dunit - unit * slope;
      reg.store(out + i, accumulate ? fma(s, rest, reg.load(out + i)) : s * rest);
    });
  }
}

} // namespace detail

/// y [T, C] from x [T, C] and gain [C] (null: ones); keeps 1 / sqrt(mean(x^2) + epsilon) of every
/// row in scale [T] for the gradient. `y` may be `x`.
/// \tparam Given says that no pointer is null, and only that case is compiled
template <class Arch, class T, bool Given = false>
void rms_norm(matrix<T const> x, T const* gain, T epsilon, matrix<T> y, T* scale) {
  if (Given || gain != nullptr)
    detail::rms_norm<true, Arch, T>(x, gain, epsilon, y, scale);
  else if constexpr (!Given)
    detail::rms_norm<false, Arch, T>(x, gain, epsilon, y, scale);
}

/// From dy [T, C] and what `rms_norm` saw and kept: dx [T, C] (added to what is there when
/// `accumulate`), and dgain [C] (null: not wanted), which is always added to. `dx` may be
/// `dy` if it does not accumulate.
template <class Arch, class T, bool Given = false>
void rms_norm_gradient(matrix<T const> dy, matrix<T const> x, T const* scale, T const* gain,
                       matrix<T> dx, bool accumulate, T* dgain) {
  if (Given || (gain != nullptr && dgain != nullptr))
    detail::rms_norm_gradient<true, Arch, T>(dy, x, scale, gain, dx, accumulate, dgain);
  else if constexpr (!Given)
    detail::rms_norm_gradient<false, Arch, T>(dy, x, scale, gain, dx, accumulate, dgain);
}

} // namespace dormant::kernels
