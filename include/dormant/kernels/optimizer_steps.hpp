// SPDX-License-Identifier: MIT
// One step of AdamW, SGD and sign descent over flat arrays, in PyTorch's order of operations, and
// what other optimizers share with them.
#pragma once

#include <cmath>

#include "dormant/kernels/simd.hpp"

namespace dormant::kernels {

/// Hyper-parameters of one AdamW step t >= 1: bias1 = 1 - beta1^t, bias2 = 1 - beta2^t.
struct adamw_step {
  double lr;
  double beta1;
  double beta2;
  double eps;
  double weight_decay;
  double bias1;
  double bias2;
};

/// Hyper-parameters of one SGD step; `first` is true on the step that starts the velocity.
struct sgd_step {
  double lr;
  double momentum;
  double weight_decay;
  bool first;
};

/// Hyper-parameters of one sign-gradient step.
struct sign_sgd_step {
  double lr;
  double weight_decay;
};

/// AdamW (arXiv 1711.05101): parameters p, gradient g, first and second moments m and v, all [n].
/// p *= 1 - lr wd; m, v decay towards g, g^2; p -= lr / bias1 * m / (sqrt(v) / sqrt(bias2) + eps).
template <class Arch, class T>
[[gnu::noinline]] void adamw(T* p, T const* g, T* m, T* v, std::size_t n, adamw_step h) {
  using batch = vector<Arch, T>;
  batch const keep(static_cast<T>(1 - h.lr * h.weight_decay));
  batch const beta1(static_cast<T>(h.beta1));
  batch const beta2(static_cast<T>(h.beta2));
  batch const rest1(static_cast<T>(1 - h.beta1));
  batch const rest2(static_cast<T>(1 - h.beta2));
  batch const root(static_cast<T>(std::sqrt(h.bias2)));
  batch const eps(static_cast<T>(h.eps));
  batch const step(static_cast<T>(-h.lr / h.bias1));
  // g++ -O2 would call it, with all constants in memory.
  auto const at = [&](auto reg, std::size_t i) __attribute__((always_inline)) {
    batch const d = reg.load(g + i);
    batch const m1 = fma(rest1, d, beta1 * reg.load(m + i));
    batch const v1 = fma(rest2 * d, d, beta2 * reg.load(v + i));
    batch const denominator = sqrt(v1) / root + eps;
    reg.store(m + i, m1);
    reg.store(v + i, v1);
    reg.store(p + i, keep * reg.load(p + i) + step * m1 / denominator);
  };
  for_each_register<Arch, T>(n, at);
}

/// SGD with momentum: g += wd p; velocity = g on the first step, momentum velocity + g later;
/// p -= lr velocity. `velocity` may be null when the momentum is 0.
template <class Arch, class T>
[[gnu::noinline]] void sgd(T* p, T const* g, T* velocity, std::size_t n, sgd_step h) {
  using batch = vector<Arch, T>;
  batch const decay(static_cast<T>(h.weight_decay));
  batch const momentum(static_cast<T>(h.momentum));
  batch const step(static_cast<T>(-h.lr));
  bool const remembers = velocity != nullptr;
  bool const adds = remembers && !h.first && h.momentum != 0;
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
    batch const w = reg.load(p + i);
    batch d = fma(decay, w, reg.load(g + i));
    if (adds) d = fma(momentum, reg.load(velocity + i), d);
    if (remembers) reg.store(velocity + i, d);
    reg.store(p + i, fma(step, d, w));
  });
}

/// -1, 0 or 1; 0 and NaN pass through.
template <class Arch, class T>
[[gnu::always_inline]] inline vector<Arch, T> sign_of(vector<Arch, T> x) {
  using batch = vector<Arch, T>;
  batch const zero(T(0));
  batch const above = xsimd::select(x > zero, batch(T(1)), x);
  return xsimd::select(x < zero, batch(T(-1)), above);
}

/// Sign-gradient descent with decoupled decay: p = p (1 - lr wd) - lr sign(g). sign(0) is 0 and a
/// NaN gradient makes the parameter NaN.
template <class Arch, class T>
[[gnu::noinline]] void sign_sgd(T* p, T const* g, std::size_t n, sign_sgd_step h) {
  using batch = vector<Arch, T>;
  batch const keep(static_cast<T>(1 - h.lr * h.weight_decay));
  batch const step(static_cast<T>(-h.lr));
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
    batch const sign = sign_of<Arch, T>(reg.load(g + i));
    reg.store(p + i, fma(step, sign, keep * reg.load(p + i)));
  });
}

/// p = p (1 - decay), where `residue` holds what rounding has kept from p so far: p + residue
/// decays as if p had twice the digits (Dekker's sum, 1971). Both [n].
template <class Arch, class T>
[[gnu::noinline]] void exact_decay(T* p, T* residue, std::size_t n, double decay) {
  using batch = vector<Arch, T>;
  batch const minus(static_cast<T>(-decay));
  for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
    batch const w = reg.load(p + i);
    batch const change = fma(minus, w, reg.load(residue + i));
    batch const sum = w + change;
    batch const taken = sum - w;
    reg.store(p + i, sum);
    reg.store(residue + i, (w - (sum - taken)) + (change - taken));
  });
}

/// The sum of g^2 in double, in one order for every architecture.
template <class T>
[[gnu::noinline]] double sum_of_squares(T const* g, std::size_t n) {
  constexpr std::size_t lanes = 8;
  double part[lanes]{};
  for (std::size_t i = 0; i < n; ++i) {
    double const x = static_cast<double>(g[i]);
    part[i % lanes] += x * x;
  }
  for (std::size_t half = lanes / 2; half > 0; half /= 2) {
    for (std::size_t i = 0; i < half; ++i) part[i] += part[i + half];
  }
  return part[0];
}

} // namespace dormant::kernels
