// SPDX-License-Identifier: MIT
// The small shared parts of probes: running means, means per layer, and the named numbers that a
// probe reports.
#pragma once

#include "dormant/detail/arithmetic.hpp"

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dormant {

/// A mean that can be merged; NaN when nothing was seen.
struct mean_of {
  double sum = 0;
  double count = 0;

  void add(double value) {
    sum += value;
    count += 1;
  }
  mean_of& operator+=(mean_of const& other) {
    sum += other.sum;
    count += other.count;
    return *this;
  }
  [[nodiscard]] double mean() const {
    return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
  }
};

/// Something for every layer that was heard of, as a monoid.
template <class Monoid>
class per_layer {
public:
  [[nodiscard]] Monoid& operator[](std::size_t layer) {
    if (layer >= layers_.size()) layers_.resize(layer + 1);
    return layers_[layer];
  }
  /// \returns the default state for a layer that was never heard of
  [[nodiscard]] Monoid at(std::size_t layer) const {
    return layer < layers_.size() ? layers_[layer] : Monoid{};
  }
  [[nodiscard]] std::size_t size() const { return layers_.size(); }
  per_layer& operator+=(per_layer const& other) {
    for (std::size_t l = 0; l < other.size(); ++l) (*this)[l] += other.layers_[l];
    return *this;
  }

private:
  std::vector<Monoid> layers_;
};

/// Named numbers, in the order in which probes report them.
class probe_row {
public:
  void add(std::string_view name, double value) { cells_.emplace_back(std::string(name), value); }
  /// A number of one layer, named `name_layer`.
  void add(std::string_view name, std::size_t layer, double value) {
    std::string full(name);
    full.append("_").append(std::to_string(layer));
    cells_.emplace_back(std::move(full), value);
  }
  /// Replaces the number of that name, or adds it.
  void set(std::string_view name, double value) {
    for (auto& [key, old] : cells_) {
      if (key == name) {
        old = value;
        return;
      }
    }
    add(name, value);
  }
  [[nodiscard]] std::vector<std::pair<std::string, double>> const& cells() const { return cells_; }
  /// The number of that name; NaN if no probe reported it.
  [[nodiscard]] double operator[](std::string_view name) const {
    for (auto const& [key, value] : cells_) {
      if (key == name) return value;
    }
    return std::numeric_limits<double>::quiet_NaN();
  }

private:
  std::vector<std::pair<std::string, double>> cells_;
};

} // namespace dormant
