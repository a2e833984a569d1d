// SPDX-License-Identifier: MIT
// log_temperature under the laws of a part, and what it makes of scores.
#include "dormant/part/attention/log_temperature.hpp"
#include "dormant/part/attention/extra_key.hpp"
#include "dormant/part/attention/mask.hpp"
#include "dormant/probe/record.hpp"
#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>

using namespace dormant;
using namespace dormant::testing;

namespace {

struct three_keys : from_sizes {
  static constexpr std::size_t window(sizes const&) { return 3; }
};

/// [B, H, T query, T key]
template <class... Policies>
tensor<double, 4> scores() {
  constexpr shape small{.heads = 2, .width = 8, .vocab = 7, .context = 9};
  using one = block<residual<rms_norm, attention<softmax, Policies...>>, residual<rms_norm, mlp<>>>;
  transformer<small, double, one> const net({.seed = 1});
  batch rows(1, small.context, nullptr, false);
  for (std::size_t t = 0; t < small.context; ++t) rows.tokens(0)[t] = static_cast<token>(t % 5);
  record<site::scores, double> kept;
  net.evaluate(rows, kept);
  return kept.values(0);
}

/// Whether the step multiplies what `Policies` make by log(n), n at most
/// `most`, of which `more` are others.
template <class... Policies>
void check_factors(std::size_t most, std::size_t more) {
  auto const before = scores<Policies...>(), after = scores<Policies..., log_temperature>();
  for (std::size_t i = 0; i < 9; ++i) {
    auto const n = static_cast<double>(std::min(i + 1, most) + more);
    for (std::size_t j = i + 1 - std::min(i + 1, most); j <= i; ++j) {
      INFO("query " << i << ", key " << j);
      CHECK(before(0, 1, i, j) != 0);
      CHECK(after(0, 1, i, j) == Approx(std::log(n) * before(0, 1, i, j)).epsilon(1e-12));
    }
  }
}

void numbers(sizes& s) { s.window = 3; }

} // namespace

TEST_CASE("log_temperature: the laws of a part", "[slow]") {
  CHECK((attention_laws<attention<softmax, log_temperature>>()));
}
TEST_CASE("log_temperature: the laws of a part, in a window and beside a key that is no position",
          "[slow]") {
  CHECK((attention_laws<attention<softmax, log_temperature, window<>, extra_key>>(
      {.numbers = numbers})));
}
TEST_CASE("log_temperature: scores are multiplied by the logarithm of the number of keys") {
  check_factors<>(9, 0);
  check_factors<window<three_keys>>(3, 0);
  check_factors<extra_key>(9, 1);
}
