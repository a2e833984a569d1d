// SPDX-License-Identifier: MIT
// Elementwise passes and reductions over one row of `n` elements, in place, at any alignment.
#pragma once

#include <cmath>

#include "dormant/kernels/simd.hpp"

namespace dormant::kernels {

/// The largest element, -inf when there is none. NaNs may or may not be noticed here; they survive
/// in the row and are seen by the sum that follows.
template <class Arch, class T>
[[gnu::noinline]] T max_of(T const* x, std::size_t n) {
  constexpr T lowest = -std::numeric_limits<T>::infinity();
  vector<Arch, T> best(lowest);
  for_each_register<Arch, T>(
      n, [&](auto reg, std::size_t i) { best = max(best, reg.load(x + i, lowest)); });
  return max_of<Arch, T>(best);
}

/// The sum of the elements.
template <class Arch, class T>
[[gnu::noinline]] T sum_of(T const* x, std::size_t n) {
  vector<Arch, T> sum(T(0));
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) { sum += reg.load(x + i); });
  return add_of<Arch, T>(sum);
}

/// The sum of exp(x - shift), x left alone.
template <class Arch, class T>
[[gnu::noinline]] T sum_exp_minus(T const* x, std::size_t n, T shift) {
  constexpr T lowest = -std::numeric_limits<T>::infinity();
  vector<Arch, T> const s(shift);
  vector<Arch, T> sum(T(0));
  for_each_register<Arch, T>(
      n, [&](auto reg, std::size_t i) { sum += exp(reg.load(x + i, lowest) - s); });
  return add_of<Arch, T>(sum);
}

/// x = exp(x - shift); returns the sum of the new elements.
template <class Arch, class T>
[[gnu::noinline]] T exp_minus(T* x, std::size_t n, T shift) {
  constexpr T lowest = -std::numeric_limits<T>::infinity();
  vector<Arch, T> const s(shift);
  vector<Arch, T> sum(T(0));
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
    auto const y = exp(reg.load(x + i, lowest) - s);
    sum += y;
    reg.store(x + i, y);
  });
  return add_of<Arch, T>(sum);
}

/// x = x * factor.
template <class Arch, class T>
[[gnu::noinline]] void scale(T* x, std::size_t n, T factor) {
  vector<Arch, T> const f(factor);
  for_each_register<Arch, T>(
      n, [&](auto reg, std::size_t i) { reg.store(x + i, reg.load(x + i) * f); });
}

/// The inner product of a and b.
template <class Arch, class T>
[[gnu::noinline]] T dot(T const* a, T const* b, std::size_t n) {
  vector<Arch, T> sum(T(0));
  for_each_register<Arch, T>(
      n, [&](auto reg, std::size_t i) { sum = fma(reg.load(a + i), reg.load(b + i), sum); });
  return add_of<Arch, T>(sum);
}

/// out = a + b; `out` may be `a` or `b`.
template <class Arch, class T>
[[gnu::noinline]] void add(T const* a, T const* b, T* out, std::size_t n) {
  for_each_register<Arch, T>(
      n, [&](auto reg, std::size_t i) { reg.store(out + i, reg.load(a + i) + reg.load(b + i)); });
}

/// x = 0.
template <class Arch, class T>
[[gnu::noinline]] void clear(T* x, std::size_t n) {
  vector<Arch, T> const zero(T(0));
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) { reg.store(x + i, zero); });
}

/// out = out + a.
template <class Arch, class T>
void add_to(T* out, T const* a, std::size_t n) {
  add<Arch, T>(out, a, out, n);
}

/// out = factor * (a + b) + c.
template <class Arch, class T>
[[gnu::noinline]] void scaled_sum(T factor, T const* a, T const* b, T const* c, T* out,
                                  std::size_t n) {
  vector<Arch, T> const f(factor);
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
    reg.store(out + i, fma(f, reg.load(a + i) + reg.load(b + i), reg.load(c + i)));
  });
}

