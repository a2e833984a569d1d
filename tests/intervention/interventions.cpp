// SPDX-License-Identifier: MIT
// What each intervention does to the pass, what it leaves alone, and what it refuses
// (arXiv 2410.13835, section 3).
#include "dormant/dormant.hpp"
#include "dormant/intervention/replace.hpp"
#include "dormant/probe/mean_output.hpp"

#include "catch.hpp"
#include "error_of.hpp"
#include "models.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace {

using namespace dormant;

constexpr shape small{
    .layers = 2, .heads = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 2};
constexpr std::size_t T = small.context, D = small.head_width(), B = 4;

struct fixture {
  bigram_backcopy<small> task{{.seed = 5}};
  transformer<small, softmax> net = models::shaken<transformer<small, softmax>>();
  batch rows = task.sample(B);

  /// What a site holds with the given hooks before it.
  template <class Site, class... Hooks>
  auto kept(std::size_t layer, Hooks const&... hooks) const {
    record<Site> seen;
    net.evaluate(rows, hooks..., seen);
    return seen.values(layer);
  }
  template <class... Hooks>
  double loss(Hooks const&... hooks) const {
    return net.evaluate(rows, hooks...).loss;
  }
};

template <class Tensor>
bool same(Tensor const& a, Tensor const& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

} // namespace

TEST_CASE_METHOD(fixture, "intervention: an ablated head is zero, the other is not touched") {
  auto const before = kept<site::z>(1);
  auto const after = kept<site::z>(1, ablate_head{.layer = 1, .head = 0}); // [B, T, H, D]
  for (std::size_t t = 0; t < T; ++t) {
    for (std::size_t d = 0; d < D; ++d) {
      CHECK(after(2, t, 0, d) == 0);
      CHECK(after(2, t, 1, d) == before(2, t, 1, d));
    }
  }
  CHECK(same(kept<site::z>(0, ablate_head{.layer = 1, .head = 0}), kept<site::z>(0)));
  CHECK(loss(ablate_head{.layer = 1, .head = 0}) != loss());
}

TEST_CASE_METHOD(fixture, "intervention: without its heads a layer's attention says nothing") {
  auto const out = kept<site::attn_out>(0, ablate_head{.layer = 0, .head = every_head});
  for (float const x : out) CHECK(x == 0);
  CHECK(same(kept<site::resid_mid>(0, ablate_head{.layer = 0, .head = every_head}),
             kept<site::resid_pre>(0)));
  auto const second =
      kept<site::attn_out>(1, ablate_head{.layer = every_layer, .head = every_head});
  for (float const x : second) CHECK(x == 0);
}

TEST_CASE_METHOD(fixture, "intervention: a silent MLP adds nothing") {
  CHECK(same(kept<site::resid_mid>(0, zero_attention{.layer = 0}), kept<site::resid_pre>(0)));
  CHECK(same(kept<site::resid_post>(0, zero_mlp{.layer = 0}), kept<site::resid_mid>(0)));
  CHECK(same(kept<site::resid_mid>(0, zero_mlp{.layer = 0}), kept<site::resid_mid>(0)));
}

TEST_CASE_METHOD(fixture, "intervention: the residual stream passes a zeroed layer unchanged") {
  CHECK(same(kept<site::resid_post>(0, zero_layer{.layer = 0}), kept<site::resid_pre>(0)));
  CHECK(same(kept<site::resid_post>(1, zero_layer{.layer = every_layer}), kept<site::embed>(0)));
}

