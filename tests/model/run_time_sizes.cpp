// SPDX-License-Identifier: MIT
// Sizes as a value: the same model as with sizes in the type, and refused in a
// sentence where no model can have them.
#include "dormant/intervention/ablate.hpp"
#include "dormant/model/transformer.hpp"
#include "dormant/optimizer/adamw.hpp"
#include "dormant/rule/relu.hpp"
#include "dormant/rule/sink_logit.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/train.hpp"

#include "catch.hpp"
#include "error_of.hpp"

#include <algorithm>
#include <string>

namespace {

using namespace dormant;

constexpr shape small{.layers = 2, .heads = 4, .width = 20, .context = 13, .expansion = 2};

/// The parameters after three steps.
template <class Net, class... Hooks>
std::vector<float> trained(Net net, Hooks... hooks) {
  bigram_backcopy<small> const task({.triggers = 3, .seed = 42});
  train(net, task, adamw{}, {.steps = 3, .batch = 4}, hooks...);
  return {net.parameters().begin(), net.parameters().end()};
}

template <class... Words>
void check_same_bits() {
  transformer<small, Words...> const in_type({.seed = 1});
  transformer<at_run_time, Words...> const at_run(small, {.seed = 1});
  CHECK(trained(in_type) == trained(at_run));
  CHECK(trained(in_type, ablate_head{.layer = 1, .head = 2}) ==
        trained(at_run, ablate_head{.layer = 1, .head = 2}));
  CHECK(trained(at_run) != trained(at_run, ablate_head{.layer = 1, .head = 2}));
}

TEST_CASE("run-time sizes: the same bits as with sizes in the type, trained and intervened in") {
  check_same_bits<softmax>();
  check_same_bits<sink_logit, post_norm, sincos_positions>();
  check_same_bits<stack<block<softmax>, block<relu, linear>>>();
}

TEST_CASE("run-time sizes: the same tensors as with sizes in the type") {
  transformer<small, softmax> const in_type;
  transformer<at_run_time, softmax> const at_run(small);
  REQUIRE(in_type.tensors().size() == at_run.tensors().size());
  for (std::size_t i = 0; i < in_type.tensors().size(); ++i) {
    auto const &a = in_type.tensors()[i], &b = at_run.tensors()[i];
    CHECK(tensor_name(a) == tensor_name(b));
    CHECK(a.offset == b.offset);
    CHECK(a.rows == b.rows);
    CHECK(a.cols == b.cols);
  }
}

TEST_CASE("run-time sizes: an MLP may have any width") {
  sizes s(small);
  s.hidden = 31;
  transformer<at_run_time, softmax> net(s);
  auto const w1 = net.parameter("layers.1.ff.w1.weight");
  CHECK(w1.shape(0) == 31);
  CHECK(w1.shape(1) == 20);
}

TEST_CASE("run-time sizes: those that no model can have are refused in a sentence") {
  auto const say = [](auto change) {
    sizes s(small);
    change(s);
    return error_of([&] { transformer<at_run_time, softmax> net(s); });
  };
  CHECK(say([](sizes& s) { s.layers = 0; }) ==
        "sizes: layers, heads, widths, vocab and context must be positive");
  CHECK(say([](sizes& s) { s.kv_heads = 3; }) ==
        "sizes: kv_heads must divide heads, found 3 and 4");
  sizes narrow(small);
  narrow.head_width = 6; // heads together are wider than the model
  CHECK(error_of([&] { transformer<at_run_time, softmax, identity_wo> net(narrow); }) ==
        "a matrix [20, 24] cannot be the identity");
  CHECK(error_of([] { transformer<at_run_time, stack<block<softmax>>> net(small); }) ==
        "the stack names 1 blocks, but the sizes have 2 layers");
}

TEST_CASE("run-time sizes: the epsilon of norms is one of them") {
  sizes larger(small);
  larger.norm_epsilon = 0.1;
  bigram_backcopy<small> const task({.triggers = 3, .seed = 42});
  auto const rows = task.sample(4);
  transformer<at_run_time, softmax> const plain(small, {.seed = 1}), smoothed(larger, {.seed = 1});
  CHECK(plain.evaluate(rows).loss != smoothed.evaluate(rows).loss);
}

TEST_CASE("block: its equation is the model that the short words name, bit for bit") {
  using pre = block<residual<layer_norm, attention<softmax>>, residual<layer_norm, mlp<>>>;
  using post =
      block<post_residual<layer_norm, attention<relu>>, post_residual<layer_norm, linear_mlp>>;
  CHECK(trained(transformer<small, pre>({.seed = 1})) ==
        trained(transformer<small, softmax>({.seed = 1})));
  CHECK(trained(transformer<small, post>({.seed = 1})) ==
        trained(transformer<small, relu, post_norm, linear>({.seed = 1})));
}

} // namespace
