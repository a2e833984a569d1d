// SPDX-License-Identifier: MIT
// The numbers that PyTorch's CPU generator yields for a seed, so that a published
// run can be followed from its own start: `torch.manual_seed`, `Tensor.uniform_`
// and `Tensor.normal_` of float32.
#pragma once

#include "dormant/random.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace dormant {

namespace detail {

struct point {
  double x = 0;
  double y = 0;
};

/// (cos, sin) of an angle in [0, 2 pi], to a few units in the last place. As `portable_log`, made
/// of exactly rounded operations only.
[[nodiscard]] inline point on_circle(double whole_angle) {
  constexpr double half_pi = 1.5707963267948966;
  double const quarter = std::nearbyint(whole_angle / half_pi);
  double const angle = std::fma(-quarter, half_pi, whole_angle); // at most pi / 4
  double const square = angle * angle;
  double cosine = 0, sine = 0; // Taylor series in Horner's form
  for (int n = 16; n >= 2; n -= 2) cosine = std::fma(-cosine, square, 1) / (n * (n - 1));
  for (int n = 17; n >= 3; n -= 2) sine = std::fma(-sine, square, 1) / (n * (n - 1));
  cosine = std::fma(-cosine, square, 1);
  sine = angle * std::fma(-sine, square, 1);
  switch (static_cast<int>(quarter) % 4) {
  case 0: return {cosine, sine};
  case 1: return {-sine, cosine};
  case 2: return {-cosine, -sine};
  default: return {sine, -cosine};
  }
}

} // namespace detail

/// What `torch.manual_seed(seed)` makes of PyTorch's CPU generator (mt19937 of Matsumoto and
/// Nishimura 1998; checked against PyTorch 1.13).
class torch_generator {
public:
  explicit torch_generator(std::uint64_t seed) : engine_(static_cast<std::uint32_t>(seed)) {}

  /// 32 random bits.
  [[nodiscard]] std::uint32_t bits() { return static_cast<std::uint32_t>(engine_()); }

  /// Uniform in [0, 1), a multiple of 2^-24.
  [[nodiscard]] float uniform() { return static_cast<float>(bits() & 0xffffffU) * 0x1p-24F; }

  /// `Tensor.uniform_(low, high)`. The same bits as PyTorch's on a processor with
  /// FMA, which it uses where it can.
  void uniform(std::span<float> out, float low, float high) {
    for (auto& x : out) x = std::fma(uniform(), high - low, low);
  }

  /// `Tensor.normal_(0, 1)` of 16 numbers or more (Box and Muller 1958, eight pairs at a time), to
  /// 5e-7: what is rounded to float there is rounded here, but PyTorch's logarithm, sine and cosine
  /// are of float and differ between its builds.
  void normal(std::span<float> out) {
    constexpr std::size_t group = 16;
    for (auto& x : out) x = uniform();
    std::size_t first = 0;
    for (; first + group <= out.size(); first += group) pair_up(out.subspan(first).first<group>());
    if (first < out.size() && out.size() >= group) { // the last sixteen again, of new numbers
      auto const rest = out.last<group>();
      for (auto& x : rest) x = uniform();
      pair_up(rest);
    }
  }

private:
  static void pair_up(std::span<float, 16> u) {
    for (std::size_t i = 0; i < 8; ++i) {
      auto const log = static_cast<float>(detail::portable_log(1 - static_cast<double>(u[i])));
      float const radius = std::sqrt(-2 * log);
      float const angle = 6.2831853F * u[i + 8];
      auto const at = detail::on_circle(static_cast<double>(angle));
      u[i] = radius * static_cast<float>(at.x);
      u[i + 8] = radius * static_cast<float>(at.y);
    }
  }

  std::mt19937 engine_;
};

} // namespace dormant
