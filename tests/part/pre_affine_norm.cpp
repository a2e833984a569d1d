// SPDX-License-Identifier: MIT
// pre_affine_norm under the laws of a part, and what its vector does before the norm.
#include "dormant/part/norm/pre_affine_norm.hpp"
#include "dormant/part/norm/rms_norm.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"
#include "values.hpp"

#include <cmath>
#include <cstddef>

using namespace dormant;
using namespace dormant::testing;

using part_values::with_norm;

TEST_CASE("pre_affine_norm: the laws of a part", "[slow]") { CHECK(norm_laws<pre_affine_norm>()); }
TEST_CASE("pre_affine_norm: it begins as rms_norm, to the last bit") {
  with_norm<rms_norm> const plain({.seed = 1});
  with_norm<pre_affine_norm> net({.seed = 2});
  part_values::copy_tensors(plain, net);
  CHECK(net.evaluate(part_values::rows()).loss == plain.evaluate(part_values::rows()).loss);
}
TEST_CASE("pre_affine_norm: an element that its vector hides sets no scale") {
  with_norm<pre_affine_norm> net({.seed = 1});
  auto const lambda = part_values::of_layer(net, "attention_norm.lambda");
  lambda[3] = 0;
  lambda[4] = 2;
  auto const x = part_values::shown<site::resid_pre>(net), y = part_values::shown<site::norm1>(net);
  constexpr std::size_t n = part_values::width;
  for (std::size_t t = 0; t < x.size(); t += n) {
    double squares = 0;
    for (std::size_t c = 0; c < n; ++c) squares += std::pow(lambda[c] * x[t + c], 2);
    double const scale = std::sqrt(squares / n + 1e-5);
    for (std::size_t c = 0; c < n; ++c) CHECK(y[t + c] == Approx(lambda[c] * x[t + c] / scale));
  }
}
