// SPDX-License-Identifier: MIT
// Writes what the library computes, one folder a case, for check_against_torch.py to compare with
// PyTorch: every attention rule and every structure switch.
//   dump_cases FOLDER
#include "case_writer.hpp"

#include <concepts>
#include <cstddef>
#include <string>

namespace dm = dormant;

namespace {

// No multiple of a vector: C 20, D 5 with four heads, F 40, V 11, T 13.
constexpr dm::shape odd(std::size_t layers = 1, std::size_t heads = 1) {
  return {
      .layers = layers, .heads = heads, .width = 20, .vocab = 11, .context = 13, .expansion = 2};
}

template <class Rule>
std::string rule_name() {
  if constexpr (std::same_as<Rule, dm::no_attention>) return "none";
  if constexpr (std::same_as<Rule, dm::output_gate<dm::relu>>) return "gated_relu";
  if constexpr (dm::attention_rule<Rule>) return std::string(Rule::name);
}

template <class Net>
nlohmann::json describe(std::string const& name) {
  using model = typename Net::model;
  nlohmann::json config = {
      {"name", name},
      {"dtype", std::same_as<typename Net::scalar, double> ? "double" : "float"},
      {"vocab", Net::shape.vocab},
      {"width", Net::shape.width},
      {"context", Net::shape.context},
      {"heads", Net::shape.heads},
      {"hidden", Net::shape.hidden()},
      {"post_norm", model::post_norm},
      {"final_norm", model::final_norm},
      {"positions", model::learned_positions ? "learned" : "sincos"},
      {"tied_output", model::tied_output},
      {"frozen", nlohmann::json::array()},
      {"layers", nlohmann::json::array()}};
  for (auto const& t : Net::plan::tensors) {
    if (!t.trained) config["frozen"].push_back(dm::tensor_name(t));
  }
  model::each_layer([&]<class Block>(std::size_t) {
    config["layers"].push_back({{"attention", rule_name<typename Block::attention>()},
                                {"mlp", !Block::has_mlp     ? "none"
                                        : Block::linear_mlp ? "linear"
                                                            : "relu"},
                                {"attention_norm", Block::attention_norm},
                                {"mlp_norm", Block::mlp_norm},
                                {"identity_v", Block::has_attention && !Block::has_wv},
                                {"identity_o", Block::has_attention && !Block::has_wo}});
  });
  return config;
}

/// Writes a model whose parameters are those of seed 3, shaken.
struct model_writer {
  cases::writer const& write;
  template <class Net>
  void operator()(std::string const& name) const {
    write.template operator()<Net::shape.context, Net::shape.vocab>(
        name, cases::shaken(Net({.seed = 3})), describe<Net>(name));
  }
};

template <class T>
void rules(model_writer const& write, std::string const& dtype) {
  write.operator()<dm::transformer<odd(1, 1), dm::softmax, T>>("softmax_" + dtype);
  write.operator()<dm::transformer<odd(2, 4), dm::softmax, T>>("softmax_4_heads_" + dtype);
  write.operator()<dm::transformer<odd(1, 4), dm::relu, T>>("relu_" + dtype);
  write.operator()<dm::transformer<odd(1, 4), dm::sigmoid, T>>("sigmoid_" + dtype);
  write.operator()<dm::transformer<odd(1, 4), dm::softmax_n<>, T>>("softmax_n_" + dtype);
  write.operator()<dm::transformer<odd(1, 4), dm::sink_logit, T>>("sink_logit_" + dtype);
  write.operator()<dm::transformer<odd(1, 4), dm::output_gate<>, T>>("output_gate_" + dtype);
  write.operator()<dm::transformer<odd(1, 4), dm::output_gate<dm::relu>, T>>("gated_relu_" + dtype);
}

void structures(model_writer const& write) {
  using namespace dm;
  constexpr shape one = odd(), two = odd(2), three = odd(3, 2);
  using minimal = stack<mlp_block<>, block<softmax>, mlp_block<>>;
  using mixed = stack<mlp_block<linear>, block<relu, no_mlp>, block<softmax, linear>>;
  write.operator()<transformer<odd(6), softmax, double>>("six_layers");
  write.operator()<transformer<three, minimal, double>>("minimal");
  write.operator()<transformer<three, mixed, double>>("mixed");
  write.operator()<transformer<one, softmax, no_mlp, double>>("no_mlp");
  write.operator()<transformer<one, no_attention, double>>("no_attention");
  write.operator()<transformer<one, softmax, linear, double>>("linear");
  write.operator()<transformer<two, softmax, no_attention_norm, double>>("no_attention_norm");
  write.operator()<transformer<two, softmax, no_mlp_norm, double>>("no_mlp_norm");
  write.operator()<transformer<two, softmax, post_norm, double>>("post_norm");
  write.operator()<transformer<one, softmax, post_norm, no_final_norm, double>>("post_norm_only");
  write.operator()<transformer<one, softmax, no_final_norm, double>>("no_final_norm");
  write.operator()<transformer<one, softmax, tied_output, double>>("tied_output");
  write.operator()<transformer<one, softmax, sincos_positions, double>>("sincos_positions");
  write.operator()<transformer<one, softmax, frozen_embeddings, double>>("frozen_embeddings");
  write.operator()<transformer<one, softmax, frozen_output, double>>("frozen_output");
  write.operator()<transformer<one, softmax, frozen_wv, frozen_wo, double>>("frozen_wv_wo");
  write.operator()<transformer<two, softmax, identity_wv, double>>("identity_wv");
  write.operator()<transformer<two, softmax, identity_wo, double>>("identity_wo");
  write.operator()<transformer<one, softmax, identity_wv, identity_wo, double>>("identity_wv_wo");
  write.operator()<transformer<three, minimal, float>>("minimal_float");
}

} // namespace

int main(int argc, char** argv) {
  return cases::write_into(argc, argv, 5, 0.05, [](cases::writer const& into) {
    model_writer const write{into};
    rules<double>(write, "double");
    rules<float>(write, "float");
    structures(write);
  });
}
