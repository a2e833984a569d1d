// SPDX-License-Identifier: MIT
// The unit of work of a grid: one configuration on one pair of seeds. It is named by what it is, so
// that any machine can do it and its result is the same file wherever it was done.
#pragma once

#include "dormant/seeds.hpp"

#include <fmt/format.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>

namespace grid {

namespace dm = dormant;

/// What is varied. Names are those of axes.hpp.
struct configuration {
  std::string attention = "softmax";
  std::string norm = "pre_layer_norm";
  std::string optimizer = "adamw";
  std::string depth = "minimal";
  double rate = 1;          ///< factor on the optimizer's learning rate
  double weight_decay = -1; ///< below 0: the optimizer's own
  std::size_t triggers = 3; ///< of the task
  std::size_t context = 64; ///< tokens of a sequence
  std::uint64_t steps = 1500;
  std::uint64_t batch = 8;

  friend auto operator<=>(configuration const&, configuration const&) = default;

  /// As it stands in names of files and in tables: what differs from the
  /// defaults follows the four names.
  [[nodiscard]] std::string name() const {
    configuration const usual;
    auto out = fmt::format("{}.{}.{}.{}", attention, norm, optimizer, depth);
    if (rate != usual.rate) out += fmt::format(".rate{}", rate);
    if (weight_decay >= 0) out += fmt::format(".decay{}", weight_decay);
    if (triggers != usual.triggers) out += fmt::format(".triggers{}", triggers);
    if (context != usual.context) out += fmt::format(".context{}", context);
    if (steps != usual.steps) out += fmt::format(".steps{}", steps);
    if (batch != usual.batch) out += fmt::format(".batch{}", batch);
    return out;
  }
};

struct unit {
  configuration of{};
  dm::seeds seeds{};

  friend bool operator==(unit const&, unit const&) = default;

  [[nodiscard]] std::string name() const {
    return fmt::format("{}.i{}.d{}", of.name(), seeds.init, seeds.data);
  }
};

} // namespace grid
