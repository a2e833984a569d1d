// SPDX-License-Identifier: MIT
// Every site and its mirror: what is heard at gradient_of<Site> is the derivative of the loss by
// what was heard at Site. Sites come in the order of the forward pass, mirrors in reverse.
#include "dormant/dormant.hpp"
#include "dormant/testing/gradient_check.hpp"

#include "catch.hpp"
#include "models.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace dormant;

/// Adds `amount` to one element of a site.
template <class Site>
struct nudge {
  std::size_t layer = 0;
  std::size_t element = 0;
  double amount = 0;
  void operator()(Site at, view<double, Site::rank>& values) const {
    if (at.layer == layer) *(values.begin() + static_cast<std::ptrdiff_t>(element)) += amount;
  }
};

/// What the backward pass says at every mirror, by name and layer, and in which order.
struct mirrors {
  std::map<std::string, std::vector<double>> found;
  std::vector<std::string> order;
  template <class Site, class View>
  void operator()(site::gradient_of<Site> at, View const& values) {
    auto const name = std::string(Site::name) + " " + std::to_string(at.layer);
    found[name].assign(values.begin(), values.end());
    order.push_back(name);
  }
  void merge(mirrors const& later) {
    for (auto const& [name, values] : later.found) found[name] = values;
    order.insert(order.end(), later.order.begin(), later.order.end());
  }
};

struct order_of_sites {
  std::vector<std::string> order;
  template <class Site, class View>
    requires(requires { Site::name; } && !std::same_as<Site, site::value_out>)
  void operator()(Site at, View const&) {
    order.push_back(std::string(Site::name) + " " + std::to_string(at.layer));
  }
  void merge(order_of_sites const& later) {
    order.insert(order.end(), later.order.begin(), later.order.end());
  }
};

template <class Net>
struct checker {
  Net net = models::shaken<Net>();
  batch rows = models::random_tokens(1, 7, Net::shape.vocab);
  mirrors seen;

  checker() { (void)differentiate(net, rows, {.threads = 1}, seen); }

  template <class Site>
  void check(std::size_t layer) {
    auto const name = std::string(Site::name) + " " + std::to_string(layer);
    INFO(name);
    REQUIRE(seen.found.contains(name));
    auto const& gradient = seen.found.at(name);
    detail::batch_pass<typename Net::model> pass({.threads = 1, .shards = 1}, false, net.placed());
    double largest = 0;
    for (std::size_t i = 0; i < gradient.size(); i += 1 + gradient.size() / 5) {
      largest = std::max(largest, std::abs(gradient[i]));
      auto const at = testing::detail::compare_derivative(0, gradient[i], {}, [&](double amount) {
        nudge<Site> const hook{layer, i, amount};
        return pass.evaluate(net.parameters().data(), rows, hook);
      });
      INFO("element " << i << ": expected " << at.expected << ", got " << gradient[i]);
      CHECK(at.agrees);
    }
    CHECK(largest > 0);
  }
  template <class... Site>
  void check_all(std::size_t layer) {
    (check<Site>(layer), ...);
  }
};

} // namespace

TEST_CASE("sites: every mirror is the derivative by its site, pre-norm") {
  checker<transformer<models::odd(2, 4), softmax, double>> c;
  using namespace site;
  c.check_all<tok_embed, pos_embed, embed, resid_pre, norm1, q, k, v, z, attn_out, resid_mid, norm2,
              mlp_pre, mlp_hidden, mlp_out, resid_post>(0);
  c.check_all<final_norm, logits>(1);
}

TEST_CASE("sites: mirrors of scores and pattern are zero above the diagonal") {
  checker<transformer<models::odd(1, 2), relu, double>> c;
  for (auto const* name : {"scores 0", "pattern 0"}) {
    auto const& gradient = c.seen.found.at(name); // [H, 7, 7]
    REQUIRE(gradient.size() == 2 * 7 * 7);
    for (std::size_t q = 0; q < 7; ++q) {
      for (std::size_t k = q + 1; k < 7; ++k) CHECK(gradient[49 + q * 7 + k] == 0);
    }
  }
  // Some of the elements tried lie above the diagonal: writing there changes nothing.
  c.check_all<site::scores, site::pattern>(0);
}

TEST_CASE("sites: every mirror is the derivative by its site, post-norm with a gate") {
  checker<transformer<models::odd(2, 2), output_gate<>, post_norm, double>> c;
  using namespace site;
  c.check_all<resid_pre, q, v, z, attn_out, norm1, resid_mid, mlp_hidden, mlp_out, norm2,
              resid_post>(1);
}

