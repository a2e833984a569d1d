// SPDX-License-Identifier: MIT
// When a hook listens during training, and what it hears as a time series.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/detail/hooks.hpp"
#include "dormant/probe/row.hpp"

#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace dormant {

/// Steps 0, n, 2n, ...; n = 0 is never.
struct every {
  std::uint64_t n = 1;
  [[nodiscard]] bool due(std::uint64_t step) const { return n != 0 && step % n == 0; }
};

/// Step 0 and about `per_decade` steps in each factor of ten after it.
struct log_spaced {
  double per_decade = 10;
  [[nodiscard]] bool due(std::uint64_t step) const {
    if (step == 0) return true;
    auto const bin = [this](std::uint64_t s) {
      return std::floor(std::log10(static_cast<double>(s)) * per_decade + 1e-9);
    };
    return step == 1 || bin(step) != bin(step - 1);
  }
};

namespace detail {
template <class P, class Site, class Value>
concept hears_value = std::invocable<P&, Site, Value const&>;
} // namespace detail

/// A hook that takes part in training only when its cadence is due: `when(every{100}, hook)`. The
/// hook is referred to, not copied.
template <class Cadence, class Hook>
class when {
public:
  when(Cadence cadence, Hook& hook) : cadence_(cadence), hook_(&hook) {}

  bool due(std::uint64_t step) { return active_ = cadence_.due(step); }
  void close() { active_ = false; }

  template <class Site, class Value>
    requires detail::hears_value<Hook, Site, Value>
  void operator()(Site at, Value const& value) {
    if (active_) own()(at, value);
  }
  template <class Site, class Value>
    requires(!detail::hears_value<Hook, Site, Value> && std::invocable<Hook const&, Site, Value&>)
  void operator()(Site at, Value& value) const {
    if (active_) std::as_const (*hook_)(at, value);
  }

  // A shard listens with a copy of the hook; the caller's own copy is the one referred to.
  [[nodiscard]] when empty() const requires detail::monoid<Hook> {
    when copy = *this;
    copy.copy_.push_back(detail::empty_copy(*hook_));
    return copy;
  }
  void merge(when const& later) requires detail::monoid<Hook> {
    if (active_) own().merge(later.copy_.front());
  }

private:
  Hook& own() { return copy_.empty() ? *hook_ : copy_.front(); }

  Cadence cadence_;
  Hook* hook_;
  std::vector<std::remove_const_t<Hook>> copy_; // at most one
  bool active_ = false;
};

/// Probes measured in some steps of training, a row of numbers each time:
/// `history log(every{20}, attention_sink{}, risk{})`. A row holds step, loss and what the probes
/// `report`. Measuring takes place inside the training pass, on the training batch.
template <class Cadence, class... Probes>
class history {
public:
  explicit history(Cadence cadence, Probes... probes)
      : cadence_(cadence), probes_(std::move(probes)...) {}

  bool due(std::uint64_t step) {
    active_ = cadence_.due(step);
    if (active_) {
      step_ = step;
      clear();
    }
    return active_;
  }
  void close() {
    if (!active_) return;
    active_ = false;
    probe_row row;
    row.add("step", static_cast<double>(step_));
    row.add("loss", loss_);
    std::apply([&](auto const&... p) { (report(p, row), ...); }, probes_);
    if (told_) told_(row);
    if (keeps_) rows_.push_back(std::move(row));
  }

  template <class Site, class Value>
    requires(detail::hears_value<Probes, Site, Value> || ...)
  void operator()(Site at, Value const& value) {
    if constexpr (std::same_as<Site, site::loss>) loss_ = value;
    if (!active_) return;
    auto const tell = [&]<class P>(P& probe) {
      if constexpr (detail::hears_value<P, Site, Value>) probe(at, value);
    };
    std::apply([&](auto&... p) { (tell(p), ...); }, probes_);
  }
  void operator()(site::loss,
                  double const& value) requires(!(detail::hears_value<Probes, site::loss, double> ||
                                                  ...)) {
    loss_ = value;
  }

  [[nodiscard]] history empty() const {
    history copy(*this);
    copy.rows_.clear();
    copy.told_ = nullptr;
    copy.clear();
    return copy;
  }
  void merge(history const& later) {
    if (!active_) return;
    merge_each(later, std::index_sequence_for<Probes...>{});
  }

  /// The rows so far, oldest first; none if they are given away.
  [[nodiscard]] std::vector<probe_row> const& rows() const { return rows_; }
  /// Calls `f` with each new row as soon as it is complete.
  void on_row(std::function<void(probe_row const&)> f) { told_ = std::move(f); }
  /// The same, and the rows are not kept: the memory of a long run does not grow with them.
  void give_rows_to(std::function<void(probe_row const&)> f) {
    on_row(std::move(f));
    keeps_ = false;
  }

private:
  void clear() {
    std::apply([](auto&... p) { ((p = detail::empty_copy(p)), ...); }, probes_);
  }
  template <std::size_t... I>
  void merge_each(history const& later, std::index_sequence<I...>) {
    (merge_one(std::get<I>(probes_), std::get<I>(later.probes_)), ...);
  }
  template <class P>
  static void merge_one(P& mine, P const& later) {
    if constexpr (detail::monoid<P>) mine.merge(later);
  }
  template <class P>
  static void report(P const& probe, probe_row& row) {
    if constexpr (requires { probe.report(row); }) probe.report(row);
  }

  Cadence cadence_;
  std::tuple<Probes...> probes_;
  std::vector<probe_row> rows_;
  std::function<void(probe_row const&)> told_;
  std::uint64_t step_ = 0;
  double loss_ = 0;
  bool active_ = false;
  bool keeps_ = true;
};

} // namespace dormant
