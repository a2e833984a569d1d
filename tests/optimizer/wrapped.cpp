// SPDX-License-Identifier: MIT
// Training that changes on the way: rates that follow a schedule, clipped gradients, tensors that
// rest, decay that is not rounded away; around every optimizer.
#include "dormant/dormant.hpp"

#include "catch.hpp"
#include "error_of.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numbers>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace dormant;

constexpr shape small{
    .layers = 2, .heads = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 2};
template <class T>
using net = transformer<small, softmax, T>;
using task_type = bigram_backcopy<small>;

/// The bits of one tensor: in the parameters, or in one memory of the optimizer.
template <class T, class Values>
std::vector<T> tensor_of(Values const& values, std::string_view name) {
  auto const& t = net<T>::find(name);
  return {values.data() + t.offset, values.data() + t.offset + t.size()};
}
template <class T>
bool same_bits(std::vector<T> const& a, std::vector<T> const& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// What a run holds of a tensor after each step: the parameters, then each memory.
template <class Optimizer>
std::vector<std::vector<std::vector<float>>> lives(Optimizer const& how, std::string_view name) {
  task_type const task({.seed = 3});
  net<float> model({.seed = 1});
  trainer run(model, task, how, schedule{.steps = 7, .batch = 4, .threads = 2});
  std::vector<std::vector<std::vector<float>>> out;
  for (int s = 0; s <= 7; ++s) {
    auto& now = out.emplace_back();
    auto const state = run.state();
    now.push_back(tensor_of<float>(state.parameters, name));
    for (auto const& m : state.moments) now.push_back(tensor_of<float>(m.values, name));
    if (s < 7) run.step();
  }
  return out;
}

/// From step 2 until step 5 not one bit moves of what rests, and everything of what does not.
template <class Optimizer>
void check_frozen(Optimizer const& inner, freeze which, std::string_view resting,
                  std::string_view moving) {
  which.from = 2;
  which.until = 5;
  for (auto const& name : {resting, moving}) {
    auto const life = lives(frozen{inner, which}, name);
    for (std::size_t s = 0; s < 7; ++s) {
      for (std::size_t i = 0; i < life[s].size(); ++i) {
        INFO(Optimizer::name << ", " << name << ", step " << s << ", memory " << i);
        CHECK(same_bits(life[s][i], life[s + 1][i]) == (name == resting && s >= 2 && s < 5));
      }
    }
  }
}

/// The update of one parameter in each step, under signSGD: the learning rate.
template <class Rate>
std::vector<double> rates_taken(Rate const& rate, std::uint64_t steps) {
  task_type const task({.seed = 3});
  net<double> model({.seed = 1});
  auto const how = with_rate{sign_sgd{.lr = 1e-3, .weight_decay = 0}, rate};
  trainer run(model, task, how, schedule{.steps = steps, .batch = 2, .threads = 1});
  std::vector<double> out;
  while (run.steps() < steps) {
    double const before = model.parameter("norm.weight")(0, 3);
    run.step();
    out.push_back(std::abs(model.parameter("norm.weight")(0, 3) - before) / 1e-3);
  }
  return out;
}

struct told {
  std::string name;
  dormant::group group;
  std::size_t layer, rows, cols;
  bool operator==(told const&) const = default;
};
/// Steps nowhere, and remembers what it was told.
struct listens {
  static constexpr std::string_view name = "listens";
  std::vector<told>* heard;
  template <class T>
  struct state {
    explicit state(std::size_t) {}
    void each(auto) {}
  };
  template <class Arch, class T>
  void step(state<T>&, parameter_segment<T> p, std::uint64_t) const {
    CHECK(p.parameters.size() == p.rows * p.cols);
    heard->push_back({std::string(p.name), p.group, p.layer, p.rows, p.cols});
  }
};

/// All gradients of a step as the optimizer is about to get them.
struct gradients {
  std::vector<double> values;
  void operator()(site::gradient, view<double const, 2> const& g) {
    values.insert(values.end(), g.begin(), g.end());
  }
};

/// A trainer's parameters after one step, tensor after tensor.
template <class Optimizer>
std::vector<double> after_a_step(Optimizer const& how, gradients& seen, std::size_t threads = 1) {
  task_type const task({.seed = 3});
  net<double> model({.seed = 1});
  trainer run(model, task, how, schedule{.steps = 9, .batch = 6, .threads = threads});
  run.step(seen);
  std::vector<double> out;
  for (auto const& t : net<double>::plan::tensors) {
    auto const values = model.parameters().subspan(t.offset, t.size());
    out.insert(out.end(), values.begin(), values.end());
  }
  return out;
}

double norm_of(std::vector<double> const& g) {
  double square = 0;
  for (double const x : g) square += x * x;
  return std::sqrt(square);
}

/// n steps without a gradient.
template <class T, class Optimizer>
arena<T> decayed(Optimizer const& how, std::uint64_t steps, arena<T> p, double rate_scale = 1) {
  typename Optimizer::template state<T> memory(p.size());
  arena<T> const none(p.size());
  for (std::uint64_t t = 1; t <= steps; ++t) {
    how.template step<xsimd::default_arch, T>(memory,
                                              {.parameters = p.span(),
                                               .gradients = none.span(),
                                               .cols = p.size(),
                                               .rate_scale = rate_scale},
                                              t);
  }
  return p;
}
template <class T>
arena<T> some_parameters() {
  arena<T> p(65);
  random_stream draw(7, stream::user, 0, 0);
  for (auto& x : p.span()) x = static_cast<T>(draw.normal());
  return p;
}

} // namespace

