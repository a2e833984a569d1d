// SPDX-License-Identifier: MIT
// Interventions that keep something of the forward pass for their backward pass: the right layer's,
// the right sequence's, for any threads, wrapped, and several at once.
#include "dormant/dormant.hpp"
#include "dormant/testing/hook_laws.hpp"

#include "catch.hpp"
#include "error_of.hpp"
#include "models.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace dormant;

constexpr shape deep{
    .layers = 3, .heads = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 2};
using task_type = bigram_backcopy<deep>;
template <class Rule>
using net = transformer<deep, Rule, double>;

batch some_rows(std::size_t rows = 3) { return task_type({.seed = 5}).sample(rows); }

template <class Net>
std::vector<double> parameters_of(Net const& model) {
  return {model.parameters().begin(), model.parameters().end()};
}

template <class T>
bool same_bits(arena<T> const& a, arena<T> const& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

/// x = tanh(x) at a site, by what the forward pass made of it.
template <class Site>
struct squash {
  struct saved {
    std::vector<double> slope; // grows in the first sequence
  };
  template <class T>
  void operator()(Site, view<T, Site::rank>& x, saved& kept) const {
    kept.slope.clear();
    for (auto& value : x) {
      value = std::tanh(value);
      kept.slope.push_back(1 - static_cast<double>(value * value));
    }
  }
  template <class T>
  void operator()(site::gradient_of<Site>, view<T, Site::rank>& d, saved& kept) const {
    auto slope = kept.slope.begin();
    for (auto& value : d) value *= static_cast<T>(*slope++);
  }
};
static_assert(intervention<squash<site::z>> && !probe<squash<site::z>>);

/// Halves the outputs of the heads where a query's first element is positive: reads one site, edits
/// another.
struct reads_before {
  using saved = bool;
  template <class T>
  void operator()(site::q, view<T const, 3> const& q, saved& big) const {
    big = q(3, 0, 0) > 0;
  }
  template <class T>
  void operator()(site::z, view<T, 3>& z, saved const& big) const {
    if (big) z *= T{0.5};
  }
  template <class T>
  void operator()(site::gradient_of<site::z>, view<T, 3>& dz, saved const& big) const {
    if (big) dz *= T{0.5};
  }
};
static_assert(intervention<reads_before> && !edits<reads_before, site::q>);

/// A running mean over sequences, which no gradient can follow.
struct remembers_the_last_sequence {
  struct saved {
    double scale = 1;
  };
  template <class T>
  void operator()(site::z, view<T, 3>& z, saved& kept) const {
    double const before = kept.scale;
    kept.scale = 1 + 0.1 * static_cast<double>(z(0, 0, 0));
    z *= static_cast<T>(before);
  }
};

} // namespace

TEST_CASE("saved: the capped pattern is the smaller of weight and bound") {
  auto const model = models::shaken<net<softmax>>();
  auto const rows = some_rows();
  auto const pattern = [&](auto const&... hooks) {
    record<site::pattern, double> seen;
    evaluate(model, rows, {.threads = 2}, hooks..., seen);
    return seen.values(1);
  };
  auto const plain = pattern(cap_attention{.layer = 0, .most = 0.1}); // the layer before it counts
  auto const capped = pattern(cap_attention{.layer = 0, .most = 0.1},
                              cap_attention{.layer = 1, .head = 1, .most = 0.1});
  std::size_t cut = 0;
  for (std::size_t b = 0; b < 3; ++b) {
    for (std::size_t q = 0; q < deep.context; ++q) {
      for (std::size_t k = 0; k <= q; ++k) {
        double const before = plain(b, 1, q, k);
        CHECK(capped(b, 0, q, k) == plain(b, 0, q, k));
        CHECK(capped(b, 1, q, k) == (k == 0 ? std::min(before, 0.1) : before));
        cut += k == 0 && before > 0.1 ? 1 : 0;
      }
    }
  }
  CHECK(cut > 3);
  CHECK(cut < 3 * deep.context); // some weights are below the bound
}

TEST_CASE("saved: the gradient is that of the capped loss, in several layers and heads", "[slow]") {
  auto const check = [](auto const& model, auto const& edit) {
    CHECK(testing::intervention_laws(edit, model, some_rows(), {.samples = 4}));
  };
  cap_attention const every{.layer = every_layer, .most = 0.1};
  cap_attention const one{.layer = 2, .head = 1, .position = 2, .most = 0.2};
  check(models::shaken<net<softmax>>(), every);
  check(models::shaken<net<softmax>>(), one);
  check(models::shaken<net<relu>>(), every);
  check(models::shaken<net<relu>>(), one);
  check(models::shaken<net<output_gate<sigmoid>>>(), every);
}

