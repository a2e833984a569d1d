// SPDX-License-Identifier: MIT
// gated_norm under the laws of a part, and against its formula.
#include "dormant/part/norm/gated_norm.hpp"
#include "dormant/part/norm/rms_norm.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"
#include "values.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

using namespace dormant;
using namespace dormant::testing;

using part_values::with_norm;

TEST_CASE("gated_norm: the laws of a part", "[slow]") { CHECK(norm_laws<gated_norm>()); }
TEST_CASE("gated_norm: what the norm makes, times sigmoid(U silu(D n))") {
  with_norm<rms_norm> const plain({.seed = 1});
  with_norm<gated_norm> net({.seed = 2});
  part_values::copy_tensors(plain, net);
  auto const d = part_values::of_layer(net, "attention_norm.down.weight"); // [16, C]
  auto const u = part_values::of_layer(net, "attention_norm.up.weight");   // [C, 16]
  auto const n = part_values::shown<site::norm1>(plain), y = part_values::shown<site::norm1>(net);
  constexpr std::size_t width = part_values::width, rank = 16;
  for (std::size_t t = 0; t < n.size(); t += width) {
    double hidden[rank] = {};
    for (std::size_t r = 0; r < rank; ++r) {
      for (std::size_t c = 0; c < width; ++c) hidden[r] += d[r * width + c] * n[t + c];
      hidden[r] /= 1 + std::exp(-hidden[r]);
    }
    for (std::size_t c = 0; c < width; ++c) {
      double a = 0;
      for (std::size_t r = 0; r < rank; ++r) a += u[c * rank + r] * hidden[r];
      CHECK(y[t + c] == Approx(n[t + c] / (1 + std::exp(-a))).epsilon(1e-12));
    }
  }
}
TEST_CASE("gated_norm: without weights it halves what the norm makes") {
  with_norm<rms_norm> const plain({.seed = 1});
  with_norm<gated_norm> net({.seed = 2});
  part_values::copy_tensors(plain, net);
  std::ranges::fill(part_values::of_layer(net, "attention_norm.up.weight"), 0.);
  auto half = part_values::shown<site::norm1>(plain);
  for (auto& y : half) y /= 2;
  CHECK(part_values::shown<site::norm1>(net) == half);
}
