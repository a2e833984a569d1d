// SPDX-License-Identifier: MIT
// merged_projections and factored_embedding: loss, every gradient and every site that can be read
// are those of the plain model, up to rounding.
#include "dormant/fast/bf16.hpp"
#include "dormant/fast/factored_embedding.hpp"
#include "dormant/fast/merged_projections.hpp"
#include "dormant/optimizer/adamw.hpp"
#include "dormant/part/attention/forgetting.hpp"
#include "dormant/part/attention/per_head_gate.hpp"
#include "dormant/part/attention/qk_norm.hpp"
#include "dormant/part/attention/value_gate.hpp"
#include "dormant/probe/record.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/train.hpp"

#include "catch.hpp"
#include "models.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

namespace {

using namespace dormant;

// Double precision; sums of some hundred terms in another order.
constexpr double tolerance = 1e-13;

template <shape Shape, class... Parts>
struct plain {
  template <class... Algebra>
  static void is_the_same_as() {
    using net = transformer<Shape, Parts..., double>;
    auto const rows = models::random_tokens(5, 11, 11); // shorter than the context
    auto const expected = differentiate(models::shaken<net>(), rows, {.threads = 2});
    auto const found = differentiate(
        models::shaken<transformer<Shape, Parts..., Algebra..., double>>(), rows, {.threads = 2});
    CHECK(found.loss == Approx(expected.loss).epsilon(tolerance));
    for (auto const& t : net::plan::tensors) {
      double error = 0;
      double size = 0;
      for (std::size_t i = t.offset; i < t.offset + t.size(); ++i) {
        error += std::pow(found.values.span()[i] - expected.values.span()[i], 2);
        size += std::pow(expected.values.span()[i], 2);
      }
      INFO(tensor_name(t) << ": error " << std::sqrt(error) << ", size " << std::sqrt(size));
      CHECK(error <= tolerance * tolerance * size);
    }
  }
};

constexpr shape one = models::odd(1);
constexpr shape three = models::odd(3);

template <class Site, class... Algebra>
void shows_the_same() {
  auto const rows = models::random_tokens(3, 13, 11);
  record<Site, double> expected;
  models::shaken<transformer<three, softmax, double>>().evaluate(rows, expected);
  record<Site, double> found;
  models::shaken<transformer<three, softmax, Algebra..., double>>().evaluate(rows, found);
  for (std::size_t l = 0; l < 3; ++l) {
    auto const& a = expected.values(l);
    auto const& b = found.values(l);
    INFO(Site::name << " of layer " << l);
    REQUIRE(a.shape() == b.shape());
    CHECK(xt::allclose(a, b, 1e-11, 1e-11));
  }
}

} // namespace

TEST_CASE("exact algebra: merged projections") {
  plain<one, softmax>::is_the_same_as<merged_projections>();
  plain<three, relu, post_norm>::is_the_same_as<merged_projections>();
  plain<one, sink_logit, no_attention_norm, frozen_wo>::is_the_same_as<merged_projections>();
}

TEST_CASE("exact algebra: a factored embedding") {
  plain<one, softmax>::is_the_same_as<factored_embedding>();
  plain<models::odd(2, 4), sigmoid, no_mlp_norm>::is_the_same_as<factored_embedding>();
  plain<one, softmax, identity_wv, identity_wo>::is_the_same_as<factored_embedding>();
  plain<one, softmax, frozen_wv, frozen_embeddings>::is_the_same_as<factored_embedding>();
}

TEST_CASE(
    "exact algebra: a factored embedding, beside steps that read the input of the branch too") {
  plain<models::odd(2, 4), softmax, per_head_gate>::is_the_same_as<factored_embedding>();
  plain<one, softmax, value_gate, qk_norm>::is_the_same_as<factored_embedding>();
  plain<one, forgetting<>>::is_the_same_as<factored_embedding>();
}

TEST_CASE("exact algebra: both at once") {
  plain<one, softmax>::is_the_same_as<merged_projections, factored_embedding>();
  plain<three, sink_logit, tied_output>::is_the_same_as<merged_projections, factored_embedding>();
  plain<one, softmax, sincos_positions, frozen_wv>::is_the_same_as<merged_projections,
                                                                   factored_embedding>();
}

TEST_CASE("exact algebra: sites that it goes around are shown all the same") {
  shows_the_same<site::q, merged_projections>();
  shows_the_same<site::k, merged_projections>();
  shows_the_same<site::v, merged_projections, factored_embedding>();
  shows_the_same<site::z, merged_projections>();
  shows_the_same<site::q, factored_embedding>();
  shows_the_same<site::value_out, merged_projections>();
  shows_the_same<site::norm1, merged_projections, factored_embedding>();
  shows_the_same<site::resid_post, merged_projections, factored_embedding>();
}

TEST_CASE("exact algebra: the bits do not depend on the number of threads") {
  static constexpr shape s{.layers = 2, .heads = 1, .width = 20, .vocab = 67, .context = 13};
  auto const after = [](std::size_t threads) {
    transformer<s, softmax, merged_projections, factored_embedding> net({.seed = 1});
    train(net, bigram_backcopy<s>({.seed = 1}), adamw{},
          {.steps = 5, .batch = 9, .threads = threads});
    auto const p = net.parameters();
    return std::vector<float>(p.begin(), p.end());
  };
  auto const alone = after(1);
  CHECK(after(2) == alone);
  CHECK(after(3) == alone);
}
