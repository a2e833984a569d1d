// SPDX-License-Identifier: MIT
// What was moved from is empty and says so; tasks stay whole. Copies of it do not crash.
#include "training.hpp"

#include "dormant/checkpoint.hpp"
#include "dormant/task/in_context_bigrams.hpp"
#include "dormant/task/two_tasks.hpp"
#include "io/scratch.hpp"

#include <utility>

using namespace training;

namespace {

using net_type = transformer<small, softmax>;

std::string const no_model = "the model is empty, because it was moved from; use the one it was "
                             "moved to, or assign a new one";
std::string const no_rows = "the batch is empty: it needs at least one sequence of one token";

// Moved from on purpose.
template <class X>
X& emptied(X& x) {
  X const other = std::move(x);
  return x;
}

} // namespace

TEST_CASE("moved: every use of a model that was moved from is a sentence") {
  small_task const task({.seed = 3});
  auto const rows = task.sample(3);
  net_type net({.seed = 1});
  emptied(net);
  CHECK(net.parameters().empty());
  CHECK(std::as_const(net).parameters().empty());
  CHECK(error_of([&] { (void)net.evaluate(rows); }) == no_model);
  CHECK(error_of([&] { (void)evaluate(net, rows, {.threads = 1}); }) == no_model);
  CHECK(error_of([&] { (void)differentiate(net, rows, {}); }) == no_model);
  CHECK(error_of([&] { (void)net.parameter("output.weight"); }) == no_model);
  CHECK(error_of([&] { (void)std::as_const(net).parameter("output.weight"); }) == no_model);
  CHECK(error_of([&] { train(net, task, adamw{}, {.steps = 1, .batch = 3}); }) == no_model);

  scratch::folder const folder;
  auto const file = folder / "checkpoint.safetensors";
  CHECK(error_of([&] { save_checkpoint(file, net); }) == no_model);
  CHECK_FALSE(std::filesystem::exists(file));
  save_checkpoint(file, net_type({.seed = 1}));
  CHECK(error_of([&] { load_checkpoint(file, net); }) == no_model);
}

TEST_CASE("moved: a trainer whose model was moved away says so, and goes on when it is back") {
  small_task const task({.seed = 3});
  net_type net({.seed = 1});
  trainer run(net, task, adamw{}, schedule{.steps = 4, .batch = 3});
  run.step();
  net_type elsewhere = std::move(net);
  CHECK(error_of([&] { run.step(); }) == no_model);
  CHECK(error_of([&] { run.measure(); }) == no_model);
  scratch::folder const folder;
  CHECK(error_of([&] { save_run<net_type>(folder / "run.safetensors", run.state(), {}); }) ==
        no_model);
  net = std::move(elsewhere);
  run.step();
  CHECK(run.steps() == 2);
}

TEST_CASE("moved: models are copied, assigned and kept in vectors, also empty ones") {
  auto const rows = small_task({.seed = 3}).sample(3);
  std::vector<net_type> nets;
  for (std::uint64_t seed = 0; seed < 5; ++seed) nets.emplace_back(transformer_options{seed});
  double const loss = nets[3].evaluate(rows).loss;
  net_type const best = std::move(nets[1]);
  auto copies = nets;
  CHECK(copies[1].parameters().empty());
  CHECK(copies[3].evaluate(rows).loss == loss);
  copies[1] = nets[3];
  CHECK(copies[1].evaluate(rows).loss == loss);
  copies[1] = std::move(copies[3]);
  CHECK(copies[1].evaluate(rows).loss == loss);
  CHECK(copies[3].parameters().empty());
  auto& itself = copies[1];
  copies[1] = itself;
  CHECK(copies[1].evaluate(rows).loss == loss);
  copies[1] = std::move(itself);
  CHECK(copies[1].evaluate(rows).loss == loss);
  std::swap(copies[1], copies[3]);
  CHECK(copies[3].evaluate(rows).loss == loss);
}

TEST_CASE("moved: a batch that was moved from is empty") {
  small_task const task({.seed = 3});
  net_type net({.seed = 1});
  auto rows = task.sample(3);
  double const loss = net.evaluate(rows).loss;
  auto const first = rows.tokens(0)[4];
  batch kept = std::move(rows);
  CHECK(kept.tokens(0)[4] == first);
  CHECK(rows.rows() == 0);
  CHECK(rows.context() == 0);
  CHECK(error_of([&] { (void)net.evaluate(rows); }) == no_rows);
  CHECK(error_of([&] { (void)differentiate(net, rows, {}); }) == no_rows);
  std::vector<batch> all{kept, rows};
  auto copies = all;
  CHECK(copies[1].rows() == 0);
  CHECK(net.evaluate(copies[0]).loss == loss);
  copies[1] = std::move(copies[0]);
  CHECK(copies[0].rows() == 0);
  auto& itself = copies[1];
  copies[1] = itself;
  copies[1] = std::move(itself);
  CHECK(net.evaluate(copies[1]).loss == loss);
}

TEST_CASE("moved: a gradient that was moved from says so") {
  auto gradient = differentiate(net_type({.seed = 1}), small_task({.seed = 3}).sample(2), {});
  auto const taken = std::move(gradient);
  CHECK(taken["output.weight"](0, 0) != 0);
  CHECK(error_of([&] { (void)gradient["output.weight"]; }) ==
        "the gradient is empty, because it was moved from");
}

TEST_CASE("moved: no batch is larger than memory") {
  small_task const task({.seed = 3});
  net_type net({.seed = 1});
  for (unsigned const power : {50U, 58U, 60U, 61U, 62U, 63U}) {
    if (power == 50 && sanitized()) continue; // the one that is really asked for
    std::size_t const many = std::size_t{1} << power;
    auto const said =
        "there is no memory for a batch of " + std::to_string(many) + " sequences of 14 tokens";
    CHECK(error_of([&] { (void)task.sample(many); }) == said);
    CHECK(error_of([&] { train(net, task, adamw{}, {.steps = 1, .batch = many}); }) == said);
  }
  CHECK(error_of([] { batch(1, ~std::size_t{0}); }).find("there is no memory for a batch") == 0);
  CHECK(error_of([] { arena<float>(~std::size_t{0}); }) ==
        "there is no memory for 18446744073709551615 numbers of 4 bytes");
  if (!sanitized()) {
    CHECK(error_of([] { arena<double>(std::size_t{1} << 48U); }).find("there is no memory") == 0);
  }
  CHECK(error_of([] { arena<double>(std::size_t{1} << 61U); }).find("there is no memory") == 0);
}

TEST_CASE("moved: a task that was moved from draws the same rows") {
  auto const check = [](auto task) {
    auto const before = task.sample(3);
    auto const table = task.table();
    auto const taken = std::move(task);
    CHECK(task.table() == table);
    for (auto const* t : {&taken, &std::as_const(task)}) {
      auto const rows = t->sample(3);
      for (std::size_t b = 0; b < 3; ++b) {
        CHECK(std::ranges::equal(rows.tokens(b), before.tokens(b)));
      }
    }
  };
  check(bigram_backcopy<small>({.seed = 3, .delimiters = 0.1}));
  check(in_context_bigrams<small>({.seed = 3}));
  check(two_tasks<small>({.seed = 3}));
}
