// SPDX-License-Identifier: MIT
// head_scale_norm under the laws of a part, and the norms that it stands between.
#include "dormant/part/norm/head_scale_norm.hpp"
#include "dormant/part/norm/rms_norm.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"
#include "error_of.hpp"
#include "values.hpp"

#include <cstddef>

using namespace dormant;
using namespace dormant::testing;

using part_values::with_norm;

TEST_CASE("head_scale_norm: the laws of a part", "[slow]") { CHECK(norm_laws<head_scale_norm>()); }
TEST_CASE("head_scale_norm: it is rms_norm with a gain that the elements of a slice share") {
  with_norm<rms_norm> plain({.seed = 1});
  with_norm<head_scale_norm> net({.seed = 1});
  auto const gains = part_values::of_layer(plain, "attention_norm.weight");
  auto const scales = part_values::of_layer(net, "attention_norm.weight");
  REQUIRE(scales.size() == part_values::heads);
  for (std::size_t c = 0; c < gains.size(); ++c) {
    scales[c / 5] = gains[c] = 1 + static_cast<double>(c / 5);
  }
  auto const y = part_values::shown<site::norm1>(net), as = part_values::shown<site::norm1>(plain);
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(y[i] == Approx(as[i]).epsilon(1e-14));
}
TEST_CASE("head_scale_norm: heads that do not divide the width are refused") {
  sizes s(shape{.heads = 4, .width = 20, .vocab = 7, .context = 5});
  s.heads = s.kv_heads = 3;
  CHECK(error_of([&] {
          transformer<at_run_time, block<residual<head_scale_norm, attention<softmax>>>> const net(
              s, {.seed = 1});
        }) == "head_scale_norm: every head has its share of the width, so heads must divide it; "
              "found 3 and 20");
}
