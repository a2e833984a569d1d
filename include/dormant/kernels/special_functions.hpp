// SPDX-License-Identifier: MIT
// tanh, the logistic function and the normal distribution on one register, without a
// branch. (xsimd's tanh and erf ask of every register which of their formulas it needs,
// and change with its releases.)
#pragma once

#include "dormant/kernels/simd.hpp"

namespace dormant::kernels {

namespace detail {

/// Polynomials through Chebyshev points, computed in sixty digits; c[0] + c[1] x + c[2] x^2 + ...
template <class T>
struct series;

template <>
struct series<float> {
  /// (tanh(x) / x - 1) / x^2 in x^2, for |x| < 5/8; leaves an error of 2e-8 to tanh.
  static constexpr float tanh[] = {-0.333333289F, 0.133327697F, -0.0538509096F, 0.020997179F,
                                   -6.09671417e-3F};
  /// exp(z^2) erfc(z) / (2 t) in t - 1/2, with t = 1 / (1 + z / 3.5); 2e-8 of it for 0 < z < 9.5.
  static constexpr float normal_tail[] = {
      0.155293654F, 0.26794274F,  0.396637099F,  0.497440461F,   0.515918449F,
      0.421902486F, 0.243967324F, 0.0577387308F, -0.0616939449F, -0.0285677264F};
};

template <>
struct series<double> {
  /// As above; 4e-17.
  static constexpr double tanh[] = {
      -0.33333333333333323,   0.13333333333326658,   -0.053968253961395571, 0.021869488260559115,
      -8.8632298309257085e-3, 3.5920589774734534e-3, -1.455309297534632e-3, 5.8743728600940517e-4,
      -2.3077616269513159e-4, 7.959955735257201e-5,  -1.7244874494807302e-5};
  /// As above; 2e-17 for 0 < z < 27.2.
  static constexpr double normal_tail[] = {
      0.1552936556088943,    0.2679427784477463,     0.39663636950551114,    0.49743545910501373,
      0.51597399233693121,   0.42202837320466952,    0.24245595320419086,    0.058094634832906925,
      -0.047738685878921397, -0.052262889031273413,  -6.1530938240764592e-3, 0.021877642924188992,
      0.010911271604585105,  -8.4777904761082476e-3, -7.9392933878594637e-3, 3.7283117496892663e-3,
      5.1542373991740737e-3, -2.1756271468607719e-3, -3.1273220814037238e-3, 1.6303612321577149e-3,
      1.3540790502388008e-3, -9.8738004786480424e-4};
};

/// c[I] + c[I + 1] x + c[I + 2] x^2 + ..., by Horner's rule.
template <std::size_t I = 0, class Batch, class T, std::size_t N>
[[gnu::always_inline]] inline Batch polynomial(T const (&c)[N], Batch const& x) {
  if constexpr (I + 1 == N)
    return Batch(c[I]);
  else
    return fma(polynomial<I + 1>(c, x), x, Batch(c[I]));
}

} // namespace detail

/// tanh(x) where |x| < 5/8, lane by lane; elsewhere something else.
template <class T, class Arch>
  requires std::floating_point<T>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> tanh_near_zero(xsimd::batch<T, Arch> const& x) {
  xsimd::batch<T, Arch> const square = x * x;
  return fma(x * square, detail::polynomial(detail::series<T>::tanh, square), x);
}

/// tanh(x), lane by lane, to a few units in the last place; NaN for NaN.
template <class T, class Arch>
  requires std::floating_point<T>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> tanh(xsimd::batch<T, Arch> const& x) {
  using batch = xsimd::batch<T, Arch>;
  batch const zero(T(0));
  batch const one(T(1));
  batch const size = xsimd::select(x < zero, -x, x);
  batch const near = tanh_near_zero(x);
  batch const far = one - batch(T(2)) / (one + exp(size + size));
  return xsimd::select(size < batch(T(0.625)), near, xsimd::select(x < zero, -far, far));
}

/// The logistic function at one point.
template <class Batch>
struct logistic_at {
  Batch value; ///< s = 1 / (1 + exp(-x))
  Batch rest;  ///< 1 - s, without the cancellation
  Batch slope; ///< s (1 - s), without the cancellation
};

/// The logistic function at x, lane by lane; NaN for NaN.
template <class T, class Arch>
  requires std::floating_point<T>
[[gnu::always_inline]] inline logistic_at<xsimd::batch<T, Arch>>
logistic(xsimd::batch<T, Arch> const& x) {
  using batch = xsimd::batch<T, Arch>;
  batch const zero(T(0));
  batch const one(T(1));
  batch const small = exp(xsimd::select(x < zero, x, -x)); // never overflows
  batch const larger = one / (one + small);
  batch const smaller = small * larger;
  return {xsimd::select(x < zero, smaller, larger), xsimd::select(x < zero, larger, smaller),
          smaller * larger};
}

/// The standard normal distribution at one point: how much of it lies below, and its density.
template <class Batch>
struct normal_at {
  Batch below;   ///< (1 + erf(x / sqrt(2))) / 2
  Batch density; ///< exp(-x^2 / 2) / sqrt(2 pi)
};

/// The standard normal distribution at x, lane by lane. What lies below a negative x is good to the
/// accuracy of exp(-x^2 / 2), not only next to 1; NaN for NaN.
template <class T, class Arch>
  requires std::floating_point<T>
[[gnu::always_inline]] inline normal_at<xsimd::batch<T, Arch>>
normal(xsimd::batch<T, Arch> const& x) {
  using batch = xsimd::batch<T, Arch>;
  batch const zero(T(0));
  batch const one(T(1));
  batch const size = xsimd::select(x < zero, -x, x);
  // The half line is folded into 0 < t <= 1, where what a tail is beside exp(-x^2 / 2) is smooth.
  batch const t = one / fma(size, batch(T(0.20203050891044214)), one); // 1 / (3.5 sqrt(2))
  batch const bell = exp(batch(T(-0.5)) * x * x);
  batch const smooth = detail::polynomial(detail::series<T>::normal_tail, t - batch(T(0.5)));
  batch const tail = bell * t * smooth;
  return {xsimd::select(x < zero, tail, one - tail), bell * batch(T(0.39894228040143268))};
}

} // namespace dormant::kernels
