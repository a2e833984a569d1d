// SPDX-License-Identifier: MIT
// The small shared parts of probes: running means, something per layer and head, and the named
// numbers that a probe reports.
#pragma once

#include "dormant/detail/arithmetic.hpp"
#include "dormant/error.hpp"
#include "dormant/probe/names.hpp"

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dormant {

/// A mean that can be merged; NaN when nothing was seen.
struct running_mean {
  double sum = 0;
  double count = 0;

  void add(double value) {
    sum += value;
    count += 1;
  }
  running_mean& operator+=(running_mean const& other) {
    sum += other.sum;
    count += other.count;
    return *this;
  }
  [[nodiscard]] double mean() const {
    return count > 0 ? sum / count : std::numeric_limits<double>::quiet_NaN();
  }
};

/// Something for every number 0, 1, ... that was heard of, as a monoid.
template <class Monoid>
class numbered {
public:
  [[nodiscard]] Monoid& operator[](std::size_t number) {
    if (number >= kept_.size()) kept_.resize(number + 1);
    return kept_[number];
  }
  /// \returns the default state for a number that was never heard of
  [[nodiscard]] Monoid at(std::size_t number) const {
    return number < kept_.size() ? kept_[number] : Monoid{};
  }
  /// All of them together.
  [[nodiscard]] Monoid all() const {
    Monoid sum{};
    for (auto const& one : kept_) sum += one;
    return sum;
  }
  [[nodiscard]] std::size_t size() const { return kept_.size(); }
  numbered& operator+=(numbered const& other) {
    for (std::size_t n = 0; n < other.size(); ++n) (*this)[n] += other.kept_[n];
    return *this;
  }

private:
  std::vector<Monoid> kept_;
};
template <class Monoid>
using per_layer = numbered<Monoid>;

inline constexpr std::size_t all_heads = static_cast<std::size_t>(-1); ///< in a `head` of a probe

/// Something for every head of every layer: `kept[layer][head]`.
template <class Monoid>
class per_head : public per_layer<numbered<Monoid>> {
public:
  /// One head, or `all_heads` together; the default state for what was never heard of.
  [[nodiscard]] Monoid of(std::size_t layer, std::size_t head) const {
    auto const heads = this->at(layer);
    return head == all_heads ? heads.all() : heads.at(head);
  }
  /// Calls `f(layer, all_heads)` for every layer and then, where there are several,
  /// `f(layer, head)` for each head.
  template <class F>
  void each(F&& f) const {
    for (std::size_t l = 0; l < this->size(); ++l) {
      f(l, all_heads);
      auto const heads = this->at(l).size();
      for (std::size_t h = 0; heads > 1 && h < heads; ++h) f(l, h);
    }
  }
};

/// Named numbers, in the order in which probes report them; docs/measurements.md says what each is.
class probe_row {
public:
  void add(std::string_view name, double value) { cells_.emplace_back(std::string(name), value); }
  /// A number of one layer, `name.layer`, or of one of its heads, `name.layer.head`.
  void add(std::string_view name, std::size_t layer, double value, std::size_t head = all_heads) {
    auto of = sentence({name, ".", layer});
    if (head != all_heads) of.append(".").append(std::to_string(head));
    cells_.emplace_back(std::move(of), value);
  }
  /// Replaces the number of that name, or adds it.
  void set(std::string_view name, double value) {
    if (auto const place = index(name); place < cells_.size()) {
      cells_[place].second = value;
    } else {
      add(name, value);
    }
  }
  [[nodiscard]] std::vector<std::pair<std::string, double>> const& cells() const { return cells_; }
  [[nodiscard]] bool has(std::string_view name) const { return index(name) < cells_.size(); }
  /// The number of that name.
  /// \throws error that lists the names there are if no probe reported it; `has` asks
  [[nodiscard]] double operator[](std::string_view name) const {
    auto const place = index(name);
    if (place == cells_.size()) refuse_missing(name);
    return cells_[place].second;
  }

private:
  [[nodiscard]] std::size_t index(std::string_view name) const {
    std::size_t i = 0;
    while (i < cells_.size() && cells_[i].first != name) ++i;
    return i;
  }
  [[noreturn, gnu::noinline]] void refuse_missing(std::string_view name) const {
    std::vector<std::string_view> names;
    for (auto const& cell : cells_) names.emplace_back(cell.first);
    refuse_name("the row of measurements", name, std::move(names));
  }

  std::vector<std::pair<std::string, double>> cells_;
};

} // namespace dormant
