// SPDX-License-Identifier: MIT
// Element-wise non-linearities of MLPs, each a policy whose backward stands next to its forward.
#pragma once

#include <string_view>

#include "dormant/kernels/special_functions.hpp"

namespace dormant::kernels {

/// x Phi(x), Phi the normal distribution: PyTorch's `gelu`, TransformerLens's "gelu".
/// arXiv 1606.08415, section 2. As there, -inf gives NaN; every finite x a finite number.
struct gelu_erf {
  static constexpr std::string_view name = "gelu";

  /// out [n] = f(pre [n]); `out` may be `pre`.
  template <class Arch, class T>
  [[gnu::noinline]] static void forward(T const* pre, T* out, std::size_t n) {
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      auto const x = reg.load(pre + i);
      reg.store(out + i, x * normal(x).below);
    });
  }
  /// d [n] comes in as dL/dout and goes out as dL/dpre.
  template <class Arch, class T>
  [[gnu::noinline]] static void backward(T const* pre, T* d, std::size_t n) {
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      auto const x = reg.load(pre + i);
      auto const p = normal(x);
      reg.store(d + i, reg.load(d + i) * fma(x, p.density, p.below));
    });
  }
};

/// x (1 + tanh(u)) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3): PyTorch's `gelu` with
/// approximate="tanh", TransformerLens's "gelu_new". arXiv 1606.08415, section 2. It is computed as
/// x / (1 + exp(-2 u)), which is the same number without cancellation; -inf gives NaN.
struct gelu_tanh {
  static constexpr std::string_view name = "gelu_new";

  /// out [n] = f(pre [n]); `out` may be `pre`.
  template <class Arch, class T>
  [[gnu::noinline]] static void forward(T const* pre, T* out, std::size_t n) {
    using batch = vector<Arch, T>;
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      batch const x = reg.load(pre + i);
      batch const u = x * fma(batch(cubic<T>) * x, x, batch(linear<T>)); // twice the u above
      reg.store(out + i, x / (batch(T(1)) + exp(-u)));
    });
  }
  /// d [n] comes in as dL/dout and goes out as dL/dpre.
  template <class Arch, class T>
  [[gnu::noinline]] static void backward(T const* pre, T* d, std::size_t n) {
    using batch = vector<Arch, T>;
    batch const end(T(30)); // beyond it the slope is 0 or 1, and x^2 might be infinite
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      batch const whole = reg.load(pre + i);
      batch const above = xsimd::select(whole < -end, -end, whole); // NaN passes through
      batch const x = xsimd::select(above > end, end, above);
      batch const square = x * x;
      auto const s = logistic(x * fma(batch(cubic<T>), square, batch(linear<T>)));
      batch const du = fma(batch(3 * cubic<T>), square, batch(linear<T>));
      reg.store(d + i, reg.load(d + i) * fma(x * du, s.slope, s.value));
    });
  }

private:
  template <class T>
  static constexpr T linear = static_cast<T>(1.5957691216057308); // 2 sqrt(2 / pi)
  template <class T>
  static constexpr T cubic = static_cast<T>(1.5957691216057308 * 0.044715);
};

/// x / (1 + exp(-x)): PyTorch's and TransformerLens's "silu", also known as swish. arXiv
/// 1606.08415, 1702.03118. -inf gives NaN.
struct silu {
  static constexpr std::string_view name = "silu";

  /// out [n] = f(pre [n]); `out` may be `pre`.
  template <class Arch, class T>
  [[gnu::noinline]] static void forward(T const* pre, T* out, std::size_t n) {
    using batch = vector<Arch, T>;
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      batch const x = reg.load(pre + i);
      reg.store(out + i, x / (batch(T(1)) + exp(-x)));
    });
  }
  /// d [n] comes in as dL/dout and goes out as dL/dpre.
  template <class Arch, class T>
  [[gnu::noinline]] static void backward(T const* pre, T* d, std::size_t n) {
    using batch = vector<Arch, T>;
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      batch const x = reg.load(pre + i);
      auto const s = logistic(x);
      reg.store(d + i, reg.load(d + i) * fma(x, s.slope, s.value));
    });
  }
};

/// max(0, x), with slope 0 at 0: PyTorch's and TransformerLens's "relu". NaN stays NaN.
struct relu {
  static constexpr std::string_view name = "relu";

  /// out [n] = f(pre [n]); `out` may be `pre`.
  template <class Arch, class T>
  [[gnu::noinline]] static void forward(T const* pre, T* out, std::size_t n) {
    for_each_register<Arch, T>(
        n, [&](auto reg, std::size_t i) { reg.store(out + i, positive_part(reg.load(pre + i))); });
  }
  /// d [n] comes in as dL/dout and goes out as dL/dpre.
  template <class Arch, class T>
  [[gnu::noinline]] static void backward(T const* pre, T* d, std::size_t n) {
    using batch = vector<Arch, T>;
    batch const zero(T(0));
    for_each_register<Arch, T>(n, [&](auto reg, std::size_t i) {
      reg.store(d + i, xsimd::select(reg.load(pre + i) <= zero, zero, reg.load(d + i)));
    });
  }
};

} // namespace dormant::kernels
