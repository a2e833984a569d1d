// SPDX-License-Identifier: MIT
// Promise 4, same bits: for any number of threads, and after saving and resuming in the middle.
#include "training.hpp"

#include "dormant/checkpoint.hpp"
#include "io/scratch.hpp"

using namespace training;

namespace {

auto make_history() {
  return history(every{3}, attention_sink{}, value_drain{}, residual_peak{}, sink_logit_gap{},
                 risk{}, tensor_norms{});
}

struct run_record {
  std::vector<float> parameters;
  std::vector<float> losses;
  std::vector<probe_row> rows;
};

using net_type = transformer<small, softmax>;

template <class Optimizer>
run_record straight(Optimizer const& optimizer, std::size_t threads) {
  small_task const task({.seed = 3});
  net_type net({.seed = 3});
  auto log = make_history();
  // Eleven sequences in eight shards: shards of different sizes.
  train(net, task, optimizer, {.steps = 7, .batch = 11, .threads = threads}, log);
  return {parameters_of(net), {}, log.rows()};
}

template <class Optimizer>
void check_optimizer(Optimizer const& optimizer) {
  auto const one = straight(optimizer, 1);
  CHECK(one.rows.size() == 3); // steps 0, 3 and 6
  for (std::size_t const threads : {2U, 3U, 7U}) {
    INFO(threads << " threads");
    auto const many = straight(optimizer, threads);
    CHECK(same_bits(one.parameters, many.parameters));
    CHECK(same_rows(one.rows, many.rows));
  }

  // Four steps, a file, and the other three in another trainer with another model.
  scratch::folder const folder;
  small_task const task({.seed = 3});
  run_identity const identity{{"seed", "3"}, {"optimizer", std::string(Optimizer::name)}};
  std::vector<probe_row> rows;
  {
    net_type net({.seed = 3});
    trainer first(net, task, optimizer, schedule{.steps = 4, .batch = 11, .threads = 2});
    auto log = make_history();
    run(first, log);
    rows = log.rows();
    save_run<net_type>(folder / "run.safetensors", first.state(), identity);
  }
  net_type net({.seed = 99});
  trainer second(net, task, optimizer, schedule{.steps = 7, .batch = 11, .threads = 3});
  load_run(folder / "run.safetensors", second, identity);
  CHECK(second.steps() == 4);
  auto log = make_history();
  auto const result = run(second, log);
  CHECK(result.steps == 7);
  CHECK(same_bits(one.parameters, parameters_of(net)));
  rows.insert(rows.end(), log.rows().begin(), log.rows().end());
  CHECK(same_rows(one.rows, rows));
}

} // namespace

TEST_CASE("train: AdamW gives the same bits for any threads and after a resume") {
  check_optimizer(adamw{.lr = 1e-2, .weight_decay = 1e-2});
}
TEST_CASE("train: SGD gives the same bits for any threads and after a resume") {
  check_optimizer(sgd{.lr = 0.1, .weight_decay = 1e-2});
}
TEST_CASE("train: signSGD gives the same bits for any threads and after a resume") {
  check_optimizer(sign_sgd{.lr = 1e-3, .weight_decay = 1e-2});
}

TEST_CASE("train: measuring changes no bit, however often") {
  small_task const task({.seed = 3});
  auto const trained = [&](auto&&... hooks) {
    net_type net({.seed = 3});
    train(net, task, adamw{.lr = 1e-2}, {.steps = 6, .batch = 5, .threads = 2}, hooks...);
    return parameters_of(net);
  };
  auto const alone = trained();
  auto log = make_history();
  attention_sink sink;
  auto const watched = trained(log, sink, progress{}, when(log_spaced{}, sink));
  CHECK(same_bits(alone, watched));
}

TEST_CASE("train: a row measured at the end is that of the step that would follow") {
  small_task const task({.seed = 3});
  auto const rows_of = [&](std::uint64_t steps) {
    net_type net({.seed = 3});
    // Without tensor_norms: there is no gradient to measure at the end.
    history log(every{3}, attention_sink{}, value_drain{}, residual_peak{}, risk{});
    train(net, task, adamw{.lr = 1e-2}, {.steps = steps, .batch = 5}, log);
    return log.rows();
  };
  auto const ended = rows_of(6);
  auto went_on = rows_of(7);
  REQUIRE(ended.size() == 3);
  CHECK(same_rows(ended, went_on));
}

TEST_CASE("train: shards are part of a result, threads are not") {
  small_task const task({.seed = 3});
  auto const trained = [&](std::size_t threads, std::size_t shards) {
    net_type net({.seed = 3});
    train(net, task, sgd{}, {.steps = 3, .batch = 9, .threads = threads, .shards = shards});
    return parameters_of(net);
  };
  CHECK(same_bits(trained(1, 5), trained(4, 5)));
  CHECK(same_bits(trained(1, 64), trained(4, 64)));
  CHECK(same_bits(trained(3, 1), trained(1, 1)));
}

TEST_CASE(
    "train: schedules, clipping and freezing give the same bits for any threads and resumed") {
  // Frozen from the middle of the first part on, thawed in the second; the clip is always at work.
  auto const wrapped = [](auto const& inner) {
    return frozen{clipped{with_rate{inner, cosine_decay{.warm_up = 2, .steps = 7}}, {.norm = 0.05}},
                  {.tensor = "layers.*.attention.*", .from = 2, .until = 5}};
  };
  check_optimizer(wrapped(exact_decay{adamw{.lr = 1e-2, .weight_decay = 1e-5}}));
  check_optimizer(wrapped(sgd{.lr = 0.1, .weight_decay = 1e-2}));
  check_optimizer(wrapped(sign_sgd{.lr = 1e-3, .weight_decay = 1e-2}));
}

TEST_CASE("trainer: measuring on one's own sequences is evaluating, and changes nothing") {
  small_task const task({.seed = 3});
  auto const rows = small_task({.seed = 4}).sample(13); // more than a step's
  net_type net({.seed = 3}), undisturbed({.seed = 3});
  trainer run(net, task, adamw{}, {.steps = 4, .batch = 5, .threads = 2});
  trainer alone(undisturbed, task, adamw{}, {.steps = 4, .batch = 5, .threads = 2});
  for (int step = 0; step < 3; ++step) {
    attention_sink here, there;
    auto const found = run.evaluate(rows, here);
    auto const expected = evaluate(net, rows, {.threads = 1}, there);
    CHECK(found.loss == expected.loss);
    CHECK(found.bigram_risk == expected.bigram_risk);
    CHECK(found.backcopy_risk == expected.backcopy_risk);
    CHECK(here.on_background() == there.on_background());
    run.step();
    alone.step();
  }
  CHECK(same_bits(parameters_of(net), parameters_of(undisturbed)));
  batch const wrong = bigram_backcopy<shape{.vocab = 67, .context = 512}>({.seed = 4}).sample(1);
  CHECK_THROWS_AS(run.evaluate(wrong), error);
}
