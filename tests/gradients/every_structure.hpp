// SPDX-License-Identifier: MIT
// Every block structure under one attention rule: gradients against central differences; loss,
// sites and gradients against the reference. One file a rule keeps the compiler's memory small.
#pragma once

#include "dormant/testing/gradient_check.hpp"

#include "catch.hpp"
#include "models.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace gradients {

using namespace dormant;

/// What the library computed, without the types: comparing is compiled once.
template <class T>
struct computed {
  std::span<tensor_spec const> tensors;
  std::span<T const> gradient;
  double loss = 0;
  reference::tensors sites;
};

/// Loss, every site and every gradient against the reference; errors are relative to the tensor's
/// largest value.
template <class T>
testing::verdict compare(reference::result const& expected, computed<T> const& got,
                         double tolerance) {
  testing::verdict found;
  auto const check = [&](std::string const& what, std::vector<double> const& e, auto const& g) {
    double const off = models::worst(e, g);
    found.expect(off <= tolerance, what, " is off by ", off, " of its largest value");
  };
  check("loss", {expected.loss}, std::vector{got.loss});
  found.expect(got.sites.size() == expected.sites.size(), "expected ", expected.sites.size(),
               " sites, got ", got.sites.size());
  for (auto const& [name, values] : got.sites) check(name, expected.sites.at(name), values);
  for (auto const& t : got.tensors) {
    auto const values = got.gradient.subspan(t.offset, t.size());
    auto const name = tensor_name(t);
    if (t.trained) {
      check("gradient of " + name, expected.gradients.at(name), values);
    } else {
      found.expect(std::ranges::all_of(values, [](T x) { return x == T{0}; }), name,
                   " is frozen, but has a gradient");
    }
  }
  return found;
}

/// \tparam Sites whether sites are compared too
template <bool Sites, class Net>
testing::verdict agrees_with_reference(Net const& net, batch const& rows, double tolerance) {
  using T = typename Net::scalar;
  // Not through evaluate(), whose risks would be one more pass to compile for each of the models.
  detail::batch_pass<typename Net::model> pass({.threads = 1, .shards = 2}, true, net.placed());
  double const loss = pass.differentiate(net.parameters().data(), rows);
  auto expected = models::reference_run(net, rows);
  models::all_sites<T> sites;
  double evaluated = 0;
  if constexpr (Sites) {
    evaluated = pass.evaluate(net.parameters().data(), rows, sites);
  } else {
    evaluated = pass.evaluate(net.parameters().data(), rows);
    expected.sites.clear();
  }
  auto found = compare<T>(expected, {Net::plan::tensors, pass.gradient().span(), loss, sites.found},
                          tolerance);
  found.expect(loss == evaluated, "the loss is ", loss, " in training and ", evaluated,
               " in evaluation");
  return found;
}

/// Double precision holds 16 digits; sums of up to a thousand terms cost a few.
template <bool Sites = false>
struct check_everything {
  template <class Net>
  void operator()(char const* structure) const {
    auto const net = models::shaken<Net>();
    std::size_t const T = Net::shape.context, V = Net::shape.vocab;
    auto found = agrees_with_reference<Sites>(net, models::random_tokens(2, T, V), 1e-11);
    // Sequences shorter than the context.
    found += testing::check_gradients(net, models::random_tokens(1, 9, V), {.samples = 3});
    say(structure, Net::shape.heads, found);
  }
  static void say(char const* structure, std::size_t heads, testing::verdict const& found) {
    INFO(structure << ", " << heads << " heads");
    CHECK(found);
  }
};

