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

/// Something for every layer that was heard of, as a monoid.
template <class Monoid>
class per_layer {
public:
  [[nodiscard]] Monoid& operator[](std::size_t layer) {
    if (layer >= kept_.size()) kept_.resize(layer + 1);
    return kept_[layer];
  }
  /// \returns the default state for a layer that was never heard of
  [[nodiscard]] Monoid at(std::size_t layer) const {
    return layer < kept_.size() ? kept_[layer] : Monoid{};
  }
  [[nodiscard]] std::size_t size() const { return kept_.size(); }
  per_layer& operator+=(per_layer const& other) {
    for (std::size_t l = 0; l < other.size(); ++l) (*this)[l] += other.kept_[l];
    return *this;
  }
  void state(auto&& f) { f(kept_); } // see bytes.hpp

private:
  std::vector<Monoid> kept_;
};

inline constexpr std::size_t all_heads = static_cast<std::size_t>(-1); ///< in a `head` of a probe

/// Something for every head of every layer: `kept[layer][head]`. One flat list, because lists in
/// lists are two more types for each probe, and types are what a compiler takes its time for.
template <class Monoid>
class per_head {
  struct of_layer {
    per_head& whole;
    std::size_t layer;
    [[nodiscard]] Monoid& operator[](std::size_t head) const { return whole.place(layer, head); }
  };

public:
  [[nodiscard]] of_layer operator[](std::size_t layer) { return {*this, layer}; }
  /// One head, or `all_heads` together; the default state for what was never heard of.
  [[nodiscard]] Monoid of(std::size_t layer, std::size_t head) const {
    std::size_t const heads = layer < size() ? heads_[layer] : 0;
    if (head < heads) return kept_[layer * room_ + head];
    Monoid sum{};
    for (std::size_t h = 0; head == all_heads && h < heads; ++h) sum += kept_[layer * room_ + h];
    return sum;
  }
  /// Layers that were heard of, and those before them.
  [[nodiscard]] std::size_t size() const { return heads_.size(); }
  /// Calls `f(layer, all_heads)` for every layer and then, where there are several,
  /// `f(layer, head)` for each head.
  template <class F>
  void each(F&& f) const {
    for (std::size_t l = 0; l < size(); ++l) {
      f(l, all_heads);
      for (std::size_t h = 0; heads_[l] > 1 && h < heads_[l]; ++h) f(l, h);
    }
  }
  per_head& operator+=(per_head const& other) {
    for (std::size_t l = 0; l < other.size(); ++l) {
      for (std::size_t h = 0; h < other.heads_[l]; ++h) {
        place(l, h) += other.kept_[l * other.room_ + h];
      }
    }
    return *this;
  }
  void state(auto&& f) { f(room_, heads_, kept_); }
  /// Whether what was read from outside is such a list.
  [[nodiscard]] bool whole() const {
    for (std::size_t const heads : heads_) {
      if (heads > room_) return false;
    }
    return heads_.empty()
               ? kept_.empty()
               : kept_.size() % heads_.size() == 0 && kept_.size() / heads_.size() == room_;
  }

private:
  Monoid& place(std::size_t layer, std::size_t head) {
    if (layer >= size() || head >= room_) grow(layer + 1, head + 1);
    if (head >= heads_[layer]) heads_[layer] = head + 1;
    return kept_[layer * room_ + head];
  }
  [[gnu::noinline]] void grow(std::size_t layers, std::size_t heads) {
    std::size_t const room = heads > room_ ? heads : room_;
    std::vector<Monoid> more((layers > size() ? layers : size()) * room);
    for (std::size_t i = 0; i < kept_.size(); ++i) {
      more[i / room_ * room + i % room_] = std::move(kept_[i]);
    }
    kept_.swap(more);
    room_ = room;
    while (size() < layers) heads_.push_back(0);
  }

  std::vector<Monoid> kept_;       // [layers, room]
  std::vector<std::size_t> heads_; // [layers], those that were heard of
  std::size_t room_ = 0;           // for heads, in every layer
};

/// Named numbers, in the order in which probes report them; docs/measurements.md says what each is.
class probe_row {
public:
  void add(std::string_view name, double value) { cells_.emplace_back(name, value); }
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
