// SPDX-License-Identifier: MIT
// Rotary frequencies and their stretching against the rules as the published codes write them.

#include "dormant/kernels/rotary.hpp"

#include <numbers>

#include "kernel_testing.hpp"

namespace kernels = dormant::kernels;

namespace {

constexpr double turn = 2 * std::numbers::pi;

std::vector<double> frequencies(double base, std::size_t rotated) {
  std::vector<double> f(rotated / 2);
  kernels::rotary_frequencies(base, rotated, f.data());
  return f;
}

} // namespace

TEST_CASE("rotary frequencies fall geometrically from 1", "[kernels][rotary]") {
  auto const f = frequencies(10000, 8);
  CHECK(f[0] == 1.0);
  CHECK(f[1] == Approx(0.1).epsilon(1e-14));
  CHECK(f[2] == Approx(0.01).epsilon(1e-14));
  CHECK(f[3] == Approx(0.001).epsilon(1e-14));
}

TEST_CASE("Llama 3 slows long waves only", "[kernels][rotary]") {
  std::size_t const rotated = 128;
  kernels::llama3_scaling const by{
      .factor = 8, .low_freq_factor = 1, .high_freq_factor = 4, .original_context = 8192};
  auto const before = frequencies(500000, rotated);
  auto after = before;
  kernels::scale_frequencies(by, rotated, after.data());
  std::size_t between = 0;
  for (std::size_t i = 0; i != before.size(); ++i) {
    double const wave = turn / before[i];
    double want = before[i];
    if (wave > 8192 / 1.0) {
      want = before[i] / 8;
    } else if (wave >= 8192 / 4.0) {
      double const smooth = (8192 / wave - 1) / (4 - 1);
      want = (1 - smooth) * before[i] / 8 + smooth * before[i];
      ++between;
    }
    CHECK(after[i] == Approx(want).epsilon(1e-14));
  }
  CHECK(between > 0);
  CHECK(after.front() == before.front());
  CHECK(after.back() == before.back() / 8);
  CHECK(kernels::scaled_frequency(turn / 8192, by) == Approx(turn / 8192 / 8)); // both rules meet
  CHECK(kernels::scaled_frequency(turn / 2048, by) == Approx(turn / 2048));
}

TEST_CASE("YaRN slows the pairs after a ramp", "[kernels][rotary]") {
  struct setting {
    double base;
    std::size_t rotated;
    kernels::yarn_scaling by;
  };
  setting const settings[] = {
      {10000, 128, {.factor = 16, .original_context = 4096}},
      {150000, 64, {.factor = 32, .original_context = 4096, .truncate = false}}, // gpt-oss
      {1e6, 20, {.factor = 4, .original_context = 100, .beta_fast = 8, .beta_slow = 2}}};
  for (setting const& s : settings) {
    auto const before = frequencies(s.base, s.rotated);
    auto after = before;
    kernels::scale_frequencies(s.by, s.base, s.rotated, after.data());
    auto const width = static_cast<double>(s.rotated);
    auto const dimension = [&](double rotations) {
      return width * std::log(s.by.original_context / (rotations * turn)) / (2 * std::log(s.base));
    };
    double low = dimension(s.by.beta_fast);
    double high = dimension(s.by.beta_slow);
    if (s.by.truncate) {
      low = std::floor(low);
      high = std::ceil(high);
    }
    low = low < 0 ? 0 : low;
    for (std::size_t i = 0; i != before.size(); ++i) {
      double ramp = (static_cast<double>(i) - low) / (high - low);
      ramp = ramp < 0 ? 0 : ramp > 1 ? 1 : ramp;
      double const extrapolation = 1 - ramp;
      CHECK(after[i] ==
            Approx(before[i] / s.by.factor * (1 - extrapolation) + before[i] * extrapolation)
                .epsilon(1e-14));
    }
    CHECK(after.front() == before.front());
    CHECK(after.back() == Approx(before.back() / s.by.factor));
  }
  // For Llama 2 stretched 16 times, pairs up to 20 are left alone, those from 46 slowed.
  auto const before = frequencies(10000, 128);
  auto after = before;
  kernels::scale_frequencies(settings[0].by, 10000, 128, after.data());
  CHECK(after[20] == before[20]);
  CHECK(after[21] < before[21]);
  CHECK(after[45] > before[45] / 16);
  CHECK(after[46] == before[46] / 16);
}

TEST_CASE("YaRN's ramp may be a step, and its magnitude given", "[kernels][rotary]") {
  auto const before = frequencies(10000, 8);
  auto after = before;
  // No wave turns even once in so short a context: the ramp begins and ends at pair 0.
  kernels::scale_frequencies({.factor = 2, .original_context = 5}, 10000, 8, after.data());
  CHECK(after[0] == before[0]);
  for (std::size_t i : {1U, 2U, 3U}) CHECK(after[i] == before[i] / 2);
  // Fast turns only, in so long a context: the ramp is cut off at 7, one short of the width.
  after = before;
  kernels::scale_frequencies({.factor = 2, .original_context = 1e9, .beta_fast = 1e6}, 10000, 8,
                             after.data());
  CHECK(after[2] == before[2]);
  CHECK(after[3] == Approx(before[3] * (1 - 0.2 + 0.2 / 2))); // a fifth of the way from 2 to 7
  CHECK(kernels::attention_factor({.factor = 32}) == Approx(0.1 * std::log(32.0) + 1));
  CHECK(kernels::attention_factor({.factor = 1}) == 1.0);
  CHECK(kernels::attention_factor({.factor = 32, .attention_factor = 1.5}) == 1.5);
}