TEST_CASE("saved: every site hands it over, whatever the shape of what is kept", "[slow]") {
  auto const model = models::shaken<net<softmax>>();
  auto const check = [&](auto const& edit) {
    CHECK(testing::intervention_laws(edit, model, some_rows(), {.samples = 2}));
  };
  check(squash<site::embed>{});
  check(squash<site::resid_pre>{});
  check(squash<site::q>{});
  check(squash<site::z>{});
  check(squash<site::mlp_hidden>{});
  check(squash<site::final_norm>{});
  check(squash<site::logits>{});
  check(reads_before{});
}

TEST_CASE("saved: several interventions at once each have their own") {
  auto const model = models::shaken<net<softmax>>();
  testing::gradient_check_options const how{.samples = 4};
  // Two of one type, whose slots must not be mixed up, and others between them.
  CHECK(testing::check_gradients(
      model, some_rows(), how, cap_attention{.layer = 1, .head = 0, .most = 0.05},
      squash<site::v>{}, ablate_head{.layer = 0, .head = 1},
      cap_attention{.layer = 1, .head = 0, .position = 1, .most = 0.2}, squash<site::v>{}));
}

TEST_CASE("saved: threads, shards and probes beside it change no bit") {
  auto const model = models::shaken<net<relu>>();
  auto const rows = some_rows(11);
  cap_attention const edit{.layer = every_layer, .most = 0.1};
  auto const one = differentiate(model, rows, {.threads = 1}, edit);
  CHECK(!same_bits(one.values, differentiate(model, rows, {.threads = 1}).values));
  for (std::size_t const threads : {2U, 3U, 5U}) {
    record<site::pattern, double> watched;
    auto const many = differentiate(model, rows, {.threads = threads}, edit);
    auto const seen = differentiate(model, rows, {.threads = threads}, edit, watched);
    CHECK(one.loss == many.loss);
    CHECK(same_bits(one.values, many.values));
    CHECK(same_bits(one.values, seen.values));
  }
}

TEST_CASE("saved: wrapped in a cadence it works in the steps that are due") {
  task_type const task({.seed = 3});
  auto const trained = [&](auto make_hook) {
    net<softmax> model({.seed = 1});
    auto hook = make_hook();
    train(model, task, sgd{.lr = 0.3}, {.steps = 6, .batch = 5, .threads = 2}, hook);
    return parameters_of(model);
  };
  cap_attention const cap{.layer = every_layer, .most = 0.05};
  auto const always = trained([&] { return cap; });
  auto const wrapped = trained([&] { return when(every{1}, cap); });
  auto const sometimes = trained([&] { return when(every{3}, cap); });
  auto const never = trained([&] { return when(every{0}, cap); });
  CHECK(always == wrapped);
  CHECK(sometimes != always);
  CHECK(sometimes != never);
  net<softmax> plain({.seed = 1});
  train(plain, task, sgd{.lr = 0.3}, {.steps = 6, .batch = 5, .threads = 2});
  CHECK(parameters_of(plain) == never);
}

TEST_CASE("saved: the laws find an intervention that remembers another sequence") {
  auto const model = models::shaken<net<softmax>>();
  auto const found =
      testing::detail::rests_between_sequences(remembers_the_last_sequence{}, model, some_rows(3));
  INFO(found);
  CHECK_FALSE(found);
  CHECK(found.log.find("depends on the sequences before it") != std::string::npos);
}

TEST_CASE("saved: what cap_attention cannot do is a sentence") {
  auto const say = [&](cap_attention const& edit) {
    return error_of([&] { net<softmax>().evaluate(some_rows(), edit); });
  };
  CHECK(say({.layer = 3}) == "cap_attention: the model has no layer 3; it has 3, counted from 0");
  CHECK(say({.head = 2}) ==
        "cap_attention: the model has no head 2; each layer has 2, counted from 0");
  CHECK(say({.most = -0.5}) == "cap_attention: most must be at least 0, found -0.5");
  CHECK(say({.most = std::numeric_limits<double>::quiet_NaN()})
            .find("cap_attention: most must be at least 0, found ") == 0);
  CHECK(say({.position = 40}).empty()); // a position that no sequence reaches is nothing to cap
}

namespace {
/// A probe whose own nested type has the same name, and needs more than a shape to be made.
struct keeps_to_itself {
  struct saved {
    explicit saved(std::string const& of) : name(of) {}
    std::string name;
  };
  double seen = 0;
  void operator()(site::z, view<double const, 3> const&) { ++seen; }
  void merge(keeps_to_itself const& later) { seen += later.seen; }
};
} // namespace

TEST_CASE("saved: a probe may use the word for itself") {
  auto const model = models::shaken<net<softmax>>();
  keeps_to_itself probe;
  evaluate(model, some_rows(4), {.threads = 1}, cap_attention{.layer = 1}, probe,
           when(every{1}, probe));
  CHECK(probe.seen == 3 * 4);
}
