// SPDX-License-Identifier: MIT
// The numbers that the paper prints or draws, from docs/published.csv, which is compiled in.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace published {

/// One number of arXiv 2410.13835.
struct number {
  std::string_view run{}; ///< the model, e.g. "one layer"
  double step = 0;
  double value = 0;
  std::string_view definition{}; ///< the name of the same measurement here, e.g. "risk.backcopy"
  std::string_view source{};     ///< where the paper shows it
};

/// Of the published runs: what the authors gave to torch.manual_seed.
inline constexpr std::uint64_t seed = 42;

/// All of them, in the order of the file.
[[nodiscard]] std::vector<number> const& all();

/// A number over training.
struct series {
  std::vector<double> steps{};
  std::vector<double> values{};

  /// Leaves out what comes after a step.
  void end_at(double step) {
    while (!steps.empty() && steps.back() > step) {
      steps.pop_back();
      values.pop_back();
    }
  }
};
/// \throws dormant::error if there is no such number
[[nodiscard]] series over_training(std::string_view run, std::string_view definition);

/// \throws dormant::error if there is no such number at that step
[[nodiscard]] double at(std::string_view run, std::string_view definition, double step);

} // namespace published