/// out = out + factor * a.
template <class Arch, class T>
[[gnu::noinline]] void add_scaled(T factor, T const* a, T* out, std::size_t n) {
  vector<Arch, T> const f(factor);
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
    reg.store(out + i, fma(f, reg.load(a + i), reg.load(out + i)));
  });
}

/// The inner product of x with a + b.
template <class Arch, class T>
[[gnu::noinline]] T dot_sum(T const* x, T const* a, T const* b, std::size_t n) {
  vector<Arch, T> sum(T(0));
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
    sum = fma(reg.load(x + i), reg.load(a + i) + reg.load(b + i), sum);
  });
  return add_of<Arch, T>(sum);
}

/// out = a * b, element by element; `out` may be `a` or `b`.
template <class Arch, class T>
[[gnu::noinline]] void multiply_elements(T const* a, T const* b, T* out, std::size_t n) {
  for_each_register<Arch, T>(
      n, [&](auto reg, std::size_t i) { reg.store(out + i, reg.load(a + i) * reg.load(b + i)); });
}

/// x = max(0, x) * factor; NaN stays NaN.
template <class Arch, class T>
[[gnu::noinline]] void relu_scale(T* x, std::size_t n, T factor) {
  vector<Arch, T> const f(factor);
  for_each_register<Arch, T>(
      n, [&](auto reg, std::size_t i) { reg.store(x + i, positive_part(reg.load(x + i)) * f); });
}

/// x = 1 / (1 + exp(-(x + bias))), which is 0 and 1 at the far ends.
template <class Arch, class T>
[[gnu::noinline]] void sigmoid(T* x, std::size_t n, T bias) {
  vector<Arch, T> const b(bias);
  vector<Arch, T> const one(T(1));
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
    reg.store(x + i, one / (one + exp(-(reg.load(x + i) + b))));
  });
}

/// The gradient through softmax, p its output: g = p * (g - dot(p, g)). Returns dot(p, g).
template <class Arch, class T>
[[gnu::noinline]] T softmax_gradient(T const* p, T* g, std::size_t n) {
  T const mean = dot<Arch, T>(p, g, n);
  vector<Arch, T> const m(mean);
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
    reg.store(g + i, reg.load(p + i) * (reg.load(g + i) - m));
  });
  return mean;
}

/// The gradient through the logistic function, p its output: g = g * p * (1 - p).
template <class Arch, class T>
[[gnu::noinline]] void sigmoid_gradient(T const* p, T* g, std::size_t n) {
  vector<Arch, T> const one(T(1));
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
    auto const y = reg.load(p + i);
    reg.store(g + i, reg.load(g + i) * (y * (one - y)));
  });
}

/// Whether no element is infinite or NaN.
template <class Arch, class T>
[[gnu::noinline]] bool all_finite(T const* x, std::size_t n) {
  // 0 as long as every x * 0 is 0, NaN from the first that is not; four sums hide the latency, and
  // have names because g++ keeps an array of them in memory.
  using batch = vector<Arch, T>;
  constexpr std::size_t step = lanes<Arch, T>;
  batch const zero(T(0));
  batch a = zero, b = zero, c = zero, d = zero;
  for (; n >= 4 * step; n -= 4 * step, x += 4 * step) {
    a = fma(batch::load_unaligned(x), zero, a);
    b = fma(batch::load_unaligned(x + step), zero, b);
    c = fma(batch::load_unaligned(x + 2 * step), zero, c);
    d = fma(batch::load_unaligned(x + 3 * step), zero, d);
  }
  for_each_register<Arch, T>(n,
                             [&](auto reg, std::size_t i) { a = fma(reg.load(x + i), zero, a); });
  return add_of<Arch, T>((a + b) + (c + d)) == T(0);
}

/// The sum of squares in double precision, whatever T is: for gradient norms.
template <class Arch, class T>
[[gnu::noinline]] double square_sum(T const* x, std::size_t n) {
  constexpr std::size_t chains = 8;
  double sum[chains] = {};
  for (std::size_t i = 0; i != n; ++i) {
    double const v = static_cast<double>(x[i]);
    sum[i % chains] = std::fma(v, v, sum[i % chains]);
  }
  return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

} // namespace dormant::kernels