TEST_CASE_METHOD(fixture, "intervention: outputs become their means, and others are not touched") {
  mean_output means;
  net.evaluate(rows, means);
  auto const mean_of = [&](auto const& out, std::size_t channel) { // [B, T, C]
    double sum = 0;
    for (std::size_t b = 0; b < B; ++b) {
      for (std::size_t t = 0; t < T; ++t) sum += static_cast<double>(out(b, t, channel));
    }
    return static_cast<float>(sum / (B * T));
  };
  auto const head = means.head(1, 0), attention = means.attention(1), mlp = means.mlp(0);
  auto const z = kept<site::z>(1);
  auto const z_then = kept<site::z>(1, replace_head{.layer = 1, .head = 0, .value = head});
  auto const out = kept<site::attn_out>(1);
  auto const out_then = kept<site::attn_out>(1, replace_attention{.layer = 1, .value = attention});
  auto const hidden = kept<site::mlp_out>(0);
  auto const hidden_then = kept<site::mlp_out>(0, replace_mlp{.layer = 0, .value = mlp});
  for (std::size_t t = 0; t < T; ++t) {
    CHECK(z_then(2, t, 0, 3) == static_cast<float>(head[3]));
    CHECK(z_then(2, t, 1, 3) == z(2, t, 1, 3));
    CHECK(out_then(1, t, 7) == Approx(mean_of(out, 7)).epsilon(1e-5));
    CHECK(hidden_then(3, t, 19) == Approx(mean_of(hidden, 19)).epsilon(1e-5));
  }
  CHECK(same(kept<site::attn_out>(0, replace_attention{.layer = 1, .value = attention}),
             kept<site::attn_out>(0)));
  // A layer is both of its branches, and one whose means are zero adds nothing.
  CHECK(loss(replace_layer{.layer = 1, .attention = attention, .mlp = means.mlp(1)}) ==
        loss(replace_attention{.layer = 1, .value = attention},
             replace_mlp{.layer = 1, .value = means.mlp(1)}));
  std::vector<double> const zeros(small.width);
  CHECK(loss(replace_layer{.layer = 0, .attention = zeros, .mlp = zeros}) ==
        loss(zero_layer{.layer = 0}));
  CHECK(means.head(2, 0).empty());
  CHECK(means.head(1, 2).empty());
  CHECK(means.mlp(2).empty());
}

TEST_CASE_METHOD(fixture, "intervention: fixed patterns are what they are called") {
  auto const bos = kept<site::pattern>(1, attend_only_to_bos{.layer = 1, .head = 1});
  auto const own = kept<site::pattern>(1, identity_pattern{.layer = 1});
  auto const clean = kept<site::pattern>(1, clean_pattern{.layer = every_layer});
  auto const plain = kept<site::pattern>(1);
  std::size_t triggers = 0;
  for (std::size_t b = 0; b < B; ++b) {
    for (std::size_t q = 0; q < T; ++q) {
      bool const trigger = rows.laws(b)[q].trigger;
      triggers += trigger ? 1 : 0;
      for (std::size_t k = 0; k < T; ++k) {
        CHECK(bos(b, 1, q, k) == (k == 0 ? 1.F : 0.F));
        CHECK(bos(b, 0, q, k) == plain(b, 0, q, k));
        CHECK(own(b, 0, q, k) == (k == q ? 1.F : 0.F));
        CHECK(clean(b, 0, q, k) == (k == (trigger ? q - 1 : 0) ? 1.F : 0.F));
      }
    }
  }
  CHECK(triggers > 0);
}

TEST_CASE_METHOD(fixture, "intervention: a head that attends to itself alone hands on its values") {
  auto const z = kept<site::z>(0, identity_pattern{.layer = 0});
  auto const v = kept<site::v>(0);
  for (std::size_t t = 0; t < T; ++t) CHECK(z(1, t, 1, 3) == Approx(v(1, t, 1, 3)));
}

TEST_CASE_METHOD(fixture, "intervention: a silenced value is zero at one position only") {
  auto const v = kept<site::v>(1, silence_value{.layer = 1, .head = 0});
  auto const third = kept<site::v>(1, silence_value{.layer = 1, .position = 3});
  auto const plain = kept<site::v>(1);
  for (std::size_t t = 0; t < T; ++t) {
    CHECK(v(0, t, 0, 2) == (t == 0 ? 0.F : plain(0, t, 0, 2)));
    CHECK(v(0, t, 1, 2) == plain(0, t, 1, 2));
    CHECK(third(0, t, 1, 2) == (t == 3 ? 0.F : plain(0, t, 1, 2)));
  }
  // A position that a sequence does not reach is nothing to silence.
  CHECK(loss(silence_value{.layer = 1, .position = T}) == loss());
}

TEST_CASE_METHOD(fixture, "intervention: a probe sees what the interventions before it left") {
  record<site::z> before, after;
  net.evaluate(rows, before, ablate_head{.layer = 0, .head = 0}, after);
  CHECK(before.values(0)(0, 1, 0, 0) != 0);
  CHECK(after.values(0)(0, 1, 0, 0) == 0);
}

