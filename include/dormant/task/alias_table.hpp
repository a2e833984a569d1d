// SPDX-License-Identifier: MIT
// Draws from many discrete laws in constant time: the alias method (Walker 1977, Vose 1991).
#pragma once

#include "dormant/random.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dormant {

/// Several laws over the same outcomes, one a row. A draw costs one random number, one
/// multiplication and one comparison.
class alias_table {
public:
  alias_table() = default;
  /// Room for that many laws; each has to be set before it is drawn from.
  /// \param outcomes K, at least one
  alias_table(std::size_t rows, std::size_t outcomes)
      : outcomes_(outcomes), slots_(rows * outcomes) {}

  [[nodiscard]] std::size_t outcomes() const { return outcomes_; }
  [[nodiscard]] std::size_t rows() const { return outcomes_ == 0 ? 0 : slots_.size() / outcomes_; }

  /// Makes a row the law proportional to `weights`, [K]: none negative, at least one positive.
  /// An outcome of weight zero is never drawn.
  void set_row(std::size_t row, std::span<double const> weights) {
    double total = 0;
    for (auto const w : weights) total += w;
    // Every outcome owns one slot of capacity 1. Those with a share below 1 let one of the others
    // have the rest of their slot.
    std::vector<double> share(outcomes_);
    // Two stacks in one array: the poor from the front, the rich from the back.
    std::vector<std::size_t> both(outcomes_);
    std::size_t poor = 0, rich = outcomes_;
    slot* const slots = slots_.data() + row * outcomes_;
    for (std::size_t k = 0; k < outcomes_; ++k) {
      share[k] = weights[k] / total * static_cast<double>(outcomes_);
      both[share[k] < 1 ? poor++ : --rich] = k;
      slots[k] = {~std::uint64_t{0}, static_cast<std::uint32_t>(k)};
    }
    while (poor != 0 && rich != outcomes_) {
      auto const small = both[--poor];
      auto const large = both[rich];
      slots[small] = {static_cast<std::uint64_t>(std::ldexp(share[small], 64)),
                      static_cast<std::uint32_t>(large)};
      share[large] -= 1 - share[small];
      if (share[large] < 1) {
        ++rich;
        both[poor++] = large;
      }
    }
    // What is left has share 1 up to rounding and keeps its slot: its alias is itself.
  }

  /// The outcome that 64 random bits stand for under law `row`.
  [[nodiscard]] std::size_t draw(std::size_t row, std::uint64_t bits) const {
    auto const [owner, position] = detail::multiply(bits, outcomes_);
    auto const& chosen = slots_[row * outcomes_ + owner];
    return position < chosen.threshold ? static_cast<std::size_t>(owner) : chosen.alias;
  }

  /// The probability with which `draw` yields an outcome, from the table itself.
  [[nodiscard]] double probability(std::size_t row, std::size_t outcome) const {
    double sum = 0;
    for (std::size_t k = 0; k < outcomes_; ++k) {
      auto const& [threshold, alias] = slots_[row * outcomes_ + k];
      double const own = std::ldexp(static_cast<double>(threshold), -64);
      sum += (k == outcome ? own : 0) + (alias == outcome ? 1 - own : 0);
    }
    return sum / static_cast<double>(outcomes_);
  }

private:
  struct slot {
    std::uint64_t threshold; // in units of 2^-64: below it the slot's owner, else the alias
    std::uint32_t alias;
  };

  std::size_t outcomes_ = 0;
  std::vector<slot> slots_; // [rows, K]
};

} // namespace dormant