TEST_CASE("wrapped: frozen means that no bit moves, of parameters, moments and residues") {
  auto const check = [](auto const& inner) {
    check_frozen(inner, {.tensor = "layers.1.attention.wv.weight"}, "layers.1.attention.wv.weight",
                 "layers.0.attention.wv.weight");
    check_frozen(inner, {.group = group::mlp}, "layers.0.ff.w1.weight",
                 "layers.0.attention.wq.weight");
    check_frozen(inner, {.tensor = "*embeddings*"}, "pos_embeddings.weight", "output.weight");
    check_frozen(inner, {.tensor = "layers.0.*", .group = group::attention},
                 "layers.0.attention.wq.weight", "layers.1.attention.wq.weight");
  };
  check(adamw{.lr = 1e-2, .weight_decay = 0.1});
  check(sgd{.lr = 0.1, .weight_decay = 0.1});
  check(sign_sgd{.lr = 1e-2, .weight_decay = 0.1});
  check(exact_decay{adamw{.lr = 1e-2, .weight_decay = 1e-4}});
  check(clipped{with_rate{adamw{.lr = 1e-2, .weight_decay = 0.1}, warm_up{.steps = 3}},
                {.norm = 0.1}});
  // A tensor in many pieces, and one freeze around another.
  check_frozen(frozen{adamw{.lr = 1e-2}, {.tensor = "*.wo.*", .from = 2, .until = 5}},
               {.tensor = "*.wk.*"}, "layers.1.attention.wo.weight", "layers.1.ff.w2.weight");
  check_frozen(frozen{adamw{.lr = 1e-2}, {.tensor = "*.wo.*", .from = 2, .until = 5}},
               {.tensor = "*.wk.*"}, "layers.1.attention.wk.weight",
               "layers.1.attention.wq.weight");
}

TEST_CASE("wrapped: without an end a tensor rests for the rest of the run") {
  auto const life =
      lives(frozen{adamw{.lr = 1e-2}, {.tensor = "norm.weight", .from = 3}}, "norm.weight");
  for (std::size_t s = 0; s < 7; ++s) CHECK(same_bits(life[s][0], life[s + 1][0]) == (s >= 3));
}

