// SPDX-License-Identifier: MIT
// learned_temperature under the laws of a part, and what it makes of scores.
#include "dormant/part/attention/learned_temperature.hpp"
#include "dormant/part/attention/extra_key.hpp"
#include "dormant/part/attention/log_temperature.hpp"
#include "dormant/part/attention/mask.hpp"
#include "dormant/probe/record.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

#include <cstddef>

using namespace dormant;
using namespace dormant::testing;

namespace {
void numbers(sizes& s) { s.window = 3; }
} // namespace

TEST_CASE("learned_temperature: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, learned_temperature>>()));
}
TEST_CASE(
    "learned_temperature: the laws of a part, in a window and beside a key that is no position",
    "[slow]") {
  CHECK((attention_laws<attention<softmax, learned_temperature, window<>, extra_key>>(
      {.numbers = numbers})));
}
TEST_CASE("learned_temperature: the laws of Scalable-Softmax, two steps on scores", "[slow]") {
  CHECK((attention_laws<attention<softmax, learned_temperature, log_temperature>>()));
}

TEST_CASE("learned_temperature: begins at one, and multiplies the scores of its head alone") {
  constexpr shape small{.heads = 2, .width = 8, .vocab = 7, .context = 9};
  using attends = attention<softmax, learned_temperature>;
  using one = block<residual<rms_norm, attends>, residual<rms_norm, mlp<>>>;
  transformer<small, double, one> net({.seed = 1});
  batch rows(1, small.context, nullptr, false);
  for (std::size_t t = 0; t < small.context; ++t) rows.tokens(0)[t] = static_cast<token>(t % 5);
  record<site::scores, double> before, after;
  net.evaluate(rows, before);
  bool found = false;
  for (auto const& t : net.tensors()) {
    if (tensor_name(t) != "layers.0.attention.inverse_temperature.weight") continue;
    found = true;
    REQUIRE(t.size() == 2);
    CHECK(net.parameters()[t.offset] == 1);
    CHECK(net.parameters()[t.offset + 1] == 1);
    net.parameters()[t.offset + 1] = -3;
  }
  REQUIRE(found);
  net.evaluate(rows, after);
  auto const was = before.values(0), is = after.values(0);
  for (std::size_t i = 0; i < small.context; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      CHECK(is(0, 0, i, j) == was(0, 0, i, j));
      CHECK(is(0, 1, i, j) == -3 * was(0, 1, i, j));
    }
  }
}
