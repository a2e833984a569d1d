// SPDX-License-Identifier: MIT
// Writes what the library computes, one folder a case, for check_against_torch.py to compare with
// PyTorch: every attention rule and every structure switch.
//   dump_cases FOLDER
#include <dormant/checkpoint.hpp>
#include <dormant/dormant.hpp>
#include <dormant/io/atomic_file.hpp>
#include <dormant/io/npy.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstdio>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace dm = dormant;

namespace {

constexpr std::size_t steps = 5;
constexpr std::size_t sequences = 3;

// No multiple of a vector: C 20, D 5 with four heads, F 40, V 11, T 13.
constexpr dm::shape odd(std::size_t layers = 1, std::size_t heads = 1) {
  return {
      .layers = layers, .heads = heads, .width = 20, .vocab = 11, .context = 13, .expansion = 2};
}

/// The same sequences in every step and on every stream.
template <dm::shape Shape>
struct fixed_batch {
  static constexpr std::size_t context = Shape.context;

  void sample_row(dm::stream, std::uint64_t, std::uint64_t row, std::span<dm::token> tokens,
                  std::span<dm::next_token_law>) const {
    dm::random_stream draw(7, dm::stream::user, 0, row);
    for (auto& id : tokens) id = static_cast<dm::token>(draw.below(Shape.vocab));
  }
  [[nodiscard]] dm::batch sample(std::size_t rows) const {
    dm::batch out(rows, context, nullptr, false);
    for (std::size_t b = 0; b < rows; ++b) {
      sample_row(dm::stream::user, 0, b, out.tokens(b), {});
    }
    return out;
  }
  [[nodiscard]] std::shared_ptr<dm::law_table const> table() const { return nullptr; }
};

template <class Rule>
std::string rule_name() {
  if constexpr (std::same_as<Rule, dm::no_attention>) return "none";
  if constexpr (std::same_as<Rule, dm::output_gate<dm::relu>>) return "gated_relu";
  if constexpr (dm::attention_nonlinearity<Rule>) return std::string(Rule::name);
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

class writer {
public:
  explicit writer(std::filesystem::path folder) : folder_(std::move(folder)) {}

  template <class Net>
  void operator()(std::string const& name) const {
    using T = typename Net::scalar;
    auto const folder = folder_ / name;
    std::filesystem::create_directories(folder);

    Net const start = shaken<Net>();
    fixed_batch<Net::shape> const task;
    auto const rows = task.sample(sequences);
    dm::save_checkpoint(folder / "checkpoint.safetensors", start);

    std::vector<dm::token> tokens;
    for (std::size_t b = 0; b < sequences; ++b) {
      tokens.insert(tokens.end(), rows.tokens(b).begin(), rows.tokens(b).end());
    }
    std::vector<std::size_t> const extents{sequences, rows.context() + 1};
    dm::write_npy<dm::token>(folder / "tokens.npy", extents, tokens);

    dm::record<dm::site::logits, T> kept;
    start.evaluate(rows, kept);
    auto const logits = kept.values(Net::shape.layers - 1);
    std::vector<std::size_t> const shape(logits.shape().begin(), logits.shape().end());
    dm::write_npy<T>(folder / "logits.npy", shape,
                     std::span<T const>(logits.data(), logits.size()));

    auto const gradient = dm::differentiate(start, rows, {});
    dm::write_file_atomically(folder / "loss.txt", number(gradient.loss) + "\n");
    std::vector<dm::tensor_ref> trained;
    dm::detail::append_tensors<T>(trained, "", start.tensors(), gradient.values.span());
    auto config = describe<Net>(name);
    std::erase_if(trained, [&](dm::tensor_ref const& t) {
      auto const& frozen = config["frozen"];
      return std::find(frozen.begin(), frozen.end(), t.name) != frozen.end();
    });
    dm::write_safetensors(folder / "gradients.safetensors", trained);

    dm::adamw const adamw{.lr = 1e-3, .weight_decay = 1e-2};
    dm::sgd const sgd{.lr = 0.05, .momentum = 0.9, .weight_decay = 1e-2};
    dm::sign_sgd const sign{.lr = 1e-3, .weight_decay = 1e-2};
    config["optimizers"] = {
        {"adamw",
         {{"lr", adamw.lr},
          {"beta1", adamw.beta1},
          {"beta2", adamw.beta2},
          {"eps", adamw.eps},
          {"weight_decay", adamw.weight_decay}}},
        {"sgd", {{"lr", sgd.lr}, {"momentum", sgd.momentum}, {"weight_decay", sgd.weight_decay}}},
        {"sign_sgd", {{"lr", sign.lr}, {"weight_decay", sign.weight_decay}}}};
    save_after(folder, start, task, adamw);
    save_after(folder, start, task, sgd);
    save_after(folder, start, task, sign);
    dm::write_file_atomically(folder / "config.json", config.dump(1) + "\n");
  }

private:
  // Norms and learned scalars start at one and zero, which would hide their part.
  template <class Net>
  static Net shaken() {
    Net net({.seed = 3});
    dm::random_stream draw(3, dm::stream::user, 1, 0);
    for (auto const& t : Net::plan::tensors) {
      for (auto& p : net.parameters().subspan(t.offset, t.size())) {
        p += static_cast<typename Net::scalar>(0.2 * draw.normal());
      }
    }
    return net;
  }
  template <class Net, class Task, class Optimizer>
  static void save_after(std::filesystem::path const& folder, Net const& start, Task const& task,
                         Optimizer const& optimizer) {
    Net net = start;
    dm::train(net, task, optimizer, {.steps = steps, .batch = sequences, .threads = 1});
    dm::save_checkpoint(folder / ("after_" + std::string(Optimizer::name) + ".safetensors"), net);
  }
  static std::string number(double x) {
    char text[32];
    std::snprintf(text, sizeof text, "%.17g", x);
    return text;
  }

  std::filesystem::path folder_;
};

template <class T>
void rules(writer const& write, std::string const& dtype) {
  write.operator()<dm::transformer<odd(1, 1), dm::softmax, T>>("softmax_" + dtype);
  write.operator()<dm::transformer<odd(2, 4), dm::softmax, T>>("softmax_4_heads_" + dtype);
  write.operator()<dm::transformer<odd(1, 4), dm::relu, T>>("relu_" + dtype);
  write.operator()<dm::transformer<odd(1, 4), dm::sigmoid, T>>("sigmoid_" + dtype);
  write.operator()<dm::transformer<odd(1, 4), dm::softmax_n<>, T>>("softmax_n_" + dtype);
  write.operator()<dm::transformer<odd(1, 4), dm::sink_logit, T>>("sink_logit_" + dtype);
  write.operator()<dm::transformer<odd(1, 4), dm::output_gate<>, T>>("output_gate_" + dtype);
  write.operator()<dm::transformer<odd(1, 4), dm::output_gate<dm::relu>, T>>("gated_relu_" + dtype);
}

void structures(writer const& write) {
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
  if (argc != 2) {
    std::fprintf(stderr, "usage: dump_cases FOLDER\n");
    return 2;
  }
  try {
    writer const write(argv[1]);
    rules<double>(write, "double");
    rules<float>(write, "float");
    structures(write);
  } catch (dm::error const& problem) {
    std::fprintf(stderr, "dump_cases: %s\n", problem.what());
    return 1;
  }
}
