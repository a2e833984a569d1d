// SPDX-License-Identifier: MIT
// What a list of words means: parameters, layouts and sites of a structure. Compiling is passing.
#include "dormant/model/transformer.hpp"
#include "dormant/rule/output_gate.hpp"
#include "dormant/rule/relu.hpp"
#include "dormant/rule/sink_logit.hpp"

#include "catch.hpp"

#include <concepts>
#include <cstddef>
#include <string_view>

namespace static_tests {

using namespace dormant;

template <shape Shape, class... Parts>
using plan = layout<structure<Shape, Parts...>>;

// The paper's models (arXiv 2410.13835): vocabulary 67, width 256, context 256.
constexpr shape paper{}, three_layers{.layers = 3};
static_assert(plan<paper, softmax>::parameters == 887'808);
static_assert(plan<three_layers, softmax>::parameters == 2'462'720);

// An absent part has no parameters. C = 256, F = 1024.
constexpr std::size_t all = plan<paper, softmax>::parameters;
constexpr std::size_t C = 256, F = 1024, V = 67, T = 256;
static_assert(plan<paper, relu>::parameters == all);
static_assert(plan<paper, softmax, no_mlp>::parameters == all - 2 * C * F - 2 * C);
static_assert(plan<paper, softmax, linear>::parameters == all - 2 * C * F + C * C);
static_assert(plan<paper, no_attention>::parameters == all - 4 * C * C - 2 * C);
static_assert(plan<paper, softmax, no_attention_norm>::parameters == all - 2 * C);
static_assert(plan<paper, softmax, no_mlp_norm>::parameters == all - 2 * C);
static_assert(plan<paper, softmax, no_final_norm>::parameters == all - 2 * C);
static_assert(plan<paper, softmax, tied_output>::parameters == all - V * C);
static_assert(plan<paper, softmax, sincos_positions>::parameters == all - T * C);
static_assert(plan<paper, softmax, identity_wv>::parameters == all - C * C);
static_assert(plan<paper, softmax, identity_wv, identity_wo>::parameters == all - 2 * C * C);
static_assert(plan<paper, softmax, post_norm>::parameters == all);
static_assert(plan<paper, softmax, frozen_embeddings, frozen_wv>::parameters == all);
static_assert(plan<paper, sink_logit>::parameters == all + 1);
static_assert(plan<shape{.heads = 4}, sink_logit>::parameters == all + 4);
static_assert(plan<paper, output_gate<>>::parameters == all + C * C);
static_assert(
    plan<three_layers, stack<mlp_block<>, block<softmax>, mlp_block<linear>>>::parameters ==
    plan<three_layers, softmax>::parameters - 2 * (4 * C * C + 2 * C) - 2 * C * F + C * C);

// Tensors start on 64-byte lines, in double as in float, and do not overlap.
template <class Plan, class Scalar>
constexpr bool well_laid() {
  std::size_t end = 0;
  for (auto const& t : Plan::tensors) {
    if (t.offset < end || t.offset % (64 / sizeof(Scalar)) != 0) return false;
    end = t.offset + t.size();
  }
  return end <= Plan::size;
}
constexpr shape odd{.layers = 2, .heads = 4, .width = 20, .vocab = 11, .context = 13};
static_assert(well_laid<plan<odd, sink_logit>, float>());
static_assert(well_laid<plan<odd, sink_logit, double>, double>());

// What is trained.
template <class Plan>
constexpr bool trains(std::string_view name) {
  for (auto const& t : Plan::tensors) {
    if (t.name.view() == name) return t.trained;
  }
  return false;
}
constexpr std::string_view tokens = "tok_embeddings.weight", positions = "pos_embeddings.weight";
constexpr std::string_view wv = "layers.0.attention.wv.weight", wo = "layers.0.attention.wo.weight";
static_assert(trains<plan<paper, softmax>>("output.weight"));
static_assert(!trains<plan<paper, softmax, frozen_output>>("output.weight"));
static_assert(!trains<plan<paper, softmax, frozen_embeddings>>(tokens));
static_assert(!trains<plan<paper, softmax, frozen_embeddings>>(positions));
static_assert(trains<plan<paper, softmax, frozen_token_embeddings>>(positions));
static_assert(!trains<plan<paper, softmax, frozen_wv>>(wv));
static_assert(trains<plan<paper, softmax, frozen_wv>>(wo));

// Switches may come in any order, and say what they mean.
using one = structure<paper, post_norm, double, relu, no_mlp>;
static_assert(std::same_as<one::scalar, double> && one::post_norm && one::final_norm);
static_assert(std::same_as<one::block_at<0>::attention, relu> && !one::block_at<0>::has_mlp);
static_assert(std::same_as<structure<paper>::block_at<0>::attention, softmax>,
              "softmax by default");
static_assert(std::same_as<structure<paper, on<xsimd::sse2>>::arch, xsimd::sse2>);
static_assert(std::same_as<structure<paper>::arch, xsimd::default_arch>);
static_assert(!structure<paper, no_attention>::block_at<0>::has_attention);

} // namespace static_tests

TEST_CASE("static: structures have the parameters they should") {
  CHECK(dormant::tensor_name(
            static_tests::plan<static_tests::paper, dormant::softmax>::tensors.back()) ==
        "output.weight");
}
