// SPDX-License-Identifier: MIT
// What the demo trains: the smallest model that shows all three extreme-token phenomena at once,
// blocks MLP | attention + MLP | MLP, and the three stories told with it.
#pragma once

#include "dormant/shape.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace demo {

namespace dm = dormant;

inline constexpr dm::shape shape{.layers = 3, .heads = 1, .width = 64, .vocab = 67, .context = 64};

// Layer 0 can write a residual peak on `<s>`, layer 1 holds the only head, layer 2 is an MLP again.
inline constexpr std::size_t writing_layer = 0;
inline constexpr std::size_t reading_layer = 1;

/// A combination of attention rule and optimizer.
struct story {
  std::string_view key;   ///< in CSV files
  std::string_view title; ///< in figures
};
enum story_number : std::size_t { softmax_adamw, relu_adamw, softmax_sgd };
inline constexpr std::array<story, 3> stories = {{{"softmax_adamw", "softmax + AdamW"},
                                                  {"relu_adamw", "ReLU + AdamW"},
                                                  {"softmax_sgd", "softmax + SGD"}}};

struct setting {
  std::uint64_t first_seed = 1; ///< of parameters and data alike
  std::uint64_t seeds = 8;
  std::uint64_t steps = 1500;
  std::uint64_t batch = 8; ///< sequences a step
  double adamw_lr = 3e-3;
  double sgd_lr = 0.1;
  std::uint64_t threads = 0; ///< 0: as many as the machine has
  std::string bigrams{};     ///< a CSV file; the built-in English table if empty
  std::filesystem::path out = "out/demo";
  std::string program = "demo"; ///< as it was called

  /// Steps between two measurements of the training curves.
  [[nodiscard]] std::uint64_t cadence() const { return steps < 60 ? 1 : steps / 60; }
  /// The command that gives the same numbers again; threads never change them.
  [[nodiscard]] std::string command() const {
    auto const word = [](std::string const& text) {
      return text.find_first_of(" '\"$&;()") == std::string::npos ? text : "\"" + text + "\"";
    };
    auto text = fmt::format("{} --first-seed {} --seeds {} --steps {} --batch {} --out {}",
                            word(program), first_seed, seeds, steps, batch, word(out.string()));
    return bigrams.empty() ? text : text + " --bigrams " + word(bigrams);
  }
};

} // namespace demo
