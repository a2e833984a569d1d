// SPDX-License-Identifier: MIT
// Rotary position embedding, arXiv 2104.09864: each pair of a head's dimensions is turned by the
// angle position * frequency, with the frequencies as they are, or stretched to a longer context by
// the rules of Llama 3 (arXiv 2407.21783 and its published code) and of YaRN (arXiv 2309.00071).
#pragma once

#include <cmath>
#include <numbers>

#include "dormant/kernels/register_tile.hpp"

namespace dormant::kernels {

/// Llama 3: waves longer than the original context / low_freq_factor are slowed down by `factor`,
/// those shorter than it / high_freq_factor are left alone, those between are blended.
struct llama3_scaling {
  double factor = 8;
  double low_freq_factor = 1;
  double high_freq_factor = 4;
  double original_context = 8192; ///< positions
};

/// YaRN: waves that turn less than beta_slow times in the original context are slowed down by
/// `factor`, those that turn more than beta_fast times are left alone, a ramp over pairs between.
struct yarn_scaling {
  double factor = 4;
  double original_context = 4096; ///< positions
  double beta_fast = 32;
  double beta_slow = 1;
  double attention_factor = 0; ///< what cos and sin are multiplied by; 0: 0.1 ln(factor) + 1
  bool truncate = true;        ///< whether the ramp begins and ends at whole pairs (gpt-oss: false)
};

/// frequencies [rotated / 2], in radians a position: base^(-2 i / rotated). `rotated` is the even
/// number of dimensions of a head that turn, its first; fewer than all in partial rotary embedding.
inline void rotary_frequencies(double base, std::size_t rotated, double* frequencies) {
  for (std::size_t i = 0; 2 * i < rotated; ++i)
    frequencies[i] = std::pow(base, -2 * static_cast<double>(i) / static_cast<double>(rotated));
}

/// One frequency stretched by the rule of Llama 3.
[[nodiscard]] inline double scaled_frequency(double frequency, llama3_scaling const& by) {
  double const turns = by.original_context * frequency / (2 * std::numbers::pi);
  if (turns < by.low_freq_factor) return frequency / by.factor;
  if (turns > by.high_freq_factor) return frequency;
  double const kept = (turns - by.low_freq_factor) / (by.high_freq_factor - by.low_freq_factor);
  return (1 - kept) * frequency / by.factor + kept * frequency;
}

/// frequencies [rotated / 2] stretched in place by the rule of Llama 3.
inline void scale_frequencies(llama3_scaling const& by, std::size_t rotated, double* frequencies) {
  for (std::size_t i = 0; 2 * i < rotated; ++i)
    frequencies[i] = scaled_frequency(frequencies[i], by);
}

/// The i-th of rotated / 2 frequencies, made with the same `base`, stretched by the rule of YaRN.
[[nodiscard]] inline double scaled_frequency(double frequency, yarn_scaling const& by, double base,
                                             std::size_t rotated, std::size_t i) {
  auto const width = static_cast<double>(rotated);
  // The pair, as a real number, whose wave turns so many times in the original context.
  auto const pair_of = [&](double turns) {
    return width * std::log(by.original_context / (turns * 2 * std::numbers::pi)) /
           (2 * std::log(base));
  };
  double low = pair_of(by.beta_fast);
  double high = pair_of(by.beta_slow);
  if (by.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, width - 1); // width / 2 - 1 would be meant, but this is what models have
  if (low == high) high += 0.001;   // as all published code has it: a step in place of a ramp
  double const slowed = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
  return slowed * frequency / by.factor + (1 - slowed) * frequency;
}

/// frequencies [rotated / 2], made with the same `base`, stretched in place by the rule of YaRN.
inline void scale_frequencies(yarn_scaling const& by, double base, std::size_t rotated,
                              double* frequencies) {
  for (std::size_t i = 0; 2 * i < rotated; ++i)
    frequencies[i] = scaled_frequency(frequencies[i], by, base, rotated, i);
}

/// What cos and sin are multiplied by, so that scores grow by its square.
[[nodiscard]] inline double attention_factor(yarn_scaling const& by) {
  if (by.attention_factor != 0) return by.attention_factor;
  return by.factor > 1 ? 0.1 * std::log(by.factor) + 1 : 1;
}

/// cos and sin [positions, rotated / 2]: `magnitude` (1, or YaRN's attention factor) times cosine
/// and sine of position * frequency, computed in double.
template <class T>
void rotary_tables(double const* frequencies, std::size_t rotated, std::size_t positions,
                   double magnitude, T* cos, T* sin) {
  std::size_t const half = rotated / 2;
  for (std::size_t t = 0; t != positions; ++t)
    for (std::size_t i = 0; i != half; ++i) {
      double const angle = static_cast<double>(t) * frequencies[i];
      cos[t * half + i] = static_cast<T>(magnitude * std::cos(angle));
      sin[t * half + i] = static_cast<T>(magnitude * std::sin(angle));
    }
}

namespace detail {

/// Turns the pairs (i, i + half) of one head, `turn` times (1 or -1)
/// the angles of cos and sin [half].
template <class Arch, class T>
[[gnu::always_inline]] inline void rotate_halves(T* head, std::size_t half, T const* cos,
                                                 T const* sin, T turn) {
  using batch = vector<Arch, T>;
  batch const direction(turn);
  T* const other = head + half;
  for_each_register<Arch, T>(half, [&](auto reg, std::size_t i) {
    batch const c = reg.load(cos + i);
    batch const s = direction * reg.load(sin + i);
    batch const a = reg.load(head + i);
    batch const b = reg.load(other + i);
    reg.store(head + i, fma(-b, s, a * c));
    reg.store(other + i, fma(a, s, b * c));
  });
}

/// Turns the pairs (2 i, 2 i + 1) of one head; one by one, as few models have them.
template <class T>
void rotate_neighbours(T* head, std::size_t half, T const* cos, T const* sin, T turn) {
  for (std::size_t i = 0; i != half; ++i) {
    T const s = turn * sin[i];
    T const a = head[2 * i];
    T const b = head[2 * i + 1];
    head[2 * i] = a * cos[i] - b * s;
    head[2 * i + 1] = a * s + b * cos[i];
  }
}

} // namespace detail

/// Turns the queries or keys x [T, heads * head_width] in place, position t by row t of cos and sin
/// [T, rotated / 2]: in every head the first `rotated` dimensions (even, at most
/// head_width), in pairs (i, i + rotated / 2), or (2 i, 2 i + 1) if `interleaved` (the
/// papers' order, and Meta's files). `backwards` applies the transpose, which takes dL/dy to
/// dL/dx and undoes tables of magnitude 1.
template <class Arch, class T>
[[gnu::noinline]] void rotate(matrix<T> x, std::size_t heads, std::size_t head_width,
                              std::size_t rotated, T const* cos, T const* sin, bool interleaved,
                              bool backwards) {
  std::size_t const half = rotated / 2;
  T const turn = backwards ? T(-1) : T(1);
  for (std::size_t t = 0; t != x.rows; ++t)
    for (std::size_t h = 0; h != heads; ++h) {
      T* const head = x.data + t * x.stride + h * head_width;
      if (interleaved)
        detail::rotate_neighbours(head, half, cos + t * half, sin + t * half, turn);
      else
        detail::rotate_halves<Arch, T>(head, half, cos + t * half, sin + t * half, turn);
    }
}

} // namespace dormant::kernels
