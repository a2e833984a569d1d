// SPDX-License-Identifier: MIT
// The library's probes and interventions keep the laws, in several structures; hooks with one
// mistake each do not.
#include "dormant/dormant.hpp"
#include "dormant/intervention/replace.hpp"
#include "dormant/probe/attention_entropy.hpp"
#include "dormant/probe/key_mass.hpp"
#include "dormant/probe/massive_activations.hpp"
#include "dormant/probe/mean_output.hpp"
#include "dormant/probe/score_gap.hpp"
#include "dormant/testing/hook_laws.hpp"

#include "catch.hpp"
#include "models.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace dormant;

constexpr shape small{
    .layers = 2, .heads = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 2};

batch some_rows(std::size_t rows) { return bigram_backcopy<small>({.seed = 5}).sample(rows); }

void says(testing::verdict const& found, std::string_view words) {
  INFO(found);
  CHECK_FALSE(found);
  CHECK(found.log.find(words) != std::string::npos);
}

struct forgets_to_merge : attention_sink {
  void merge(forgets_to_merge const&) {}
};
struct counts_merges {
  double sequences = 0;
  void operator()(site::embed, view<float const, 2> const&) { ++sequences; }
  void merge(counts_merges const& later) { sequences += later.sequences + 1; }
  void report(probe_row& row) const { row.add("sequences", sequences); }
};
struct perturbs {
  void operator()(site::resid_pre, view<float const, 2> const& x) {
    const_cast<float&>(x(0, 0)) += 1;
  }
  void merge(perturbs const&) {}
  void report(probe_row&) const {}
};

struct louder {
  double backward = 2;
  template <class T>
  void operator()(site::v, view<T, 3>& v) const {
    v *= T{2};
  }
  template <class T>
  void operator()(site::gradient_of<site::v>, view<T, 3>& dv) const {
    dv *= static_cast<T>(backward);
  }
};

std::vector<double> numbers(std::size_t n) {
  std::vector<double> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(0.1 * static_cast<double>(i) - 0.4);
  return out;
}

template <class Net, class... Interventions>
void check_interventions(Interventions const&... edits) {
  auto const net = models::shaken<Net>();
  auto const rows = some_rows(2);
  auto const check = [&](auto const& edit) {
    CHECK(testing::intervention_laws(edit, net, rows, {.samples = 2}));
  };
  (check(edits), ...);
}

} // namespace

TEST_CASE("laws: every probe of the library keeps them") {
  auto const net = models::shaken<transformer<small, softmax>>();
  auto const rows = some_rows(7);
  CHECK(testing::probe_laws(attention_sink{}, net, rows));
  CHECK(testing::probe_laws(value_drain{}, net, rows));
  CHECK(testing::probe_laws(residual_peak{}, net, rows));
  CHECK(testing::probe_laws(sink_logit_gap{}, net, rows));
  CHECK(testing::probe_laws(sink_logit_gap{true}, net, rows));
  CHECK(testing::probe_laws(risk{}, net, rows));
  CHECK(testing::probe_laws(key_mass{}, net, rows));
  CHECK(testing::probe_laws(attention_entropy{}, net, rows));
  CHECK(testing::probe_laws(score_gap{}, net, rows));
  CHECK(testing::probe_laws(massive_activations{}, net, rows));
  CHECK(testing::probe_laws(
      record<site::scores>{}, net, rows,
      [](record<site::scores> const& kept) {
        probe_row row;
        for (float const x : kept.values(1)) row.add("score", static_cast<double>(x));
        return row;
      },
      0));
  CHECK(testing::probe_laws(mean_output{}, net, rows, [](mean_output const& means) {
    probe_row row;
    for (double const x : means.head(1, 1)) row.add("head", x);
    for (double const x : means.attention(0)) row.add("attention", x);
    for (double const x : means.mlp(1)) row.add("mlp", x);
    return row;
  }));
  // With several probes: what a history listens with.
  history log(every{1}, attention_sink{}, risk{});
  log.due(0);
  CHECK(testing::probe_laws(log, net, rows, [](auto heard) {
    heard.close();
    return heard.rows().back();
  }));
}

TEST_CASE("laws: a probe with one mistake is told which") {
  auto const net = models::shaken<transformer<small, softmax>>();
  auto const rows = some_rows(7);
  says(testing::probe_laws(forgets_to_merge{}, net, rows),
       "does merge keep what the other has seen?");
  says(testing::probe_laws(counts_merges{}, net, rows), "merged into an empty probe, sequences");
  says(testing::probe_laws(perturbs{}, net, rows), "the logits change when the probe is attached");
  says(testing::probe_laws(risk{}, net, some_rows(2)), "needs at least three sequences");
}

TEST_CASE("laws: every intervention of the library keeps them") {
  check_interventions<transformer<small, softmax, double>>(
      ablate_head{.layer = 0, .head = 1}, zero_mlp{.layer = 1}, zero_attention{.layer = 1},
      zero_layer{.layer = 0}, silence_value{.layer = 0, .head = 1, .position = 3},
      attend_only_to_bos{.layer = 0, .head = 0}, identity_pattern{.layer = 1},
      clean_pattern{.layer = every_layer}, louder{},
      cap_attention{.layer = every_layer, .most = 0.1},
      replace_head{.layer = 0, .head = 1, .value = numbers(10)},
      replace_attention{.layer = 1, .value = numbers(20)},
      replace_mlp{.layer = 0, .value = numbers(20)},
      replace_layer{.layer = 1, .attention = numbers(20), .mlp = numbers(20)});
}
TEST_CASE("laws: interventions under a gate and post-norm") {
  check_interventions<transformer<small, output_gate<relu>, post_norm, double>>(
      ablate_head{.layer = every_layer, .head = 0}, zero_layer{.layer = 1},
      silence_value{.layer = 1}, clean_pattern{.layer = 0});
}
TEST_CASE("laws: interventions where W_V and W_O are the identity") {
  using net = transformer<small, sink_logit, identity_wv, identity_wo, no_attention_norm, double>;
  check_interventions<net>(ablate_head{.layer = 1, .head = 1}, silence_value{.layer = 0});
}

TEST_CASE("laws: an intervention with the wrong backward is told where") {
  auto const net = models::shaken<transformer<small, softmax, double>>();
  says(testing::intervention_laws(louder{.backward = 1}, net, some_rows(1), {.samples = 1}),
       "gradient of layers.0.attention.wv.weight[");
}
