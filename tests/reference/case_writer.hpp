// SPDX-License-Identifier: MIT
// Writes what the library computes for one model as a folder that
// check_against_torch.py compares with PyTorch.
#pragma once

#include <dormant/checkpoint.hpp>
#include <dormant/dormant.hpp>
#include <dormant/io/atomic_file.hpp>
#include <dormant/io/npy.hpp>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace cases {

namespace dm = dormant;

/// The same sequences in every step and on every stream.
template <std::size_t Context, std::size_t Vocab, std::size_t Registers = 0>
struct fixed_batch {
  static constexpr std::size_t context = Context;

  void sample_row(dm::stream, std::uint64_t, std::uint64_t row, std::span<dm::token> tokens,
                  std::span<dm::next_token_law>) const {
    dm::random_stream draw(7, dm::stream::user, 0, row);
    for (auto& id : tokens) id = static_cast<dm::token>(draw.below(Vocab));
    for (std::size_t i = 0; i < Registers; ++i) tokens[i] = dm::register_token(i);
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

class writer {
public:
  static constexpr std::size_t sequences = 3;

  /// \param steps how many each optimizer takes
  /// \param sgd_rate small enough for models without norms
  writer(std::filesystem::path folder, std::size_t steps, double sgd_rate = 0.05)
      : folder_(std::move(folder)), steps_(steps), sgd_rate_(sgd_rate) {}

  /// \param start a model of context `Context` and vocabulary `Vocab`, as it is before training
  /// \param config its description
  template <std::size_t Context, std::size_t Vocab, class Net>
  void operator()(std::string const& name, Net const& start, nlohmann::json config) const {
    using T = typename Net::scalar;
    auto const folder = folder_ / name;
    std::filesystem::create_directories(folder);

    fixed_batch<Context, Vocab, Net::model::registers> const task;
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
    auto const logits = kept.values(start.shape.layers - 1);
    std::vector<std::size_t> const shape(logits.shape().begin(), logits.shape().end());
    dm::write_npy<T>(folder / "logits.npy", shape,
                     std::span<T const>(logits.data(), logits.size()));

    auto const gradient = dm::differentiate(start, rows, {});
    dm::write_file_atomically(folder / "loss.txt", number(gradient.loss) + "\n");
    std::vector<dm::tensor_ref> trained;
    dm::detail::append_tensors<T>(trained, "", start.tensors(), gradient.values.span());
    config["name"] = name;
    config["steps"] = steps_;
    std::erase_if(trained, [&](dm::tensor_ref const& t) {
      auto const& frozen = config["frozen"];
      return std::find(frozen.begin(), frozen.end(), t.name) != frozen.end();
    });
    dm::write_safetensors(folder / "gradients.safetensors", trained);

    dm::adamw const adamw{.lr = 1e-3, .weight_decay = 1e-2};
    dm::sgd const sgd{.lr = sgd_rate_, .momentum = 0.9, .weight_decay = 1e-2};
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
  template <class Net, class Task, class Optimizer>
  void save_after(std::filesystem::path const& folder, Net const& start, Task const& task,
                  Optimizer const& optimizer) const {
    Net net = start;
    dm::train(net, task, optimizer, {.steps = steps_, .batch = sequences, .threads = 1});
    dm::save_checkpoint(folder / ("after_" + std::string(Optimizer::name) + ".safetensors"), net);
  }
  static std::string number(double x) {
    char text[32];
    std::snprintf(text, sizeof text, "%.17g", x);
    return text;
  }

  std::filesystem::path folder_;
  std::size_t steps_;
  double sgd_rate_;
};

/// Norms and learned scalars start at one and zero, which would hide their part.
template <class Net>
Net shaken(Net net) {
  dm::random_stream draw(3, dm::stream::user, 1, 0);
  for (auto const& t : net.tensors()) {
    for (auto& p : net.parameters().subspan(t.offset, t.size())) {
      p += static_cast<typename Net::scalar>(0.2 * draw.normal());
    }
  }
  return net;
}

/// The main function of a program that writes cases: `program FOLDER`.
template <class F>
int write_into(int argc, char** argv, std::size_t steps, double sgd_rate, F const& all) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  try {
    all(writer(argv[1], steps, sgd_rate));
    return 0;
  } catch (dm::error const& problem) {
    std::fprintf(stderr, "%s: %s\n", argv[0], problem.what());
    return 1;
  }
}

} // namespace cases
