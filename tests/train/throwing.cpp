// SPDX-License-Identifier: MIT
// After whatever a hook, a task or an optimizer throws, a trainer is as before the step,
// or past it, or refuses to go on.
#include "training.hpp"

#include <stdexcept>
#include <string_view>

using namespace training;

namespace {

using net_type = transformer<small, softmax>;

struct gave_up : std::runtime_error {
  gave_up() : std::runtime_error("gave up") {}
};

/// A number for each kind of site.
template <class Site>
inline constexpr char site_id = 0;

/// Counts what it hears and throws once at one kind of site, at the
/// sequence or tensor of that number.
struct trap {
  void const* site = nullptr;
  std::size_t when = 0;
  bool armed = false;

  template <class Site>
  void pass(Site at) {
    if (!armed || site != &site_id<Site>) return;
    if constexpr (requires { at.sequence; }) {
      if (at.sequence.index == when) throw gave_up();
    } else {
      if (++told > when) throw gave_up();
    }
  }
  std::size_t told = 0;
};

/// Hears every site there is.
struct listener {
  trap* shared;
  std::size_t heard = 0;
  void operator()(auto at, auto const&) {
    shared->pass(at);
    if constexpr (requires { at.sequence; }) ++heard;
  }
  void merge(listener const& later) { heard += later.heard; }
  [[nodiscard]] listener empty() const { return {shared}; }
  void report(probe_row& row) const { row.add("heard", static_cast<double>(heard)); }
};
static_assert(probe<listener> && !intervention<listener>);

/// Writes at every site there is, the value that was there.
struct editor {
  trap* shared;
  template <class Site, class Value>
    requires(!std::is_const_v<Value>)
  void operator()(Site at, Value&) const { shared->pass(at); }
};
static_assert(intervention<editor> && !probe<editor>);

std::vector<float> moments_of(trainer<net_type, small_task, adamw> const& run) {
  std::vector<float> all;
  for (auto const& m : run.state().moments) all.insert(all.end(), m.values.begin(), m.values.end());
  return all;
}

struct run_record {
  std::vector<float> parameters, moments;
  std::size_t heard = 0; // sequences
};

constexpr schedule whole_plan{.steps = 6, .batch = 11};

/// Trains to the end, with one exception on the way if the trap has a site.
template <class Hook>
run_record trained(trap set, std::size_t threads, std::uint64_t expected_steps) {
  small_task const task({.seed = 3});
  net_type net({.seed = 3});
  schedule here = whole_plan;
  here.threads = threads;
  trainer run(net, task, adamw{.lr = 1e-2}, here);
  Hook hook{&set};
  for (int i = 0; i < 3; ++i) run.step(hook);
  if (set.site != nullptr) {
    set.armed = true;
    CHECK_THROWS_AS(run.step(hook), gave_up);
    CHECK(run.steps() == expected_steps);
    set.armed = false;
  }
  while (run.steps() < here.steps) run.step(hook);
  run_record found{parameters_of(net), moments_of(run), 0};
  if constexpr (requires { hook.heard; }) found.heard = hook.heard;
  return found;
}

// Hook by hook, site by site, the first and a later sequence or tensor.
template <class Hook, class... Site>
void check_sites(detail::types<Site...>, std::uint64_t expected_steps) {
  for (std::size_t const threads : {1U, 2U}) {
    auto const whole = trained<Hook>({}, threads, 0);
    auto const check = [&](void const* site, std::string_view name) {
      for (std::size_t const when : {0U, 9U}) {
        if (when > 0 && (name == "loss" || name == "step")) continue; // told once a step
        INFO(name << " " << when << ", " << threads << " threads");
        auto const thrown = trained<Hook>({.site = site, .when = when}, threads, expected_steps);
        CHECK(same_bits(whole.parameters, thrown.parameters));
        CHECK(same_bits(whole.moments, thrown.moments));
        // Nothing of a broken pass was merged; a whole one is seen again with its step.
        bool const again = name == "loss" || name == "gradient";
        CHECK(thrown.heard == whole.heard + (again ? whole.heard / whole_plan.steps : 0));
      }
    };
    (check(&site_id<Site>,
           [] {
             if constexpr (std::same_as<Site, site::loss>) return "loss";
             if constexpr (std::same_as<Site, site::gradient>) return "gradient";
             if constexpr (std::same_as<Site, site::update>) return "update";
             if constexpr (std::same_as<Site, site::step>) return "step";
             return "a site of the pass";
           }()),
     ...);
  }
}

using first_sites = detail::types<site::embed, site::pattern, site::value_out, site::resid_post,
                                  site::logits, site::gradient_of<site::logits>,
                                  site::gradient_of<site::z>, site::gradient_of<site::embed>>;

} // namespace

