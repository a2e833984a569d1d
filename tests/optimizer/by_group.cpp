// SPDX-License-Identifier: MIT
// Two optimizers in one run: each steps its own tensors exactly as it would alone, with its own
// rates, and the file of a run holds the memory of both.
#include "dormant/optimizer/by_group.hpp"

#include "dormant/optimizer/lion.hpp"

#include "error_of.hpp"
#include "optimizer_testing.hpp"

#include <algorithm>
#include <set>
#include <string_view>

using namespace testing_optimizers;

namespace {

/// Whether every tensor of `mixed` has the bits of `in` where `where` says so, else those of `out`.
template <class Where>
void check_split(std::vector<float> const& mixed, std::vector<float> const& in,
                 std::vector<float> const& out, Where where) {
  std::size_t apart = 0;
  for (auto const& t : net_type<float>().tensors()) {
    INFO(t.name.view());
    auto const part = [&](std::vector<float> const& all) {
      return std::vector<float>(all.begin() + static_cast<std::ptrdiff_t>(t.offset),
                                all.begin() + static_cast<std::ptrdiff_t>(t.offset + t.size()));
    };
    bool const here = where(t);
    CHECK(same_bits(part(mixed), part(here ? in : out)));
    if (!same_bits(part(in), part(out))) ++apart; // what is 0 decays to 0
  }
  CHECK(apart > 10);
}

} // namespace

TEST_CASE("by_group: after one step each tensor is where its optimizer alone takes it") {
  adamw const adam{.lr = 1e-2};
  sgd const plain{.lr = 0.05};
  auto const of_adam = trained<float>(adam, 1, 1), of_sgd = trained<float>(plain, 1, 1);
  check_split(trained<float>(by_group{group::attention, plain, adam}, 1, 1), of_sgd, of_adam,
              [](auto const& t) { return t.group == group::attention; });
  check_split(trained<float>(by_group{groups{group::norms, group::mlp}, plain, adam}, 1, 1), of_sgd,
              of_adam,
              [](auto const& t) { return t.group == group::norms || t.group == group::mlp; });
  check_split(trained<float>(by_group{hidden_matrices{}, plain, adam}, 1, 1), of_sgd, of_adam,
              [](auto const& t) {
                return (t.group == group::attention || t.group == group::mlp) && !t.vector;
              });
  check_split(trained<float>(by_group{vectors{}, plain, adam}, 1, 1), of_sgd, of_adam,
              [](auto const& t) { return t.vector; });
  check_split(
      trained<float>(by_group{[](auto const& p) { return p.layer == 1; }, plain, adam}, 1, 1),
      of_sgd, of_adam, [](auto const& t) { return t.layer == 1; });
}

TEST_CASE("by_group: one optimizer on both sides is that optimizer") {
  adamw const how{.lr = 1e-2, .rates = {.attention = 0.5, .mlp = 0}};
  CHECK(same_bits(trained<float>(by_group{group::attention, how, how}), trained<float>(how)));
  CHECK(same_bits(trained<float>(by_group{vectors{}, with_rate{how, warm_up{.steps = 3}},
                                          with_rate{how, warm_up{.steps = 3}}}),
                  trained<float>(with_rate{how, warm_up{.steps = 3}})));
  // What does not move does not count in the norm, on either side.
  CHECK(same_bits(trained<float>(clipped{by_group{group::attention, how, how}, {.norm = 1e-2}}),
                  trained<float>(clipped{how, {.norm = 1e-2}})));
  freeze const what{.tensor = "*.wq.*", .from = 1};
  CHECK(same_bits(
      trained<float>(clipped{by_group{group::attention, frozen{how, what}, how}, {.norm = 1e-2}}),
      trained<float>(clipped{frozen{how, what}, {.norm = 1e-2}})));
}

TEST_CASE("by_group: a rate of 0 leaves the moments alone too") {
  task_type const task({.seed = 3});
  net_type<float> net({.seed = 1});
  auto const how = by_group{group::norms, sgd{}, adamw{.rates = {.mlp = 0}}};
  trainer run(net, task, how, schedule{.steps = 2, .batch = 2});
  run.step();
  for (auto const& m : run.state().moments) {
    if (m.name != "others.exp_avg") continue;
    for (auto const& t : net.tensors()) {
      auto const values = m.values.subspan(t.offset, t.size());
      INFO(t.name.view());
      CHECK(std::ranges::all_of(values, [](float x) { return x == 0; }) ==
            (t.group == group::mlp || t.group == group::norms));
    }
  }
}

TEST_CASE("by_group: norms and biases without decay") {
  adamw const decays{.lr = 1e-2, .weight_decay = 0.5};
  adamw const keeps{.lr = 1e-2, .weight_decay = 0};
  check_split(trained<float>(by_group{vectors{}, keeps, decays}, 1, 1), trained<float>(keeps, 1, 1),
              trained<float>(decays, 1, 1), [](auto const& t) { return t.vector; });
}

TEST_CASE("by_group: no two memories have one name, nested ones neither") {
  task_type const task({.seed = 3});
  net_type<float> net({.seed = 1});
  auto const how =
      by_group{group::norms, adamw{},
               by_group{group::mlp, exact_decay{adamw{}}, by_group{group::output, sgd{}, adamw{}}}};
  trainer const run(net, task, how, schedule{.steps = 2, .batch = 2});
  std::set<std::string> names;
  std::size_t count = 0;
  for (auto const& m : run.state().moments) {
    names.emplace(m.name);
    ++count;
    CHECK(m.values.size() == net.parameters().size());
  }
  CHECK(count == 8);
  CHECK(names.size() == 8);
  CHECK(names.contains("chosen.exp_avg"));
  CHECK(names.contains("others.chosen.decay_residue"));
  CHECK(names.contains("others.others.chosen.momentum_buffer"));
}

TEST_CASE("by_group: laws, wrappers, threads, a stop") {
  adamw const adam{.lr = 1e-2, .weight_decay = 0};
  check_laws(by_group{group::mlp, adam, sgd{}});
  check_laws(by_group{group::attention, sgd{}, adam});
  CHECK(testing::optimizer_laws(by_group{
      group::mlp, frozen{with_rate{adam, warm_up{.steps = 3}}, {.group = group::mlp, .from = 4}},
      lion{}}));
  check_runs(by_group{group::attention, sgd{.lr = 0.05}, adamw{.lr = 1e-2}});
  check_runs(
      clipped{by_group{vectors{}, lion{}, by_group{group::mlp, sgd{}, adam}}, {.norm = 0.1}});
}

TEST_CASE("by_group: what cannot be done is a sentence") {
  task_type const task({.seed = 3});
  transformer<small, softmax, no_mlp> net({.seed = 1});
  auto const say = [&](auto const& how) {
    return error_of([&] { train(net, task, how, {.steps = 1, .batch = 2}); });
  };
  CHECK(say(by_group{group::mlp, sgd{}, adamw{}}) ==
        "by_group: the model has no tensor for the first optimizer");
  CHECK(say(by_group{group::attention, sgd{}, frozen{adamw{}, {.tensor = "wv"}}}) ==
        "frozen: the model has no parameter named 'wv'");
}