TEST_CASE("wrapped: schedules are their closed forms") {
  cosine_decay const cosine{.warm_up = 4, .steps = 20, .floor = 0.1};
  linear_decay const line{.warm_up = 4, .steps = 20, .floor = 0.1};
  warm_up const up{.steps = 4};
  for (std::uint64_t s = 0; s < 4; ++s) {
    double const part = static_cast<double>(s + 1) / 4;
    CHECK(cosine(s) == part);
    CHECK(line(s) == part);
    CHECK(up(s) == part);
  }
  CHECK(cosine(4) == 1);
  CHECK(line(4) == 1);
  for (std::uint64_t s = 4; s <= 20; ++s) {
    double const part = static_cast<double>(s - 4) / 16;
    CHECK(cosine(s) ==
          Approx(0.1 + 0.9 * std::pow(std::cos(std::numbers::pi * part / 2), 2)).epsilon(1e-14));
    CHECK(line(s) == Approx(1 - 0.9 * part).epsilon(1e-14));
    CHECK(up(s) == 1);
  }
  for (std::uint64_t const s : {20U, 21U, 1000U}) {
    CHECK(cosine(s) == Approx(0.1));
    CHECK(line(s) == Approx(0.1));
  }
  CHECK(cosine_decay{.steps = 10}(0) == 1);
  CHECK(cosine_decay{.steps = 10}(5) == Approx(0.5));
}

TEST_CASE("wrapped: a step is taken at the rate of its schedule") {
  cosine_decay const cosine{.warm_up = 2, .steps = 6};
  auto const taken = rates_taken(cosine, 8);
  for (std::uint64_t s = 0; s < 8; ++s) CHECK(taken[s] == Approx(cosine(s)).margin(1e-9));
  auto const own = rates_taken([](std::uint64_t step) { return step < 3 ? 1.0 : 0.25; }, 5);
  CHECK(own[2] == Approx(1));
  CHECK(own[3] == Approx(0.25));
  // Rates multiply, those of groups too.
  auto const both = with_rate{
      with_rate{sign_sgd{.lr = 1, .rates = {.norms = 0.5}}, [](std::uint64_t) { return 0.5; }},
      warm_up{.steps = 4}};
  gradients seen;
  auto const plain = after_a_step(sign_sgd{.lr = 0.0625, .weight_decay = 1e-4}, seen);
  auto const wrapped = after_a_step(both, seen);
  // 0.125 for the token embedding, which comes first; 0.0625 for the final norm, before the output.
  CHECK(wrapped[0] != plain[0]);
  std::size_t const norm = plain.size() - small.vocab * small.width - small.width;
  CHECK(wrapped[norm] == plain[norm]);
}

TEST_CASE("wrapped: clipping is min(1, most / (norm + 1e-6)) of the norm of all gradients") {
  double const lr = 0.5, decay = 0.01;
  sgd const inner{.lr = lr, .momentum = 0, .weight_decay = decay};
  net<double> const start({.seed = 1});
  std::vector<double> before;
  for (auto const& t : net<double>::plan::tensors) {
    auto const values = start.parameters().subspan(t.offset, t.size());
    before.insert(before.end(), values.begin(), values.end());
  }
  gradients unclipped;
  auto const free = after_a_step(inner, unclipped);
  double const norm = norm_of(unclipped.values);
  CHECK(norm > 0.1);
  for (double const most : {norm / 3, norm * 2}) {
    gradients seen;
    auto const found = after_a_step(clipped{inner, {.norm = most}}, seen);
    CHECK(seen.values == unclipped.values); // hooks see the gradient itself
    double const coefficient = std::min(1.0, most / (norm + 1e-6));
    for (std::size_t i = 0; i < found.size(); ++i) {
      double const g = coefficient * seen.values[i] + decay * before[i];
      CHECK(found[i] == Approx(before[i] - lr * g).epsilon(1e-12).margin(1e-14));
    }
    CHECK((found == free) == (most > norm));
    for (std::size_t const threads : {2U, 3U}) {
      CHECK(after_a_step(clipped{inner, {.norm = most}}, seen, threads) == found);
    }
  }
  // Twice is the smaller of both.
  gradients seen;
  auto const twice = after_a_step(clipped{clipped{inner, {.norm = norm / 3}}, {.norm = 5}}, seen);
  CHECK(twice == after_a_step(clipped{inner, {.norm = norm / 3}}, seen));
}

