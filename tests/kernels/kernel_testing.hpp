// SPDX-License-Identifier: MIT
// What the kernel tests share: every architecture side by side, ragged sizes, guarded buffers.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "dormant/kernels/register_tile.hpp"

#include "catch.hpp"

namespace dormant::testing_kernels {

/// Lengths around and between the vector widths, multiples of nothing in particular.
inline constexpr std::size_t odd_sizes[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 67, 100};

/// Calls `test.template operator()<Arch, T>()` for every architecture this file is compiled for.
template <class Test>
void on_every_arch(Test test) {
  auto const run = [&]<class Arch>(Arch) {
    if constexpr (Arch::supported()) {
      INFO("architecture " << Arch::name());
      test.template operator()<Arch, float>();
      test.template operator()<Arch, double>();
    }
  };
  run(xsimd::sse2{});
  run(xsimd::avx{});
  run(xsimd::fma3<xsimd::avx2>{});
  if constexpr (!std::is_same_v<xsimd::default_arch, xsimd::sse2> &&
                !std::is_same_v<xsimd::default_arch, xsimd::fma3<xsimd::avx2>>)
    run(xsimd::default_arch{});
}

/// A small fixed stream of numbers in (-1, 1).
struct numbers {
  std::uint32_t state;

  double operator()() {
    state = state * 1664525U + 1013904223U;
    return static_cast<double>(state >> 8U) / 8388608.0 - 1.0;
  }
};

/// A matrix with an awkward stride whose padding is NaN (or infinite), with the two vectors of
/// readable slack that kernels may count on, and a check that nothing wrote to the padding.
template <class T>
class guarded {
public:
  guarded(std::size_t rows, std::size_t cols, std::uint32_t seed)
      : rows_(rows), cols_(cols), stride_(cols + 5),
        storage_(rows * stride_ + 128 / sizeof(T), std::numeric_limits<T>::quiet_NaN()) {
    numbers next{seed};
    for (std::size_t i = 0; i != rows; ++i)
      for (std::size_t j = 0; j != cols; ++j) (*this)(i, j) = static_cast<T>(next());
    for (std::size_t i = cols; i < storage_.size(); i += stride_)
      storage_[i] = std::numeric_limits<T>::infinity();
  }

  kernels::matrix<T> view() { return {storage_.data(), rows_, cols_, stride_}; }
  kernels::matrix<T const> view() const { return {storage_.data(), rows_, cols_, stride_}; }
  T* data() { return storage_.data(); }
  T& operator()(std::size_t i, std::size_t j) { return storage_[i * stride_ + j]; }
  T const& operator()(std::size_t i, std::size_t j) const { return storage_[i * stride_ + j]; }

  /// True if every element of the padding is as the constructor left it.
  bool padding_untouched() const {
    for (std::size_t at = 0; at != storage_.size(); ++at) {
      bool const inside = at / stride_ < rows_ && at % stride_ < cols_;
      bool const infinite = at >= cols_ && (at - cols_) % stride_ == 0;
      if (!inside && (infinite ? !std::isinf(storage_[at]) : !std::isnan(storage_[at])))
        return false;
    }
    return true;
  }

private:
  std::size_t rows_;
  std::size_t cols_;
  std::size_t stride_;
  std::vector<T> storage_;
};

/// |found - expected| <= `ulps` units in the last place of `size`, the largest number involved.
template <class T>
bool close(T found, double expected, double size, double ulps) {
  double const unit = static_cast<double>(std::numeric_limits<T>::epsilon());
  return std::abs(static_cast<double>(found) - expected) <= ulps * unit * size;
}

/// The derivative of f() with respect to x, which f reads, by a central difference: good to about
/// 1e-9 of the size of f and its third derivative.
template <class F>
double slope_of(F f, double& x) {
  double const h = 1e-5;
  double const before = x;
  x = before + h;
  double const above = f();
  x = before - h;
  double const below = f();
  x = before;
  return (above - below) / (2 * h);
}

} // namespace dormant::testing_kernels