TEST_CASE("sites: they come in the order of the pass, and mirrors in reverse") {
  auto const net = models::shaken<transformer<models::odd(2, 1), softmax, double>>();
  order_of_sites forward;
  mirrors backward;
  (void)differentiate(net, models::random_tokens(1, 7, 11), {.threads = 1}, forward, backward);
  std::vector<std::string> expected{"tok_embed 0", "pos_embed 0", "embed 0"};
  for (auto const* l : {"0", "1"}) {
    for (auto const* name :
         {"resid_pre", "norm1_scale", "norm1", "q", "k", "v", "scores", "pattern", "z", "attn_out",
          "resid_mid", "norm2_scale", "norm2", "mlp_pre", "mlp_hidden", "mlp_out", "resid_post"}) {
      expected.push_back(std::string(name) + " " + l);
    }
  }
  expected.insert(expected.end(), {"final_norm_scale 1", "final_norm 1", "logits 1"});
  CHECK(forward.order == expected);
  // What a norm divides by is made on the side: nothing reads it, so it has no gradient.
  std::erase_if(expected, [](std::string const& s) { return s.find("_scale") != s.npos; });
  std::sort(expected.begin(), expected.end());
  auto mirrored = backward.order;
  CHECK(mirrored.front() == "logits 1");
  CHECK(mirrored.back() == "tok_embed 0");
  std::sort(mirrored.begin(), mirrored.end());
  CHECK(mirrored == expected);
}

TEST_CASE("sites: an absent part is not heard") {
  auto const net =
      models::shaken<transformer<models::odd(2, 1), stack<mlp_block<linear>, block<relu, no_mlp>>,
                                 no_final_norm, double>>();
  order_of_sites forward;
  net.evaluate(models::random_tokens(1, 7, 11), forward);
  CHECK(forward.order ==
        std::vector<std::string>{"tok_embed 0",  "pos_embed 0",   "embed 0",       "resid_pre 0",
                                 "resid_mid 0",  "norm2_scale 0", "norm2 0",       "mlp_out 0",
                                 "resid_post 0", "resid_pre 1",   "norm1_scale 1", "norm1 1",
                                 "q 1",          "k 1",           "v 1",           "scores 1",
                                 "pattern 1",    "z 1",           "attn_out 1",    "resid_mid 1",
                                 "resid_post 1", "logits 1"});
}

namespace {

/// Halves one of the two embeddings, or both.
template <class... Site>
struct halve {
  template <class At>
    requires(std::same_as<At, Site> || ...)
  void operator()(At, view<double, 2>& x) const { x *= 0.5; }
  template <class At>
    requires(std::same_as<At, Site> || ...)
  void operator()(site::gradient_of<At>, view<double, 2>& dx) const { dx *= 0.5; }
};

} // namespace

TEST_CASE("sites: token and position alone are rows of their tables, and sum to embed") {
  auto const net = models::shaken<transformer<models::odd(2, 1), softmax>>();
  auto const rows = models::random_tokens(3, 7, 11);
  record<site::tok_embed> tokens;
  record<site::pos_embed> positions;
  record<site::embed> sum;
  net.evaluate(rows, tokens, positions, sum);
  auto const tok = net.parameter("tok_embeddings.weight"),
             pos = net.parameter("pos_embeddings.weight");
  for (std::size_t b = 0; b < 3; ++b) {
    for (std::size_t t = 0; t < 7; ++t) {
      auto const id = static_cast<std::size_t>(rows.tokens(b)[t]);
      for (std::size_t c = 0; c < tok.shape(1); ++c) {
        CHECK(tokens.values()(b, t, c) == tok(id, c));
        CHECK(positions.values()(b, t, c) == pos(t, c));
        CHECK(sum.values()(b, t, c) == tok(id, c) + pos(t, c));
      }
    }
  }
}

TEST_CASE("sites: listening to the embeddings apart changes no bit") {
  auto const net = models::shaken<transformer<models::odd(2, 1), softmax>>();
  auto const rows = models::random_tokens(3, 7, 11);
  record<site::tok_embed> tokens;
  record<site::gradient_of<site::pos_embed>> positions;
  auto const plain = differentiate(net, rows, {.threads = 1});
  auto const heard = differentiate(net, rows, {.threads = 1}, tokens, positions);
  CHECK(plain.loss == heard.loss);
  CHECK(std::ranges::equal(plain.values.span(), heard.values.span()));
}

TEST_CASE("sites: an edit of one embedding leaves the gradient of the other exact", "[slow]") {
  auto const rows = models::random_tokens(2, 7, 11);
  auto const check = [&]<class Net>(Net const&, auto const&... edits) {
    CHECK(testing::check_gradients(models::shaken<Net>(), rows, {}, edits...));
  };
  transformer<models::odd(2, 2), softmax, double> const learned;
  check(learned, halve<site::tok_embed>{});
  check(learned, halve<site::pos_embed>{});
  check(learned, halve<site::tok_embed, site::pos_embed>{});
  check(learned, halve<site::tok_embed>{}, halve<site::embed>{});
  transformer<models::odd(2, 2), softmax, sincos_positions, tied_output, double> const fixed;
  check(fixed, halve<site::pos_embed>{});
  check(fixed, halve<site::tok_embed>{});
}