TEST_CASE("throwing: a probe in the forward or backward pass leaves the trainer as it was") {
  check_sites<listener>(first_sites{}, 3);
}
TEST_CASE("throwing: a probe of loss and gradient leaves the trainer as it was") {
  check_sites<listener>(detail::types<site::loss, site::gradient>{}, 3);
}
TEST_CASE("throwing: a probe of update and step leaves a step that counts") {
  check_sites<listener>(detail::types<site::update, site::step>{}, 4);
}
TEST_CASE("throwing: an intervention leaves the trainer as it was") {
  check_sites<editor>(detail::types<site::embed, site::z, site::logits, site::gradient_of<site::z>,
                                    site::gradient>{},
                      3);
}

TEST_CASE("throwing: what an intervention had saved of a broken pass is forgotten") {
  struct scales_once {
    trap* shared;
    struct saved {
      float by = 1; // grows in every forward, and its backward takes it back
    };
    void operator()(site::z, view<float, 3>& z, saved& mine) const {
      mine.by *= 1.5F;
      z *= mine.by;
    }
    void operator()(site::gradient_of<site::z> at, view<float, 3>& dz, saved& mine) const {
      shared->pass(at);
      dz *= mine.by;
      mine.by /= 1.5F;
    }
  };
  for (std::size_t const threads : {1U, 2U}) {
    auto const whole = trained<scales_once>({}, threads, 0);
    auto const thrown =
        trained<scales_once>({.site = &site_id<site::gradient_of<site::z>>, .when = 5}, threads, 3);
    CHECK(same_bits(whole.parameters, thrown.parameters));
  }
}

TEST_CASE("throwing: merged and factored models keep nothing of a broken step") {
  constexpr shape one_head{.layers = 2, .heads = 1, .width = 20, .vocab = 67, .context = 13};
  using exact = transformer<one_head, softmax, merged_projections, factored_embedding>;
  struct reader {
    bool* armed;
    void operator()(site::gradient_of<site::resid_mid> at, view<float const, 2> const&) {
      if (*armed && at.sequence.index == 9) throw gave_up();
    }
    void merge(reader const&) {}
    [[nodiscard]] reader empty() const { return *this; }
  };
  bigram_backcopy<one_head> const task({.seed = 3});
  auto const trained = [&](bool throws, std::size_t threads) {
    exact net({.seed = 3});
    bool armed = false;
    reader hook{&armed};
    trainer run(net, task, adamw{}, schedule{.steps = 5, .batch = 11, .threads = threads});
    run.step(hook);
    armed = throws;
    if (throws) CHECK_THROWS_AS(run.step(hook), gave_up);
    armed = false;
    while (run.steps() < 5) run.step(hook);
    return parameters_of(net);
  };
  auto const whole = trained(false, 1);
  CHECK(same_bits(whole, trained(true, 1)));
  CHECK(same_bits(whole, trained(true, 2)));
}

TEST_CASE("throwing: a schedule of its own hears whole steps only") {
  small_task const task({.seed = 3});
  struct heard {
    std::vector<probe_row> rows;
    std::size_t sequences;
  };
  auto const trained = [&](void const* site, std::size_t number) {
    net_type net({.seed = 3});
    trap set{.site = site, .when = number}, none;
    listener bomb{&set}, counted{&none};
    history log(every{2}, attention_sink{}, risk{}, listener{&none});
    when sometimes(every{3}, counted);
    auto here = whole_plan;
    here.threads = 2;
    trainer run(net, task, adamw{.lr = 1e-2}, here);
    set.armed = site != nullptr;
    if (set.armed) {
      CHECK_THROWS_AS(dormant::run(run, log, sometimes, bomb), gave_up);
      // Neither listens until it is asked again.
      auto const before = counted.heard;
      (void)net.evaluate(task.sample(3), sometimes, log);
      CHECK(counted.heard == before);
    }
    set.armed = false;
    dormant::run(run, log, sometimes, bomb);
    return heard{log.rows(), counted.heard};
  };
  auto const whole = trained(nullptr, 0);
  REQUIRE(whole.rows.size() == 4); // steps 0, 2, 4 and the end
  auto const check = [&](void const* site, std::size_t number, bool again = false) {
    auto const thrown = trained(site, number);
    CHECK(same_rows(whole.rows, thrown.rows));
    // The step is asked for again; whether its pass was whole by then is seen in the count.
    CHECK((thrown.sequences > whole.sequences) == again);
  };
  check(&site_id<site::resid_post>, 4);
  check(&site_id<site::gradient_of<site::q>>, 10);
  check(&site_id<site::loss>, 0, true);
  check(&site_id<site::gradient>, 3, true);
  check(&site_id<site::update>, 3);
  check(&site_id<site::step>, 0);
}