/// Every switch in as few models as will hold them: layers that differ, and switches of the whole
/// model that do not meet. Each model costs the compiler half a second.
template <class Rule, std::size_t Heads, class T, class F>
void packed_structures(F const& f) {
  constexpr shape one = models::odd(1, Heads), two = models::odd(2, Heads),
                  three = models::odd(3, Heads), six = models::odd(6, Heads);
  // clang-format off
  f.template operator()<transformer<one, Rule, T>>("plain");
  f.template operator()<transformer<six, Rule, T>>("six layers");
  f.template operator()<transformer<three, stack<mlp_block<>, block<Rule>, mlp_block<>>, T>>("MLP | attention + MLP | MLP");
  f.template operator()<transformer<three, stack<mlp_block<>, block<Rule, no_mlp>, mlp_block<linear>>, T, no_final_norm>>("MLP | attention | linear MLP, no final norm");
  f.template operator()<transformer<three, stack<block<Rule, linear>, block<Rule, no_mlp>, block<Rule>>, T, sincos_positions>>("linear MLP | no MLP | both, sin/cos positions");
  f.template operator()<transformer<three, stack<block<Rule, no_attention_norm>, block<Rule, no_mlp_norm>, block<Rule, no_attention_norm, no_mlp_norm>>, T, tied_output>>("norms missing, tied output");
  f.template operator()<transformer<three, stack<block<Rule, identity_wv>, block<Rule, identity_wo>, block<Rule, identity_wv, identity_wo>>, T, frozen_position_embeddings>>("identity W_V | W_O | both, frozen positions");
  f.template operator()<transformer<three, stack<block<Rule, frozen_wv>, block<Rule, frozen_wo>, block<Rule, frozen_wv, frozen_wo>>, T, frozen_token_embeddings>>("frozen W_V | W_O | both, frozen token embeddings");
  f.template operator()<transformer<two, Rule, T, post_norm, frozen_output>>("post-norm, frozen output");
  f.template operator()<transformer<two, stack<block<Rule, no_attention_norm>, block<Rule, no_mlp_norm, linear>>, T, post_norm, tied_output, frozen_embeddings>>("post-norm with norms missing, tied and frozen embeddings");
  // clang-format on
}

/// The structures that are compared site by site under every rule.
template <class Rule, std::size_t Heads, class T, class F>
void few_structures(F const& f) {
  f.template operator()<transformer<models::odd(1, Heads), Rule, T>>("plain");
  f.template operator()<transformer<models::odd(2, Heads), Rule, T, post_norm>>("post-norm");
}

/// Every structure by itself.
template <class Rule, std::size_t Heads, class T, class F>
void every_structure(F const& f) {
  constexpr shape one = models::odd(1, Heads), two = models::odd(2, Heads),
                  three = models::odd(3, Heads), six = models::odd(6, Heads);
  // clang-format off
  f.template operator()<transformer<one, Rule, T>>("plain");
  f.template operator()<transformer<two, Rule, T>>("two layers");
  f.template operator()<transformer<three, Rule, T>>("three layers");
  f.template operator()<transformer<six, Rule, T>>("six layers");
  f.template operator()<transformer<three, stack<mlp_block<>, block<Rule>, mlp_block<>>, T>>("MLP | attention + MLP | MLP");
  f.template operator()<transformer<three, stack<mlp_block<>, block<Rule>, mlp_block<linear>>, T>>("MLP | attention + MLP | linear MLP");
  f.template operator()<transformer<one, Rule, T, no_mlp>>("no MLP");
  f.template operator()<transformer<one, Rule, T, linear>>("linear MLP");
  f.template operator()<transformer<one, Rule, T, no_attention_norm>>("no norm before attention");
  f.template operator()<transformer<one, Rule, T, no_mlp_norm>>("no norm before the MLP");
  f.template operator()<transformer<one, Rule, T, no_attention_norm, no_mlp_norm>>("no norm before branches");
  f.template operator()<transformer<two, Rule, T, post_norm>>("post-norm");
  f.template operator()<transformer<two, stack<block<Rule, no_attention_norm>, block<Rule, no_mlp_norm, linear>>, post_norm, T>>("post-norm, one norm in each layer");
  f.template operator()<transformer<one, Rule, T, no_final_norm>>("no final norm");
  f.template operator()<transformer<one, Rule, T, tied_output>>("tied output");
  f.template operator()<transformer<one, Rule, T, sincos_positions>>("sin/cos positions");
  f.template operator()<transformer<one, Rule, T, frozen_embeddings>>("frozen embeddings");
  f.template operator()<transformer<one, Rule, T, frozen_token_embeddings>>("frozen token embeddings");
  f.template operator()<transformer<one, Rule, T, frozen_position_embeddings>>("frozen position embeddings");
  f.template operator()<transformer<one, Rule, T, frozen_output>>("frozen output");
  f.template operator()<transformer<one, Rule, T, tied_output, frozen_embeddings>>("tied output, frozen embeddings");
  f.template operator()<transformer<one, Rule, T, identity_wv>>("identity W_V");
  f.template operator()<transformer<one, Rule, T, identity_wo>>("identity W_O");
  f.template operator()<transformer<one, Rule, T, identity_wv, identity_wo>>("identity W_V and W_O");
  f.template operator()<transformer<one, Rule, T, frozen_wv>>("frozen W_V");
  f.template operator()<transformer<one, Rule, T, frozen_wo>>("frozen W_O");
  f.template operator()<transformer<one, Rule, T, frozen_wv, frozen_wo>>("frozen W_V and W_O");
  // clang-format on
}

} // namespace gradients
