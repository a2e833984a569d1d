// SPDX-License-Identifier: MIT
// registers under the laws of a part; nothing is scored where they stand, and all can look at them.
#include "dormant/part/registers.hpp"
#include "dormant/dormant.hpp"
#include "dormant/part/parts.hpp"
#include "dormant/probe/sequence_loss.hpp"
#include "dormant/task/text_windows.hpp"
#include "dormant/task/with_registers.hpp"
#include "dormant/testing/part_laws.hpp"
#include "dormant/testing/task_laws.hpp"

#include "catch.hpp"

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

using namespace dormant;
using namespace dormant::testing;

namespace {
constexpr shape small{.layers = 2, .heads = 2, .width = 16, .vocab = 67, .context = 10};
constexpr shape longer{.layers = 2, .heads = 2, .width = 16, .vocab = 67, .context = 13};
using net_type = transformer<longer, softmax, registers<3>, double>;
using task_type = with_registers<bigram_backcopy<small>, 3>;

task_type a_task() { return task_type(bigram_backcopy<small>({.seed = 4})); }
std::span<double> of_registers(net_type& net) {
  auto const& t = net.find("tok_embeddings.registers");
  return net.parameters().subspan(t.offset, t.size());
}
} // namespace

TEST_CASE("registers: every gradient, causality and threads, tied and untied") {
  auto const rows = a_task().sample(3);
  net_type const net({.seed = 1});
  verdict found = check_gradients(net, rows, {.samples = 4});
  found +=
      check_gradients(transformer<longer, softmax, registers<3>, tied_output, double>({.seed = 1}),
                      rows, {.samples = 4});
  found += check_gradients(
      transformer<longer, softmax, registers<3>, frozen_embeddings, double>({.seed = 1}), rows,
      {.samples = 4});
  found += causality_law(net, bigram_backcopy<small>({.seed = 4}).sample(3));
  found += thread_law(net, rows, 2);
  CHECK(found);
}
TEST_CASE("registers: the loss is a mean over the other positions alone") {
  auto const rows = a_task().sample(2);
  net_type const net({.seed = 1});
  record<site::logits, double> kept;
  sequence_loss_of<double> each;
  risk_of<double> risks;
  auto const found = net.evaluate(rows, kept, each, risks);
  auto const logits = kept.values(longer.layers - 1); // [B, T, V]
  double sum = 0;
  running_mean bigram;
  for (std::size_t b = 0; b < 2; ++b) {
    CHECK(rows.sequence(b).scored_from() == 3);
    for (std::size_t t = 3; t < longer.context; ++t) {
      double total = 0;
      for (std::size_t v = 0; v < longer.vocab; ++v) total += std::exp(logits(b, t, v));
      auto const& law = rows.laws(b)[t];
      std::span<double const> const row(&logits(b, t, 0), longer.vocab);
      if (!law.trigger) bigram.add(law_cross_entropy<double>(row, law, *rows.table()));
      sum += std::log(total) - logits(b, t, static_cast<std::size_t>(rows.tokens(b)[t + 1]));
    }
  }
  CHECK(rows.predicted() == 2 * small.context);
  CHECK(found.loss == Approx(sum / 20).epsilon(1e-12));
  CHECK((each.of(0) + each.of(1)) / 2 == Approx(found.loss).epsilon(1e-12));
  CHECK(risks.bigram() == Approx(bigram.mean()).epsilon(1e-12));
}
TEST_CASE(
    "registers: they may be left out, change the loss, and stand before the rows of the task") {
  auto const behind = bigram_backcopy<small>({.seed = 4}).sample(3);
  auto const rows = a_task().sample(3);
  net_type net({.seed = 1});
  CHECK(std::isfinite(net.evaluate(behind).loss));
  double const before = net.evaluate(rows).loss;
  for (auto& x : of_registers(net)) x = x * x; // a norm would not see all of them move alike
  CHECK(net.evaluate(rows).loss != before);
  for (std::size_t b = 0; b < 3; ++b) {
    for (std::size_t t = 0; t <= small.context; ++t)
      CHECK(rows.tokens(b)[t + 3] == behind.tokens(b)[t]);
    for (std::size_t t = 0; t < small.context; ++t) CHECK(rows.laws(b)[t + 3] == behind.laws(b)[t]);
  }
}
TEST_CASE("registers: the laws of the task behind them hold", "[slow]") {
  CHECK(task_laws(a_task()));
  CHECK(a_task().token_name(register_token(2)) == "register 2");
}
TEST_CASE("registers: before windows of a text, whose length is no part of a type") {
  text_windows const behind({{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}, {.context = 7, .seed = 2});
  with_registers<text_windows, 3> const task(behind);
  CHECK(task.context == 10);
  auto const rows = task.sample(2), bare = behind.sample(2);
  for (std::size_t b = 0; b < 2; ++b) {
    for (std::size_t t = 0; t < 3; ++t) CHECK(rows.tokens(b)[t] == register_token(t));
    for (std::size_t t = 0; t <= 7; ++t) CHECK(rows.tokens(b)[t + 3] == bare.tokens(b)[t]);
  }
  net_type net({.seed = 1});
  double const before = net.evaluate(rows).loss;
  train(net, task, adamw{.lr = 1e-2}, {.steps = 3, .batch = 4});
  CHECK(net.evaluate(rows).loss < before);
}
TEST_CASE("registers: they and the <s> behind them are sinks") {
  auto const rows = a_task().sample(1);
  auto const seq = rows.sequence(0);
  for (std::size_t t = 0; t < 4; ++t) CHECK(seq.sink(t));
  CHECK(!seq.sink(4));
  CHECK(seq.first_with_choice() == 5);
}
TEST_CASE("registers: a model without them, or with fewer, says so") {
  auto const rows = a_task().sample(1);
  transformer<longer, softmax, registers<2>> const fewer({.seed = 1});
  CHECK_THROWS_WITH(fewer.evaluate(rows),
                    "sequence 0, position 2: register 2 is none of the model's 2");
  transformer<longer, softmax> const none({.seed = 1});
  CHECK_THROWS_WITH(none.evaluate(rows),
                    "sequence 0, position 0: register 0 is none of the model's 0");
  auto late = rows;
  late.tokens(0)[5] = register_token(0);
  net_type const net({.seed = 1});
  CHECK_THROWS_WITH(net.evaluate(late),
                    "sequence 0, position 5: token -2 is outside the vocabulary of 67");
}
TEST_CASE("registers: training moves them") {
  net_type net({.seed = 1});
  auto const tensor = of_registers(net);
  std::vector<double> const before(tensor.begin(), tensor.end());
  train(net, a_task(), adamw{.lr = 1e-2}, {.steps = 3, .batch = 4});
  std::size_t moved = 0, i = 0;
  for (double const x : of_registers(net)) moved += x != before[i++] ? 1 : 0;
  CHECK(moved == before.size());
}