TEST_CASE("throwing: who is told of a row may throw, and the row is kept") {
  small_task const task({.seed = 3});
  net_type net({.seed = 3});
  trainer run(net, task, sgd{}, schedule{.steps = 2, .batch = 3});
  history log(every{1}, risk{}), other(every{1}, risk{});
  bool full = true;
  log.on_row([&](probe_row const&) {
    if (full) throw gave_up();
  });
  CHECK_THROWS_AS(dormant::run(run, log, other), gave_up);
  CHECK(run.steps() == 1);
  full = false;
  dormant::run(run, log, other);
  REQUIRE(log.rows().size() == 3);
  CHECK(log.rows()[1]["step"] == 1);
  CHECK(same_rows(log.rows(), other.rows()));
}

namespace {
/// Descends, and gives up in the middle of its third step.
struct moody {
  static constexpr std::string_view name = "moody";
  static constexpr bool elementwise = true;
  template <class T>
  struct state {
    explicit state(std::size_t) {}
    void each(auto) {}
  };
  template <class Arch, class T>
  void step(state<T>&, parameter_segment<T> p, std::uint64_t t) const {
    if (t == 3 && p.offset > 4000) throw gave_up();
    for (std::size_t i = 0; i < p.parameters.size(); ++i) p.parameters[i] -= p.gradients[i];
  }
};
static_assert(optimizer<moody>);
} // namespace

TEST_CASE("throwing: after half a step of the optimizer a trainer refuses to go on") {
  small_task const task({.seed = 3});
  for (std::size_t const threads : {1U, 2U}) {
    net_type net({.seed = 3});
    trainer run(net, task, moody{}, schedule{.steps = 9, .batch = 4, .threads = threads});
    run.step();
    run.step();
    CHECK_THROWS_AS(run.step(), gave_up);
    auto const half = parameters_of(net);
    std::string const refusal =
        "training cannot go on: step 2 was left half taken, so parameters and optimizer memory "
        "belong to no step; load the last checkpoint";
    CHECK(error_of([&] { run.step(); }) == refusal);
    CHECK(error_of([&] { run.measure(); }) == refusal);
    CHECK(error_of([&] { dormant::run(run); }) == refusal);
    CHECK(same_bits(half, parameters_of(net)));
    run.resume_at(5); // as load_run does, which puts everything else back
    run.step();
    CHECK(run.steps() == 6);
  }
}

TEST_CASE("throwing: a step that overflowed is not gone on from either") {
  small_task const task({.seed = 3});
  net_type net({.seed = 3});
  trainer run(net, task, sgd{.lr = 1e39}, schedule{.steps = 9, .batch = 4, .threads = 2});
  CHECK_THROWS_AS(run.step(), non_finite);
  CHECK(error_of([&] { run.step(); }).find("training cannot go on: step 0 was left half") == 0);
}

TEST_CASE("throwing: a task that throws leaves the trainer as it was") {
  struct fails : small_task {
    using small_task::small_task;
    bool armed = false;
    void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                    std::span<next_token_law> laws) const {
      if (armed && row == 2) throw gave_up();
      small_task::sample_row(which, step, row, tokens, laws);
    }
  };
  fails task({.seed = 3});
  auto const trained = [&](bool throws) {
    net_type net({.seed = 3});
    trainer run(net, task, adamw{}, schedule{.steps = 3, .batch = 4, .threads = 2});
    run.step();
    task.armed = throws;
    if (throws) CHECK_THROWS_AS(run.step(), gave_up);
    task.armed = false;
    while (run.steps() < 3) run.step();
    return parameters_of(net);
  };
  CHECK(same_bits(trained(false), trained(true)));
}
