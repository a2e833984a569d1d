// SPDX-License-Identifier: MIT
// Hooks that hold hooks hand on every part of them; an adaptor with one mistake each is told which.
#include "dormant/testing/adaptor_laws.hpp"

#include "dormant/cadence.hpp"
#include "dormant/intervention/ablate.hpp"
#include "dormant/optimizer/sgd.hpp"
#include "dormant/progress.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/train.hpp"

#include "catch.hpp"
#include "error_of.hpp"

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace {

using namespace dormant;

constexpr shape small{.layers = 2, .heads = 2, .width = 20, .vocab = 67, .context = 13};

constexpr auto last_row = [](auto heard) {
  heard.close();
  return heard.rows().back();
};

void says(testing::verdict const& found, std::string_view words) {
  INFO(found);
  CHECK_FALSE(found);
  CHECK(found.log.find(words) != std::string::npos);
}

/// A probe around another that hands on its sites and nothing else.
template <class Hook>
struct careless {
  Hook hook;
  void operator()(auto at, auto const& value) { hook(at, value); }
  void merge(careless const& later) { hook.merge(later.hook); }
};
/// The same with every part, of which `Lost` is kept to itself.
enum class part { none, empty, due, close, abandon, require, stop, report, merge };
template <class Hook, part Lost>
struct forgetful {
  Hook hook{};
  void operator()(auto at, auto const& value) { hook(at, value); }
  void merge(forgetful const& later) {
    if (Lost != part::merge) hook.merge(later.hook);
  }
  [[nodiscard]] forgetful empty() const {
    return {Lost == part::empty ? Hook{hook.notes} : hook.empty()};
  }
  void report(probe_row& row) const {
    if (Lost != part::report) hook.report(row);
  }
  template <class Model>
  void require(Model const& model) const {
    if (Lost != part::require) hook.require(model);
  }
  [[nodiscard]] bool due(std::uint64_t step) { return Lost == part::due || hook.due(step); }
  void close() {
    if (Lost != part::close) hook.close();
  }
  void abandon() {
    if (Lost != part::abandon) hook.abandon();
  }
  [[nodiscard]] bool stop_requested() const { return Lost != part::stop && hook.stop_requested(); }
};
/// An adaptor of interventions that hands on nothing but the sites,
/// and those without what is saved.
template <class Hook>
struct careless_edit {
  Hook const* hook;
  template <class Site, class Value>
    requires(!std::is_const_v<Value> && std::invocable<Hook const&, Site, Value&>)
  void operator()(Site at, Value& value) const { (*hook)(at, value); }
};
template <part Lost>
testing::verdict forgets() {
  return testing::probe_adaptor_laws(
      []<class Hook>(Hook& hook) { return forgetful<Hook, Lost>{hook}; });
}

} // namespace

TEST_CASE("laws: every adaptor of the library hands on every part of a hook") {
  CHECK(testing::probe_adaptor_laws([](auto& spy) { return when(every{1}, spy); }));
  CHECK(testing::intervention_adaptor_laws([](auto& spy) { return when(every{1}, spy); }));
  CHECK(testing::probe_adaptor_laws([](auto& spy) { return history(every{1}, spy); }, last_row));
  // Two deep.
  using inner = when<every, testing::probe_spy>;
  std::optional<inner> held;
  CHECK(testing::probe_adaptor_laws([&](auto& spy) {
    held.emplace(every{1}, spy);
    return when(every{1}, *held);
  }));
  CHECK(testing::probe_adaptor_laws(
      [](auto& spy) { return history(every{1}, when(every{1}, spy)); }, last_row));
}

TEST_CASE("laws: an adaptor that loses a part is told which") {
  auto const careless_says = testing::probe_adaptor_laws(
      []<class Hook>(Hook& hook) { return careless<Hook>{hook}; },
      [](auto const& adaptor) { return testing::read_report{}(adaptor.hook); });
  for (auto const* words : {"loses require", "loses due", "loses close", "loses abandon",
                            "loses stop_requested", "loses empty"}) {
    says(careless_says, words);
  }
  auto const careless_edit_says = testing::intervention_adaptor_laws(
      []<class Hook>(Hook& hook) { return careless_edit<Hook>{&hook}; });
  for (auto const* words : {"loses require", "loses due", "loses stop_requested", "loses saved"}) {
    says(careless_edit_says, words);
  }
  CHECK(forgets<part::none>());
  says(forgets<part::require>(), "the adaptor loses require");
  says(forgets<part::due>(), "the adaptor loses due");
  says(forgets<part::close>(), "the adaptor loses close");
  says(forgets<part::abandon>(), "the adaptor loses abandon");
  says(forgets<part::stop>(), "the adaptor loses stop_requested");
  says(forgets<part::empty>(), "the adaptor loses empty");
  says(forgets<part::report>(), "spy.label = 7 is not reported");
  says(forgets<part::merge>(), "spy.sequences = 5 is not reported");
}

TEST_CASE("when: what the model does not have is refused as without a cadence") {
  bigram_backcopy<small> const task({.seed = 3});
  transformer<small, softmax> net({.seed = 3});
  ablate_head const cut{.layer = 7};
  auto const words = error_of([&] { (void)net.evaluate(task.sample(2), cut); });
  CHECK(words == "ablate_head: the model has no layer 7; it has 2, counted from 0");
  schedule const plan{.steps = 2, .batch = 2};
  CHECK(error_of([&] { train(net, task, sgd{}, plan, cut); }) == words);
  CHECK(error_of([&] { train(net, task, sgd{}, plan, when(every{9}, cut)); }) == words);
  CHECK(error_of([&] { (void)net.evaluate(task.sample(2), when(every{9}, cut)); }) == words);
  CHECK(error_of([&] {
          trainer run(net, task, sgd{}, plan);
          run.step(cut);
        }) == words);
}

TEST_CASE("when: a hook in it can end a run, and a history in it keeps its own cadence") {
  bigram_backcopy<small> const task({.seed = 3});
  transformer<small, softmax> net({.seed = 3});
  struct stop_at_four {
    std::uint64_t seen = 0;
    void operator()(site::step, run_state<float> const& run) { seen = run.step; }
    [[nodiscard]] bool stop_requested() const { return seen >= 4; }
  } stop;
  history log(every{2}, risk{});
  auto const result =
      train(net, task, sgd{}, {.steps = 20, .batch = 2}, when(every{3}, stop), when(every{3}, log));
  CHECK(result.interrupted);
  CHECK(result.steps == 4);
  REQUIRE(log.rows().size() == 1); // 0 is due for both, 2 and 3 for one
  CHECK(log.rows()[0]["step"] == 0);
}
