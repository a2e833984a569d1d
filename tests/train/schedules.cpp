// SPDX-License-Identifier: MIT
// When hooks are heard, what a history holds, how a run ends, and what cannot be run.
#include "training.hpp"

#include <cmath>
#include <csignal>

using namespace training;

namespace {

using net_type = transformer<small, softmax>;

/// The steps at which a hook hears the forward pass, and those at which it hears events.
struct listener {
  void operator()(site::embed at, view<float const, 2> const&) {
    if (at.sequence.index == 0) ++passes;
  }
  void operator()(site::loss at, double) { losses.push_back(at.step); }
  void merge(listener const& later) { passes += later.passes; }
  std::size_t passes = 0;
  std::vector<std::uint64_t> losses;
};

template <class Cadence>
std::vector<std::uint64_t> due_steps(Cadence cadence, std::uint64_t end) {
  std::vector<std::uint64_t> steps;
  for (std::uint64_t s = 0; s < end; ++s) {
    if (cadence.due(s)) steps.push_back(s);
  }
  return steps;
}
using steps = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("cadence: every n steps, and never") {
  CHECK(due_steps(every{4}, 10) == steps{0, 4, 8});
  CHECK(due_steps(every{}, 3) == steps{0, 1, 2});
  CHECK(due_steps(every{0}, 100).empty());
}

TEST_CASE("cadence: log-spaced steps are dense at first and evenly spaced in the logarithm") {
  CHECK(due_steps(log_spaced{1}, 2000) == steps{0, 1, 10, 100, 1000});
  CHECK(due_steps(log_spaced{3}, 101) == steps{0, 1, 3, 5, 10, 22, 47, 100});
  auto const many = due_steps(log_spaced{10}, 100'001);
  CHECK(many.size() < 60);
  CHECK(many.back() == 100'000);
}

TEST_CASE("cadence: a hook with a cadence is heard when it is due, and at the end if that is due") {
  small_task const task({.seed = 3});
  net_type net({.seed = 1});
  listener third, always;
  train(net, task, adamw{}, {.steps = 6, .batch = 3, .threads = 2}, when(every{3}, third), always);
  CHECK(third.losses == steps{0, 3, 6});
  CHECK(third.passes == 3);
  CHECK(always.losses == steps{0, 1, 2, 3, 4, 5, 6});
}

TEST_CASE("cadence: an intervention with a cadence changes only the steps in which it is due") {
  small_task const task({.seed = 3});
  auto const losses = [&](auto&&... hooks) {
    net_type net({.seed = 1});
    trainer run(net, task, sgd{.lr = 0}, schedule{.steps = 4, .batch = 3});
    std::vector<double> heard;
    struct keep {
      std::vector<double>* to;
      void operator()(site::loss, double loss) const { to->push_back(loss); }
    } keep{&heard};
    dormant::run(run, hooks..., keep);
    return heard;
  };
  ablate_head const cut{.layer = 0, .head = 0};
  when sometimes(every{2}, cut);
  auto const plain = losses();
  auto const some = losses(sometimes);
  CHECK(some[0] != plain[0]);
  CHECK(some[1] == plain[1]);
  CHECK(some[2] != plain[2]);
  CHECK(some[3] == plain[3]);
}

TEST_CASE("history: a row holds the step, the loss and what the probes report") {
  small_task const task({.seed = 3});
  net_type net({.seed = 1});
  history log(every{2}, attention_sink{}, risk{}, tensor_norms{});
  std::vector<double> told;
  log.on_row([&](probe_row const& row) { told.push_back(row["step"]); });
  auto const before = parameters_of(net);
  auto const result = train(net, task, sgd{.lr = 0}, {.steps = 3, .batch = 5}, log);
  REQUIRE(log.rows().size() == 2);
  CHECK(told == std::vector<double>{0, 2});
  auto const& row = log.rows()[1];
  CHECK(row["step"] == 2);
  CHECK(row["loss"] == result.loss);
  for (auto const* name : {"attention_sink.mean.0", "attention_sink.mean.1", "risk.bigram",
                           "risk.backcopy", "tensor_norms.gradient.layers.0.attention.wq.weight",
                           "tensor_norms.update.layers.0.attention.wq.weight"}) {
    INFO(name);
    CHECK(std::isfinite(row[name]));
  }
  CHECK(row["tensor_norms.update.output.weight"] == 0); // at a learning rate of 0
  CHECK(same_bits(before, parameters_of(net)));

  // The row is what the probes say on the batch of that step.
  batch rows(5, small.context, task.table());
  for (std::size_t b = 0; b < 5; ++b) {
    task.sample_row(stream::training_data, 2, b, rows.tokens(b), rows.laws(b));
  }
  attention_sink sink;
  auto const found = net.evaluate(rows, sink);
  CHECK(found.loss == row["loss"]);
  CHECK(found.bigram_risk == row["risk.bigram"]);
  CHECK(sink.mean(1) == row["attention_sink.mean.1"]);
}

TEST_CASE("training events: gradient, update and step say what the optimizer did") {
  struct events {
    std::vector<std::string> tensors;
    std::vector<float> gradient, update;
    std::uint64_t step = 0, steps = 0;
    std::size_t tokens = 0, moments = 0;
    void operator()(site::gradient at, view<float const, 2> const& g) {
      tensors.emplace_back(at.tensor);
      if (at.tensor == "output.weight") gradient.assign(g.begin(), g.end());
    }
    void operator()(site::update at, view<float const, 2> const& u) {
      if (at.tensor == "output.weight") update.assign(u.begin(), u.end());
    }
    void operator()(site::step, run_state<float> const& run) {
      step = run.step, steps = run.steps, tokens = run.tokens_per_step;
      moments = run.moments.size();
    }
  } heard;
  small_task const task({.seed = 3});
  net_type net({.seed = 1});
  train(net, task, sgd{.lr = 0.5, .momentum = 0, .weight_decay = 0}, {.steps = 1, .batch = 3},
        heard);
  CHECK(heard.tensors.size() == net_type::plan::tensors.size());
  CHECK(heard.tensors.front() == "tok_embeddings.weight");
  REQUIRE(heard.gradient.size() == 67 * 20);
  for (std::size_t i = 0; i < heard.gradient.size(); ++i) {
    CHECK(heard.update[i] == Approx(-0.5 * heard.gradient[i]).margin(1e-7));
  }
  CHECK(heard.step == 1);
  CHECK(heard.steps == 1);
  CHECK(heard.tokens == 3 * 13);
  CHECK(heard.moments == 1);
}

TEST_CASE("train: a hook may edit gradients before the optimizer sees them") {
  struct freeze_output {
    void operator()(site::gradient at, view<float, 2>& g) const {
      if (at.tensor == "output.weight") g.fill(0);
    }
  };
  small_task const task({.seed = 3});
  net_type net({.seed = 1});
  auto const before = net.parameter("output.weight")(2, 3);
  auto const moved = net.parameter("norm.weight")(0, 3);
  train(net, task, sgd{.lr = 0.5, .weight_decay = 0}, {.steps = 2, .batch = 3}, freeze_output{});
  CHECK(net.parameter("output.weight")(2, 3) == before);
  CHECK(net.parameter("norm.weight")(0, 3) != moved);
}

TEST_CASE("train: a hook can end a run after the step that is under way") {
  struct stop_at_three {
    std::uint64_t seen = 0;
    void operator()(site::step, run_state<float> const& run) { seen = run.step; }
    [[nodiscard]] bool stop_requested() const { return seen >= 3; }
  };
  small_task const task({.seed = 3});
  net_type net({.seed = 1});
  auto const early = train(net, task, sgd{}, {.steps = 9, .batch = 2}, stop_at_three{});
  CHECK(early.interrupted);
  CHECK(early.steps == 3);
  auto const whole = train(net, task, sgd{}, {.steps = 3, .batch = 2}, stop_at_three{});
  CHECK_FALSE(whole.interrupted);
  CHECK(whole.steps == 3);
}

TEST_CASE("train: a signal ends a run, and the handler of before comes back") {
  small_task const task({.seed = 3});
  net_type net({.seed = 1});
  {
    stop_on_interrupt stop;
    std::raise(SIGINT);
    auto const result = train(net, task, sgd{}, {.steps = 9, .batch = 2}, stop);
    CHECK(result.interrupted);
    CHECK(result.steps == 1);
  }
  {
    stop_on_interrupt stop; // the signal of before is forgotten
    auto const result = train(net, task, sgd{}, {.steps = 2, .batch = 2}, stop);
    CHECK_FALSE(result.interrupted);
  }
}

TEST_CASE("train: what cannot be run is a sentence") {
  small_task const task({.seed = 3});
  net_type net({.seed = 1});
  CHECK(error_of([&] { train(net, task, sgd{}, {.steps = 0}); }) ==
        "train: the schedule must have at least one step, found 0");
  CHECK(error_of([&] { train(net, task, sgd{}, {.steps = 1, .batch = 0}); }) ==
        "train: the batch must hold at least one sequence, found 0");
  for (std::size_t const shards : {0U, 65U}) {
    CHECK(error_of([&] { train(net, task, sgd{}, {.steps = 1, .batch = 1, .shards = shards}); }) ==
          "execution: shards must be between 1 and 64, found " + std::to_string(shards));
  }
}

TEST_CASE("train: a task with more tokens than the model's vocabulary is a sentence") {
  constexpr shape fewer{.width = 20, .vocab = 11, .context = 13};
  small_task const task({.seed = 3});
  transformer<fewer, softmax> net({.seed = 1});
  auto const before = parameters_of(net);
  auto const said = error_of([&] { train(net, task, sgd{}, {.steps = 1, .batch = 2}); });
  CHECK(said.find("is outside the vocabulary of 11") != std::string::npos);
  CHECK(same_bits(before, parameters_of(net)));
}

TEST_CASE("train: groups of parameters have rates of their own, and 0 freezes a group") {
  small_task const task({.seed = 3});
  auto const trained = [&](group_rates rates) {
    net_type net({.seed = 1});
    train(net, task, adamw{.lr = 1e-2, .weight_decay = 0.1, .rates = rates},
          {.steps = 2, .batch = 3});
    return net;
  };
  net_type const start({.seed = 1});
  auto const net = trained({.embeddings = 0, .mlp = 0, .output = 0.5});
  auto const full = trained({});
  auto const at = [](net_type const& n, char const* name) { return n.parameter(name)(0, 1); };
  for (auto const* name : {"tok_embeddings.weight", "pos_embeddings.weight",
                           "layers.0.ff.w1.weight", "layers.1.ff.w2.weight"}) {
    CHECK(at(net, name) == at(start, name));
  }
  for (auto const* name : {"layers.0.attention.wo.weight", "norm.weight", "norm.bias"}) {
    CHECK(at(net, name) != at(start, name));
  }
  // The first Adam step is the learning rate's size for every element, so halves are exact enough.
  auto const moved = [&](net_type const& n) {
    return std::abs(at(n, "output.weight") - at(start, "output.weight"));
  };
  CHECK(moved(net) == Approx(moved(full) / 2).epsilon(0.2));
}
