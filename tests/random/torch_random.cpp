// SPDX-License-Identifier: MIT
// The generator of PyTorch: numbers that PyTorch 1.13 gave. tests/reference compares whole models.
#include "catch.hpp"

#include <dormant/torch_random.hpp>

#include <array>
#include <cmath>

namespace dm = dormant;

TEST_CASE("torch random: uniform numbers are PyTorch's bits") {
  // torch.manual_seed(42); torch.empty(4).uniform_(-1 / 48 ** .5, 1 / 48 ** .5)
  std::array<float, 4> const theirs = {0x1.c400120000000p-4F, 0x1.eab4ca0000000p-4F,
                                       -0x1.1501c40000000p-5F, 0x1.0f8b680000000p-3F};
  dm::torch_generator draw(42);
  std::array<float, 4> ours{};
  auto const bound = static_cast<float>(1 / std::sqrt(48.0));
  draw.uniform(ours, -bound, bound);
  CHECK(ours == theirs);
}

TEST_CASE("torch random: normal numbers are PyTorch's to 5e-7, also where sixteen do not go in") {
  // torch.manual_seed(42); torch.empty(20).normal_()
  std::array<float, 20> const theirs = {1.92691529F,   1.48728406F,   0.900717199F,  -2.10552096F,
                                        -0.758131146F, 1.07831764F,   0.800800562F,  1.68062055F,
                                        0.355859905F,  -0.686622977F, -0.493356347F, 0.241487786F,
                                        -0.23162432F,  0.041759491F,  -0.251575291F, 0.859858513F,
                                        -0.309726775F, -0.395710498F, 0.803409338F,  -0.621595383F};
  dm::torch_generator draw(42);
  std::array<float, 20> ours{};
  draw.normal(ours);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    INFO(i);
    CHECK(std::abs(ours[i] - theirs[i]) < 5e-7F);
  }
}

TEST_CASE("torch random: the point on the circle is that of the C library") {
  for (int n = 0; n <= 4096; ++n) {
    double const angle = n / 4096.0 * 6.2831853;
    auto const at = dm::detail::on_circle(angle);
    CHECK(std::abs(at.x - std::cos(angle)) < 4e-16);
    CHECK(std::abs(at.y - std::sin(angle)) < 4e-16);
  }
}
