// SPDX-License-Identifier: MIT
// Models of the library become folders of a family and read back with the same bits; those that a
// family cannot express are refused.
#include "dormant/source/save_folder.hpp"
#include "dormant/dormant.hpp"

#include "catch.hpp"
#include "error_of.hpp"
#include "io/scratch.hpp"

using namespace dormant;

namespace {

constexpr shape small{.layers = 2, .heads = 4, .width = 24, .vocab = 11, .context = 9};

batch some_rows() {
  batch rows(3, small.context, nullptr, false);
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    for (std::size_t t = 0; t <= small.context; ++t) {
      rows.tokens(b)[t] = static_cast<token>((3 * b + 5 * t * t) % small.vocab);
    }
  }
  return rows;
}

template <class T>
auto logits(auto const& net) {
  detail::all_logits<T> seen;
  evaluate(net, some_rows(), {}, seen);
  return seen.rows;
}

template <class Family, class Net>
void goes_round(Net const& net) {
  using T = typename Net::scalar;
  scratch::folder const here;
  save_folder<Family>(net, here / "model");
  auto const folder = model_folder::open(here / "model");
  auto const family = Family::read(folder.config());
  CHECK(logits<T>(load<T>(family, folder, small.context)) == logits<T>(net));
  CHECK(logits<T>(pretrained<Family, T>(family, folder)) == logits<T>(net));
  with_family(folder, [](auto const& found) {
    CHECK(std::is_same_v<std::remove_cvref_t<decltype(found)>, Family>);
  });
}

/// A model whose biases and gains are not what they begin with, save those of some tensors.
template <class Net>
Net moved(Net net, std::string_view not_these = "none") {
  random_stream draw(7, stream::parameters, 0, 0);
  for (auto const& t : net.tensors()) {
    if (t.name.view().find(not_these) != std::string_view::npos) continue;
    for (auto& p : net.parameters().subspan(t.offset, t.size())) {
      p += static_cast<typename Net::scalar>(0.1 * draw.normal());
    }
  }
  return net;
}

using llama_block =
    block<residual<rms_norm, attention<softmax, rotary<>>>, residual<rms_norm, gated_mlp<silu>>>;

} // namespace

TEST_CASE("the paper's model becomes GPT-2 with ReLU, and reads back with the same bits",
          "[source]") {
  goes_round<gpt2<relu_unit>>(transformer<small, softmax, double>({.seed = 3}));
  goes_round<gpt2<relu_unit>>(transformer<small, softmax>({.seed = 3}));
  goes_round<gpt2<relu_unit>>(transformer<small, softmax, tied_output>({.seed = 3}));
}

TEST_CASE("a Llama-like model becomes Llama, and reads back with the same bits", "[source]") {
  constexpr shape shared{.layers = 2,
                         .heads = 4,
                         .width = 24,
                         .vocab = 11,
                         .context = 9,
                         .kv_heads = 2,
                         .mlp_width = 40};
  using net = transformer<shared, llama_block, no_positions, last_norm<rms_norm>, double>;
  goes_round<llama>(net({.seed = 3}));
}

TEST_CASE("models of every family go round, biases and all", "[source]") {
  goes_round<llama>(moved(llama::net<float>(sizes(small), {.seed = 1})));
  goes_round<olmo2>(moved(olmo2::net<double>(sizes(small), {.seed = 2}), ".ff."));
  goes_round<gpt_neox<true>>(moved(gpt_neox<true>::net<double>(sizes(small), {.seed = 3})));
  goes_round<gpt_neox<false>>(moved(gpt_neox<false>::net<float>(sizes(small), {.seed = 4})));
  goes_round<gpt2<gelu_tanh>>(moved(gpt2<gelu_tanh>::net<double>(sizes(small), {.seed = 5})));
}

TEST_CASE("numbers beside the sizes go round", "[source]") {
  sizes s(small);
  s.norm_epsilon = 1e-3;
  s.rotary.base = 777;
  s.rotary.scaling = rotary_options::stretch::llama3;
  s.rotary.llama3 = {
      .factor = 4, .low_freq_factor = 1, .high_freq_factor = 2, .original_context = 5};
  goes_round<llama>(llama::net<double>(s, {.seed = 6}));
  s.rotary.scaling = rotary_options::stretch::yarn;
  s.rotary.yarn = {.factor = 2, .original_context = 8, .truncate = false};
  goes_round<olmo2>(olmo2::net<double>(s, {.seed = 6}));
  s.rotary = {};
  s.rotary.dimensions = 2;
  goes_round<gpt_neox<true>>(gpt_neox<true>::net<double>(s, {.seed = 6}));
  s.norm_epsilon = 1e-5; // OLMo 1 has no other
  s.clip = 0.25;
  goes_round<olmo>(
      transformer<at_run_time,
                  block<residual<plain_layer_norm, attention<softmax, clip_qkv<>, rotary<>>>,
                        residual<plain_layer_norm, gated_mlp<silu>>>,
                  no_positions, last_norm<plain_layer_norm>, double>(s, {.seed = 6}));
}

TEST_CASE("a model that a family cannot express is refused, and nothing is written", "[source]") {
  scratch::folder const here;
  auto const refusal = [&]<class Family>(Family, auto const& net) {
    auto const said = error_of([&] { save_folder<Family>(net, here / "model"); });
    CHECK(!std::filesystem::exists(here / "model"));
    return said;
  };
  CHECK(refusal(gpt2<relu_unit>{}, transformer<small, relu>({.seed = 1})) ==
        "this model is no GPT2LMHeadModel: its tensors have the same names, but it computes "
        "something else from them");
  CHECK(refusal(gpt2<relu_unit>{}, transformer<small, softmax, post_norm>({.seed = 1})) ==
        "this model is no GPT2LMHeadModel: its tensors have the same names, but it computes "
        "something else from them");
  CHECK(refusal(gpt2<relu_unit>{}, transformer<small, softmax, no_final_norm>({.seed = 1})) ==
        "this model is no GPT2LMHeadModel: it has no norm.weight");
  sizes other(small);
  other.norm_epsilon = 1e-3;
  CHECK(refusal(olmo{}, olmo::net<double>(other, {.seed = 1})) ==
        "this model is no OlmoForCausalLM: its tensors have the same names, but it computes "
        "something else from them");
  CHECK(refusal(llama{}, transformer<small, softmax>({.seed = 1})) ==
        "this model is no LlamaForCausalLM: it has no layers.0.ff.w3.weight");
  CHECK(refusal(gpt2<relu_unit>{}, transformer<small, softmax, per_head_gate>({.seed = 1})) ==
        "this model is no GPT2LMHeadModel, which has no "
        "layers.0.attention.head_gate.weight");
}