TEST_CASE("wrapped: what rests does not count in the norm, on either side of the clip") {
  sgd const inner{.lr = 0.5, .momentum = 0, .weight_decay = 0};
  freeze const what{.tensor = "output.weight"};
  gradients seen;
  auto const inside = after_a_step(clipped{frozen{inner, what}, {.norm = 1e-3}}, seen);
  auto const outside = after_a_step(frozen{clipped{inner, {.norm = 1e-3}}, what}, seen);
  CHECK(inside == outside);
  net<double> const start({.seed = 1});
  double square = 0;
  std::size_t i = 0;
  for (auto const& t : net<double>::plan::tensors) {
    for (double const x : start.parameters().subspan(t.offset, t.size())) {
      square += std::pow(inside[i++] - x, 2);
    }
  }
  CHECK(std::sqrt(square) == Approx(0.5 * 1e-3)); // all of the largest norm is spent on the others
}

TEST_CASE("wrapped: optimizers are told the tensor's name, group, layer and shape") {
  task_type const task({.seed = 3});
  net<float> model({.seed = 1});
  std::vector<told> heard, expected;
  train(model, task, listens{&heard}, {.steps = 1, .batch = 2, .threads = 1});
  for (auto const& t : net<float>::plan::tensors) {
    expected.push_back({tensor_name(t), t.group, t.layer, t.rows, t.cols});
  }
  CHECK(heard == expected);
  CHECK(heard[4].name == "layers.0.attention.wq.weight");
}

TEST_CASE("wrapped: what cannot be done is a sentence") {
  task_type const task({.seed = 3});
  auto const say = [&](auto const& how) {
    net<float> model({.seed = 1});
    return error_of([&] { train(model, task, how, {.steps = 1, .batch = 2}); });
  };
  CHECK(say(frozen{adamw{}, {.tensor = "layers.2.attention.wv.weight"}}) ==
        "frozen: the model has no parameter named 'layers.2.attention.wv.weight'");
  CHECK(say(frozen{adamw{}, {.tensor = "*.wv.*", .group = group::mlp}}) ==
        "frozen: the model has no parameter named '*.wv.*' in the group asked for");
  transformer<small, softmax, no_mlp, float> attends_only({.seed = 1});
  CHECK(
      error_of([&] {
        train(attends_only, task, frozen{adamw{}, {.group = group::mlp}}, {.steps = 1, .batch = 2});
      }) == "frozen: the model has no parameter in the group asked for");
  CHECK(say(frozen{adamw{}, {.from = 3}}) ==
        "frozen: say which parameters: .tensor, by name, or .group");
  CHECK(say(frozen{adamw{}, {.group = group::mlp, .from = 3, .until = 3}}) ==
        "frozen: until must be more than from, 3, found 3");
  CHECK(say(with_rate{sgd{}, cosine_decay{.warm_up = 5}}) ==
        "cosine_decay: steps must be more than warm_up, 5, found 0");
  CHECK(say(with_rate{sgd{}, linear_decay{.warm_up = 5, .steps = 5}}) ==
        "linear_decay: steps must be more than warm_up, 5, found 5");
  CHECK(say(clipped{sgd{}, {.norm = 0}}) == "clipped: norm must be above 0, found 0");
  CHECK(say(clipped{sgd{}, {.norm = std::nan("")}}).find("clipped: norm must be above 0") == 0);
  // From the inside of other wrappers too.
  CHECK(say(clipped{with_rate{frozen{exact_decay{adamw{}}, {.tensor = "wv"}}, warm_up{}}, {}}) ==
        "frozen: the model has no parameter named 'wv'");
}

