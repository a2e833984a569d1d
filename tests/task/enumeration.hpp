// SPDX-License-Identifier: MIT
// Minimum risks by walking every sequence of a tiny task with its probability.
#pragma once

#include "dormant/task/oracle.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

class enumeration {
public:
  using law_of_next = std::function<dormant::next_token_law(std::span<dormant::token const>)>;

  /// \param law of the token after a prefix, which may be empty
  enumeration(dormant::law_table const& table, std::size_t positions, law_of_next law)
      : table_(table), positions_(positions), law_(std::move(law)) {
    std::vector<dormant::token> tokens;
    walk(tokens, 1);
  }
  [[nodiscard]] double share() const { return mass_[1] / (mass_[0] + mass_[1]); }
  [[nodiscard]] double risk(bool trigger) const {
    return mass_[trigger] > 0 ? risk_[trigger] / mass_[trigger] : 0;
  }
  [[nodiscard]] double total() const { return (risk_[0] + risk_[1]) / (mass_[0] + mass_[1]); }

private:
  void walk(std::vector<dormant::token>& tokens, double probability) {
    auto const law = law_(tokens);
    double entropy = 0;
    for (std::size_t t = 0; t < table_.vocab; ++t) {
      double const p = law_probability(law, table_, t);
      if (p <= 0) continue;
      entropy -= p * std::log(p);
      if (tokens.size() == positions_) continue;
      tokens.push_back(static_cast<dormant::token>(t));
      walk(tokens, probability * p);
      tokens.pop_back();
    }
    if (tokens.empty()) return;
    mass_[law.trigger] += probability;
    risk_[law.trigger] += probability * entropy;
  }

  dormant::law_table const& table_;
  std::size_t positions_;
  law_of_next law_;
  std::array<double, 2> mass_{}; // [trigger]
  std::array<double, 2> risk_{};
};
