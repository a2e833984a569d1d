// SPDX-License-Identifier: MIT
// No position sees the future, no sequence another, and threads change no bit; a gradient check
// finds a wrong gradient and names the element.
#include "models.hpp"
#include "dormant/testing/gradient_check.hpp"
#include "dormant/testing/model_laws.hpp"

#include "catch.hpp"

#include <string>
#include <string_view>

namespace {

using namespace dormant;

template <class Net>
void check_laws() {
  auto const net = models::shaken<Net>();
  CHECK(testing::model_laws(net, models::random_tokens(3, 13, Net::shape.vocab)));
}

void says(testing::verdict const& found, std::string_view words) {
  INFO(found);
  CHECK_FALSE(found);
  CHECK(found.log.find(words) != std::string::npos);
}

struct wrong_by_a_tenth : softmax {
  static constexpr std::string_view name = "wrong_by_a_tenth";
  static void backward(auto row, auto d) {
    softmax::backward(row, d);
    for (auto& g : d) g *= 1.1;
  }
};
// Remembers a weight of the last query it saw, whatever the sequence.
struct leaks : softmax {
  static constexpr std::string_view name = "leaks";
  template <class Row>
  static void forward(Row row) {
    static typename Row::scalar last = 0;
    row[0] += last;
    softmax::forward(row);
    if (row.keys == row.context) last = row[0];
  }
};

} // namespace

TEST_CASE("laws: models keep them") {
  check_laws<transformer<models::odd(2, 4), softmax>>();
  check_laws<transformer<models::odd(1, 1), relu, double>>();
  check_laws<transformer<models::odd(2, 4), output_gate<sink_logit>, post_norm>>();
  check_laws<transformer<models::odd(3, 2), stack<mlp_block<>, block<sigmoid>, mlp_block<linear>>,
                         tied_output, sincos_positions>>();
}

TEST_CASE("laws: a rule that leaks between sequences is found by the causality law") {
  auto const net = models::shaken<transformer<models::odd(1, 1), leaks>>();
  says(testing::causality_law(net, models::random_tokens(3, 13, 11)), "changes the logits at ");
}

TEST_CASE("laws: a gradient that is off by a tenth is found, element by element", "[slow]") {
  auto const net = models::shaken<transformer<models::odd(1, 4), wrong_by_a_tenth, double>>();
  auto const rows = models::random_tokens(1, 13, 11);
  auto const found = testing::check_gradients(net, rows);
  says(found, "gradient of ");
  // The queries come through the rule's backward alone; the output matrix does not.
  CHECK(found.failures > 20 * 20);
  auto const few = testing::check_gradients(net, rows, {.samples = 1, .seed = 7});
  says(few, "gradient of layers.0.attention.wq.weight[");
  says(few, " (central difference), got ");
  CHECK(few.log.find("output.weight") == std::string::npos);
}

TEST_CASE("laws: every parameter of a small model, not a sample") {
  auto const net = models::shaken<transformer<
      shape{.layers = 1, .heads = 2, .width = 6, .vocab = 5, .context = 4}, sink_logit, double>>();
  CHECK(testing::check_gradients(net, models::random_tokens(3, 4, 5)));
}
