// SPDX-License-Identifier: MIT
// Layer normalisation, y = (x - mean) / sqrt(var + eps) * gamma + beta, with the biased variance,
// and its gradient. arXiv 1607.06450.
#pragma once

#include <cmath>

#include "dormant/kernels/optional_row.hpp"
#include "dormant/kernels/register_tile.hpp"

namespace dormant::kernels {

namespace detail {

template <bool Given, class Arch, class T>
[[gnu::noinline]] void layer_norm(matrix<T const> x, T const* gamma, T const* beta, T eps,
                                  matrix<T> y, T* mean, T* rstd) {
  using batch = vector<Arch, T>;
  std::size_t const n = x.cols;
  T const count = static_cast<T>(n);
  for (std::size_t row = 0; row != x.rows; ++row) {
    T const* const in = x.data + row * x.stride;
    T* const out = y.data + row * y.stride;
    batch sum(T(0));
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) { sum += reg.load(in + i); });
    T const centre = add_of<Arch, T>(sum) / count;
    batch const m(centre);
    batch squares(T(0));
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      batch const d = reg.load(in + i, centre) - m;
      squares = fma(d, d, squares);
    });
    T const scale = T(1) / std::sqrt(add_of<Arch, T>(squares) / count + eps);
    batch const s(scale);
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      batch const unit = (reg.load(in + i) - m) * s;
      reg.store(out + i, fma(unit, load_or<Given, Arch, T>(reg, gamma, i, T(1)),
                             load_or<Given, Arch, T>(reg, beta, i, T(0))));
    });
    mean[row] = centre;
    rstd[row] = scale;
  }
}

template <bool Given, class Arch, class T>
[[gnu::noinline]] void layer_norm_gradient(matrix<T const> dy, matrix<T const> x, T const* mean,
                                           T const* rstd, T const* gamma, matrix<T> dx,
                                           bool accumulate, T* dgamma, T* dbeta) {
  using batch = vector<Arch, T>;
  std::size_t const n = x.cols;
  batch const count(static_cast<T>(n));
  for (std::size_t row = 0; row != x.rows; ++row) {
    T const* const in = x.data + row * x.stride;
    T const* const g = dy.data + row * dy.stride;
    T* const out = dx.data + row * dx.stride;
    batch const m(mean[row]);
    batch const s(rstd[row]);
    batch sum(T(0));
    batch along(T(0));
    // g++ -O2 would call it, with both sums in memory.
    auto const at = [&](auto reg, std::size_t i) __attribute__((always_inline)) {
      batch const d = reg.load(g + i);
      batch const unit = (reg.load(in + i) - m) * s;
      batch const dunit = d * load_or<Given, Arch, T>(reg, gamma, i, T(1));
      sum += dunit;
      along = fma(dunit, unit, along);
      if (Given || dgamma != nullptr) reg.store(dgamma + i, fma(d, unit, reg.load(dgamma + i)));
      if (Given || dbeta != nullptr) reg.store(dbeta + i, reg.load(dbeta + i) + d);
    };
    for_each_register<Arch, T>(n, at);
    batch const offset = batch(add_of<Arch, T>(sum)) / count;
    batch const slope = batch(add_of<Arch, T>(along)) / count;
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      batch const unit = (reg.load(in + i) - m) * s;
      batch const dunit = reg.load(g + i) * load_or<Given, Arch, T>(reg, gamma, i, T(1));
      batch const centred = dunit - offset - unit * slope;
      reg.store(out + i, accumulate ? fma(s, centred, reg.load(out + i)) : s * centred);
    });
  }
}

} // namespace detail

/// y [T, C] from x [T, C], gamma [C] (null: ones) and beta [C] (null: zeros); keeps the mean [T]
/// and 1 / sqrt(var + eps) [T] of every row for the gradient. `y` may be `x`.
/// \tparam Given says that no pointer is null, and only that case is compiled
template <class Arch, class T, bool Given = false>
void layer_norm(matrix<T const> x, T const* gamma, T const* beta, T eps, matrix<T> y, T* mean,
                T* rstd) {
  if (Given || (gamma != nullptr && beta != nullptr))
    detail::layer_norm<true, Arch, T>(x, gamma, beta, eps, y, mean, rstd);
  else if constexpr (!Given)
    detail::layer_norm<false, Arch, T>(x, gamma, beta, eps, y, mean, rstd);
}

/// From dy [T, C] and what `layer_norm` saw and kept: dx [T, C] (added to what is there when
/// `accumulate`), and dgamma [C], dbeta [C] (null: not wanted), which are always added to. `dx` may
/// be `dy` if it does not accumulate.
template <class Arch, class T, bool Given = false>
void layer_norm_gradient(matrix<T const> dy, matrix<T const> x, T const* mean, T const* rstd,
                         T const* gamma, matrix<T> dx, bool accumulate, T* dgamma, T* dbeta) {
  if (Given || (gamma != nullptr && dgamma != nullptr && dbeta != nullptr))
    detail::layer_norm_gradient<true, Arch, T>(dy, x, mean, rstd, gamma, dx, accumulate, dgamma,
                                               dbeta);
  else if constexpr (!Given)
    detail::layer_norm_gradient<false, Arch, T>(dy, x, mean, rstd, gamma, dx, accumulate, dgamma,
                                                dbeta);
}

} // namespace dormant::kernels