TEST_CASE("wrapped: a norm that overflows is not a step of nothing") {
  task_type const task({.seed = 3});
  net<double> model({.seed = 1});
  struct huge {
    void operator()(site::gradient, view<double, 2>& g) const { g *= 1e200; }
  };
  auto const said = error_of([&] {
    train(model, task, clipped{sgd{}, {}}, {.steps = 1, .batch = 2}, huge{});
  });
  CHECK(said == "training stopped at step 0: the norm of the gradient is not finite");
}

TEST_CASE("wrapped: exact decay acts where the rounded factor does not", "[slow]") {
  auto const start = some_parameters<float>();
  adamw const small_decay{.lr = 1e-5, .weight_decay = 1e-4}; // 1e-9 a step
  std::uint64_t const steps = 100'000;
  auto const rounded = decayed(small_decay, steps, start);
  auto const exact = decayed(exact_decay{small_decay}, steps, start);
  auto const half = decayed(exact_decay{small_decay}, steps, start, 0.5);
  auto const tiny = some_parameters<double>();
  adamw const tinier{.lr = 1e-9, .weight_decay = 1e-9}; // nothing to a double either
  auto const lost = decayed(tinier, steps, tiny);
  auto const kept = decayed(exact_decay{tinier}, steps, tiny);
  for (std::size_t i = 0; i < tiny.size(); ++i) {
    double const x = tiny.data()[i];
    CHECK(lost.data()[i] == x);
    CHECK(std::abs(kept.data()[i] - (x - 1e-13 * x)) <= 2.3e-16 * std::abs(x));
    CHECK(std::abs(kept.data()[i] - x) >= 0.9e-13 * std::abs(x));
  }
  auto const signs = decayed(exact_decay{sign_sgd{.lr = 1e-5, .weight_decay = 1e-4}}, steps, start);
  for (std::size_t i = 0; i < start.size(); ++i) {
    float const p = start.data()[i];
    auto const near = [&](float found, double product) {
      double const expected = static_cast<double>(p) * std::exp(-product * 1e5);
      float const next = std::nextafter(std::abs(p), 10.0F) - std::abs(p);
      CHECK(std::abs(static_cast<double>(found) - expected) <= 0.51 * static_cast<double>(next));
    };
    CHECK(rounded.data()[i] == p);
    near(exact.data()[i], 1e-9);
    near(half.data()[i], 0.5e-9);
    CHECK(signs.data()[i] == exact.data()[i]);
  }
}

TEST_CASE("wrapped: the rounded factor of the defaults is what the comment says it is") {
  auto const start = some_parameters<float>();
  for (auto const& [product, factor] : {std::pair{3e-8, 1 - std::ldexp(1.0, -24)},
                                        std::pair{2.9e-8, 1.0}, std::pair{1e-7, 1 - 2 * 5.96e-8}}) {
    auto const p = decayed(adamw{.lr = 1, .weight_decay = product}, 1, start);
    for (std::size_t i = 0; i < p.size(); ++i) {
      double const x = static_cast<double>(start.data()[i]);
      CHECK(static_cast<double>(p.data()[i]) == Approx(factor * x).epsilon(0.61e-7));
    }
    CHECK((std::memcmp(p.data(), start.data(), p.size() * sizeof(float)) == 0) == (factor == 1));
  }
}

TEST_CASE("wrapped: exact decay in training is decay, and a large one is the plain one") {
  gradients seen;
  adamw const how{.lr = 0.1, .weight_decay = 0.3};
  auto const plain = after_a_step(how, seen), exact = after_a_step(exact_decay{how}, seen);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    CHECK(exact[i] == Approx(plain[i]).epsilon(1e-13).margin(1e-15));
  }
}
