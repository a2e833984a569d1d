// SPDX-License-Identifier: MIT
// Training stops at the first value that is not finite, says where it was, and takes no step.
#include "training.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace training;

namespace {

constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

using net_type = transformer<small, softmax>;

/// The sentence that training stops with, after checking that the parameters stayed as they were.
template <class Net, class... Hooks>
std::string stopped(Net& net, Hooks&&... hooks) {
  small_task const task({.seed = 3});
  auto const before = parameters_of(net);
  std::string said;
  try {
    train(net, task, adamw{}, {.steps = 5, .batch = 4, .threads = 2}, hooks...);
  } catch (non_finite const& stop) {
    said = stop.what();
  }
  CHECK(same_bits(before, parameters_of(net)));
  return said;
}

/// Writes a value over one element of a site of one layer, in the third sequence of the first step.
template <class Site>
struct spoil {
  std::size_t layer = 0;
  float with = not_a_number;
  std::vector<token> third = [] {
    std::vector<token> tokens(small.context + 1);
    small_task({.seed = 3}).sample_row(stream::training_data, 0, 2, tokens, {});
    return tokens;
  }();
  void operator()(Site at, view<float, Site::rank>& values) const {
    auto const& inputs = at.sequence.inputs;
    if (at.layer == layer && std::equal(inputs.begin(), inputs.end(), third.begin())) {
      *values.begin() = with;
    }
  }
  void operator()(site::gradient_of<Site>, view<float, Site::rank>&) const {}
};

} // namespace

TEST_CASE("non_finite: a parameter that is not finite is named") {
  for (float const bad : {not_a_number, infinity, -infinity}) {
    net_type net({.seed = 1});
    net.parameter("layers.1.attention.wk.weight")(3, 7) = bad;
    CHECK(stopped(net) == "training stopped at step 0: the parameter layers.1.attention.wk.weight "
                          "is not finite");
  }
}

TEST_CASE("non_finite: a value that is not finite is named with its layer and sequence") {
  net_type net({.seed = 1});
  CHECK(
      stopped(net, spoil<site::v>{.layer = 1}) ==
      "training stopped at step 0: layer 1, tensor v holds a value that is not finite (sequence 2 "
      "of the batch)");
  CHECK(stopped(net, spoil<site::mlp_hidden>{.layer = 0, .with = infinity}) ==
        "training stopped at step 0: layer 0, tensor mlp_hidden holds a value that is not finite "
        "(sequence 2 of the batch)");
  CHECK(stopped(net, spoil<site::logits>{.layer = 1, .with = infinity}) ==
        "training stopped at step 0: layer 1, tensor logits holds a value that is not finite "
        "(sequence 2 of the batch)");
}

TEST_CASE("non_finite: overflow between finite parameters is found where it happens") {
  net_type net({.seed = 1});
  for (auto& p : net.parameter("layers.0.ff.w1.weight")) p *= 1e30F;
  for (auto& p : net.parameter("layers.0.ff.w2.weight")) p *= 1e30F;
  CHECK(stopped(net).find("training stopped at step 0: layer 0, tensor mlp_out holds a value that "
                          "is not finite (sequence 0") == 0);
}

TEST_CASE("non_finite: a learning rate that explodes ends in a sentence, not in NaN") {
  small_task const task({.seed = 3});
  for (double const lr : {1e6, 1e20, 1e30}) {
    INFO("learning rate " << lr);
    net_type net({.seed = 1});
    std::vector<float> before_last;
    auto const said = error_of([&] {
      trainer run(net, task, sgd{.lr = lr}, schedule{.steps = 30, .batch = 4});
      while (run.steps() < 30) {
        before_last = parameters_of(net);
        run.step();
      }
    });
    CHECK(said.find("training stopped at step ") == 0);
    CHECK(said.find("not finite") != std::string::npos);
    CHECK(same_bits(before_last, parameters_of(net)));
  }
}

TEST_CASE("non_finite: a step that overflows is not told to hooks, which might keep it") {
  struct keeper {
    std::vector<float> kept;
    std::size_t told = 0;
    void operator()(site::step, run_state<float> const& run) {
      kept.assign(run.parameters.begin(), run.parameters.end());
      ++told;
    }
  } last;
  small_task const task({.seed = 3});
  net_type net({.seed = 1});
  auto const said = error_of(
      [&] { train(net, task, sgd{.lr = 1e39}, {.steps = 3, .batch = 4, .threads = 2}, last); });
  CHECK(said == "training stopped at step 0: the step left the parameter tok_embeddings.weight not "
                "finite");
  CHECK(last.told == 0);
}

TEST_CASE("non_finite: evaluating such a model is no error, its numbers say it") {
  small_task const task({.seed = 3});
  net_type net({.seed = 1});
  net.parameter("output.weight")(0, 0) = not_a_number;
  CHECK(std::isnan(net.evaluate(task.sample(2)).loss));
}