TEST_CASE_METHOD(fixture, "intervention: one that changes nothing changes no bit") {
  struct idle {
    void operator()(site::resid_mid, view<float, 2>&) const {}
    void operator()(site::pattern, view<float, 3>&) const {}
    void operator()(site::mlp_hidden, view<float, 2>&) const {}
    void operator()(site::gradient_of<site::resid_mid>, view<float, 2>&) const {}
    void operator()(site::gradient_of<site::pattern>, view<float, 3>&) const {}
    void operator()(site::gradient_of<site::mlp_hidden>, view<float, 2>&) const {}
  };
  CHECK(loss(idle{}) == loss());
  auto const plain = differentiate(net, rows, {.threads = 1});
  auto const edited = differentiate(net, rows, {.threads = 1}, idle{});
  CHECK(std::equal(plain.values.span().begin(), plain.values.span().end(),
                   edited.values.span().begin()));
}

TEST_CASE_METHOD(fixture, "intervention: dormant and active are told apart by risks") {
  // A trained head would be missed on triggers only; here it is enough that both risks are told.
  auto const before = net.evaluate(rows);
  auto const after = net.evaluate(rows, ablate_head{.layer = 0, .head = 0});
  CHECK(after.bigram_risk != before.bigram_risk);
  CHECK(after.backcopy_risk != before.backcopy_risk);
}

TEST_CASE_METHOD(fixture, "intervention: layers and heads that do not exist are sentences") {
  auto const say = [&](auto hook) { return error_of([&] { net.evaluate(rows, hook); }); };
  CHECK(say(ablate_head{.layer = 2, .head = 0}) ==
        "ablate_head: the model has no layer 2; it has 2, counted from 0");
  CHECK(say(ablate_head{.layer = 0, .head = 2}) ==
        "ablate_head: the model has no head 2; each layer has 2, counted from 0");
  CHECK(say(zero_mlp{.layer = 5}) ==
        "zero_mlp: the model has no layer 5; it has 2, counted from 0");
  CHECK(say(zero_layer{.layer = 5}).find("zero_layer: the model has no layer 5") == 0);
  CHECK(say(silence_value{.layer = 0, .head = 9}).find("silence_value: the model has no head 9") ==
        0);
  CHECK(say(clean_pattern{.layer = 3}).find("clean_pattern: the model has no layer 3") == 0);
  CHECK(say(attend_only_to_bos{.layer = 3}).find("attend_only_to_bos: ") == 0);
  CHECK(say(identity_pattern{.head = 3}).find("identity_pattern: the model has no head 3") == 0);
  std::vector<double> const ten(10), twenty(20);
  CHECK(say(replace_head{.layer = 0, .head = 2, .value = ten}) ==
        "replace_head: the model has no head 2; each layer has 2, counted from 0");
  CHECK(say(replace_head{.layer = 0, .head = every_head, .value = ten}) ==
        "replace_head: its value is that of one layer and head, not of every one");
  CHECK(say(replace_head{.layer = 0, .head = 1, .value = twenty}) ==
        "replace_head: the value has 20 numbers, expected 10");
  CHECK(say(replace_attention{.layer = 2, .value = twenty}) ==
        "replace_attention: the model has no layer 2; it has 2, counted from 0");
  CHECK(say(replace_mlp{.layer = every_layer, .value = twenty}) ==
        "replace_mlp: its value is that of one layer and head, not of every one");
  CHECK(say(replace_layer{.layer = 0, .attention = twenty, .mlp = {}}) ==
        "replace_layer: the value has 0 numbers, expected 20");
  CHECK(error_of([&] {
          auto copy = net;
          train(copy, task, sgd{}, {.steps = 1, .batch = 2}, ablate_head{.layer = 7});
        }).find("ablate_head: the model has no layer 7") == 0);
}

TEST_CASE("intervention: a layer without the branch is a sentence") {
  constexpr shape three{.layers = 3, .heads = 1, .width = 8, .vocab = 67, .context = 9};
  transformer<three, stack<mlp_block<>, block<softmax, no_mlp>, mlp_block<linear>>> const net;
  auto const rows = bigram_backcopy<three>().sample(2);
  CHECK(error_of([&] { net.evaluate(rows, ablate_head{.layer = 0}); }) ==
        "ablate_head: layer 0 has no attention");
  CHECK(error_of([&] { net.evaluate(rows, zero_mlp{.layer = 1}); }) ==
        "zero_mlp: layer 1 has no MLP");
  CHECK(error_of([&] { net.evaluate(rows, zero_layer{.layer = 1}); }).empty());
}
