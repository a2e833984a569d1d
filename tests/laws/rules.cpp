// SPDX-License-Identifier: MIT
// The library's attention rules keep the laws; rules with one mistake each do not.
#include "dormant/rule/output_gate.hpp"
#include "dormant/rule/relu.hpp"
#include "dormant/rule/sigmoid.hpp"
#include "dormant/rule/sink_logit.hpp"
#include "dormant/rule/softmax.hpp"
#include "dormant/rule/softmax_n.hpp"
#include "dormant/rule/stick_breaking.hpp"
#include "dormant/testing/rule_laws.hpp"

#include "catch.hpp"

#include <cmath>
#include <string>
#include <string_view>

namespace {

using namespace dormant;

struct forgets_the_mean : softmax {
  static constexpr std::string_view name = "forgets_the_mean";
  static void backward(auto row, auto d) {
    for (std::size_t j = 0; j < row.keys; ++j) d[j] *= row[j];
  }
};
struct overflows : softmax {
  static constexpr std::string_view name = "overflows";
  template <class Row>
  static void forward(Row row) {
    typename Row::scalar sum = 0;
    for (auto& s : row) sum += s = std::exp(s);
    for (auto& s : row) s /= sum;
  }
};
struct writes_behind : relu {
  static constexpr std::string_view name = "writes_behind";
  static void forward(auto row) {
    relu::forward(row);
    row.data[row.keys] = 0;
  }
};
struct swallows_nan : relu {
  static constexpr std::string_view name = "swallows_nan";
  template <class Row>
  static void forward(Row row) {
    for (auto& s : row) s = s > 0 ? s / static_cast<typename Row::scalar>(row.keys) : 0;
  }
};
struct forgets_its_scalar : sink_logit {
  static constexpr std::string_view name = "forgets_its_scalar";
  static void backward(auto row, auto d) { softmax::backward(row, d); }
};
struct half_a_gate {
  template <class Arch, class T>
  static void forward(T* a, std::size_t n) {
    sigmoid_gate::forward<Arch, T>(a, n);
  }
  template <class Arch, class T>
  static void backward(T const* g, T* dg, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) dg[i] *= g[i];
  }
};

bool says(testing::verdict const& found, std::string_view words) {
  INFO(found);
  bool const said = !found && found.log.find(words) != std::string::npos;
  CHECK(said);
  return said;
}

} // namespace

TEST_CASE("laws: every attention rule of the library keeps them") {
  CHECK(testing::attention_rule_laws<softmax>());
  CHECK(testing::attention_rule_laws<relu>());
  CHECK(testing::attention_rule_laws<sigmoid>());
  CHECK(testing::attention_rule_laws<softmax_n<>>());
  CHECK(testing::attention_rule_laws<softmax_n<0>>());
  CHECK(testing::attention_rule_laws<softmax_n<3>>());
  CHECK(testing::attention_rule_laws<sink_logit>());
  CHECK(testing::attention_rule_laws<stick_breaking>());
  CHECK(testing::attention_rule_laws<output_gate<>>());
  CHECK(testing::attention_rule_laws<output_gate<sink_logit>>());
}

TEST_CASE("laws: a rule at another SIMD width") {
  CHECK(testing::attention_rule_laws<softmax, xsimd::sse2>());
  CHECK(testing::attention_rule_laws<sink_logit, xsimd::sse2>({.longest = 40}));
}

TEST_CASE("laws: a rule with one mistake is told which") {
  says(testing::attention_rule_laws<forgets_the_mean>(),
       "forgets_the_mean: row of 2, gradient of score[0]: expected ");
  says(testing::attention_rule_laws<overflows>(),
       "overflows: row of 1, huge scores: a weight is not finite");
  says(testing::attention_rule_laws<writes_behind>(), "something was written behind the row");
  says(testing::attention_rule_laws<swallows_nan>(), "a NaN among the scores leaves no trace");
  says(testing::attention_rule_laws<forgets_its_scalar>(),
       "gradient of learned scalar 0: expected ");
  says(testing::attention_rule_laws<output_gate<softmax, half_a_gate>>(),
       "output_gate: gradient of gate input 0: expected ");
}

TEST_CASE("laws: a verdict counts what it does not print") {
  testing::verdict found;
  for (int i = 0; i < 50; ++i) found.fail("number ", i, " is ", 0.1);
  CHECK(found.failures == 50);
  std::ostringstream text;
  text << found;
  CHECK(text.str().find("50 failures:\nnumber 0 is 0.1\n") == 0);
  CHECK(text.str().find("number 30") == std::string::npos);
  CHECK(text.str().find("(and more)") != std::string::npos);
  testing::verdict both;
  both += found;
  CHECK_FALSE(both);
  CHECK(both.failures == 50);
}
