// SPDX-License-Identifier: MIT
// A rule's weights over their row sum: rows by hand, the laws of a rule, and those of a part.
#include "dormant/rule/normalised.hpp"
#include "dormant/rule/elu_one.hpp"
#include "dormant/rule/plain_relu.hpp"
#include "dormant/rule/relu.hpp"
#include "dormant/rule/relu_over_context.hpp"
#include "dormant/rule/sigmoid.hpp"
#include "dormant/rule/sink_logit.hpp"
#include "dormant/rule/softmax.hpp"
#include "dormant/rule/softmax_n.hpp"
#include "dormant/rule/stick_breaking.hpp"

#include "rule_testing.hpp"

#include "dormant/testing/part_laws.hpp"

#include "catch.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

using namespace dormant;
using namespace dormant::testing;
using namespace rule_testing;

namespace {

/// A weight that may be negative, with a learned factor; its scores are kept.
struct scaled_line {
  static constexpr std::size_t scalars_per_head = 1;
  static void forward(auto row) {
    for (auto& s : row) s = s * row.parameters[0] + 2;
  }
  static void backward(auto row, auto d) {
    for (std::size_t j = 0; j < row.keys; ++j) {
      d.dparameters[0] += d[j] * d.scores[j];
      d[j] *= row.parameters[0];
    }
  }
};

} // namespace

TEST_CASE("normalised: the laws of a rule, at two widths of SIMD", "[slow]") {
  CHECK(attention_rule_laws<normalised<elu_one>>());
  CHECK(attention_rule_laws<normalised<sigmoid>>());
  CHECK(attention_rule_laws<normalised<plain_relu>>());
  CHECK((attention_rule_laws<normalised<elu_one>, xsimd::sse2>()));
  CHECK((attention_rule_laws<normalised<sigmoid>, xsimd::sse2>()));
}

TEST_CASE("normalised: long rows, negative weights and learned scalars") {
  CHECK(check_rule_gradient<normalised<elu_one>>({.longest = 140}));
  CHECK(check_rule_gradient<normalised<scaled_line>>({.longest = 70}));
}

TEST_CASE("normalised: rules whose weights depend on the whole row") {
  CHECK(attention_rule_laws<normalised<softmax_n<>>>());
  CHECK(attention_rule_laws<normalised<sink_logit>>());
  CHECK(attention_rule_laws<normalised<stick_breaking>>());
  auto const scores = some_scores(19);
  auto const same = [](std::vector<double> const& a, std::vector<double> const& b) {
    for (std::size_t j = 0; j < a.size(); ++j) CHECK(a[j] == Approx(b[j]).margin(1e-14));
  };
  std::vector<double> const upstream = some_scores(19);
  same(weights<normalised<softmax_n<>>>(scores), weights<softmax>(scores));
  same(gradient<normalised<softmax_n<>>>(scores, upstream), gradient<softmax>(scores, upstream));
  same(weights<normalised<relu>>(scores), weights<normalised<plain_relu>>(scores));
  same(gradient<normalised<relu>>(scores, upstream),
       gradient<normalised<plain_relu>>(scores, upstream));
}

TEST_CASE("normalised: the laws of a part", "[slow]") {
  CHECK(attention_laws<attention<normalised<elu_one>>>());
  CHECK(attention_laws<attention<normalised<sigmoid>>>());
  CHECK(attention_laws<attention<normalised<plain_relu>>>());
}

TEST_CASE("normalised: weights over their sum") {
  using row = std::vector<double>;
  CHECK(weights<normalised<plain_relu>>({3, -1, 0, 1}) == row{0.75, 0, 0, 0.25});
  CHECK(weights<normalised<relu_over_context<>>>({3, -1, 0, 1}) == row{0.75, 0, 0, 0.25});
  CHECK(weights<normalised<elu_one>>({2, 0}) == row{0.75, 0.25});
  CHECK(weights<normalised<scaled_line>>({1, -5}, {1}) == row{0.5, -0.5});
  auto const a = weights<normalised<sigmoid>>({0, std::log(32.0)}); // 1 / 33 and 1 / 2
  CHECK(a[0] == Approx(2.0 / 35));
  CHECK(a[1] == Approx(33.0 / 35));
}

TEST_CASE("normalised: rows sum to one, those of one key and of a thousand too") {
  for (std::size_t const keys : {1U, 2U, 17U, 64U, 65U, 1000U}) {
    INFO("row of " << keys);
    CHECK(sum_of(weights<normalised<elu_one>>(some_scores(keys))) == Approx(1).epsilon(1e-14));
    CHECK(sum_of(weights<normalised<sigmoid>, float>(some_scores<float>(keys))) ==
          Approx(1).epsilon(1e-6));
  }
}

TEST_CASE("normalised: a row of zeros stays zero, and passes no gradient") {
  std::vector<double> const none(19, 0.0);
  CHECK(weights<normalised<plain_relu>>(std::vector<double>(19, -0.5)) == none);
  CHECK(gradient<normalised<plain_relu>>(std::vector<double>(19, -0.5),
                                         std::vector<double>(19, 1.0)) == none);
  // Sums so small that a gradient over them would overflow count as zero.
  std::vector<float> const zeros(5, 0.F);
  for (float const s : {-70.F, -80.F, -87.F, -95.F, -103.F, -1e4F}) {
    INFO("scores of " << s);
    auto const a = weights<normalised<elu_one>, float>(std::vector<float>(5, s));
    auto const ds = gradient<normalised<elu_one>, float>(std::vector<float>(5, s), {9, 1, 1, 1, 1});
    if (s < -72) CHECK(a == zeros);
    if (s > -71) CHECK(a[0] == Approx(0.2));
    CHECK(ds[0] == (s < -72 ? Approx(0) : Approx(0.2 * (9 - 2.6))));
  }
}

TEST_CASE("normalised: huge scores leave a row that sums to one") {
  CHECK(weights<normalised<elu_one>, float>({1e4F, -1e4F}) == std::vector<float>{1, 0});
  CHECK(weights<normalised<sigmoid>, float>({1e4F, 1e4F}) == std::vector<float>{0.5F, 0.5F});
}

TEST_CASE("normalised: a NaN makes its whole row one, there and back") {
  for (double const a : weights<normalised<elu_one>>({1, std::nan(""), 2})) CHECK(std::isnan(a));
  for (double const d : gradient<normalised<elu_one>>({1, std::nan(""), 2}, {1, 1, 1}))
    CHECK(std::isnan(d));
}
