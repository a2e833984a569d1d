// SPDX-License-Identifier: MIT
// When a hook listens during training, and what it hears as a time series.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/detail/hooks.hpp"
#include "dormant/probe/bytes.hpp"
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

// Has the `saved` of a hook that has one.
template <class Hook>
struct saves_as {};
template <has_saved Hook>
struct saves_as<Hook> {
  using saved = typename Hook::saved;
};
} // namespace detail

/// A hook that takes part in training only when its cadence is due: `when(every{100}, hook)`. The
/// hook is referred to, not copied. What else it may say, a schedule of its own included, is handed
/// on.
template <class Cadence, class Hook>
class when : public detail::saves_as<Hook> {
public:
  when(Cadence cadence, Hook& hook) : cadence_(cadence), hook_(&hook) {}
  when(Cadence cadence, Hook const&& hook) : cadence_(cadence), hook_(nullptr) {
    static_cast<void>(hook);
    static_assert(detail::never<Hook>,
                  "dormant::when: the hook is a temporary, which would be gone before the first "
                  "step; give it a name that lives as long as the `when`");
  }

  bool due(std::uint64_t step) {
    active_ = cadence_.due(step);
    if constexpr (scheduled<Hook>) active_ = active_ && own().due(step);
    return active_;
  }
  void close() {
    if (!std::exchange(active_, false)) return;
    if constexpr (scheduled<Hook>) own().close();
  }
  void abandon() {
    if (!std::exchange(active_, false)) return;
    if constexpr (abandons<Hook>) own().abandon();
  }

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
  template <class Site, class Value, class Saved>
    requires std::invocable<Hook const&, Site, Value&, Saved&>
  void operator()(Site at, Value& value, Saved& kept) const {
    if (active_) std::as_const (*hook_)(at, value, kept);
  }

  template <class Model>
    requires checks<Hook, Model>
  void require(Model const& model) const { hook_->require(model); }
  [[nodiscard]] bool stop_requested() const requires stops<Hook> { return hook_->stop_requested(); }
  void report(probe_row& row) const requires reports<Hook> { seen().report(row); }

  // A shard listens with a copy of the hook; the caller's own copy is the one referred to.
  [[nodiscard]] when empty() const requires merges<Hook> {
    when copy = *this;
    copy.copy_.clear();
    copy.copy_.push_back(detail::empty_copy(seen()));
    return copy;
  }
  void merge(when const& later) requires merges<Hook> {
    if (active_) own().merge(later.seen());
  }
  /// For `to_bytes`.
  void state(auto&& f) requires sendable<Hook> { f(own()); }

private:
  Hook& own() { return copy_.empty() ? *hook_ : copy_.front(); }
  // Not of a const type: some hooks are asked as what they are.
  std::remove_const_t<Hook> const& seen() const { return copy_.empty() ? *hook_ : copy_.front(); }

  Cadence cadence_;
  Hook* hook_;
  std::vector<std::remove_const_t<Hook>> copy_; // at most one
  bool active_ = false;
};

/// Probes measured in some steps of training, a row of numbers each time:
/// `history log(every{20}, attention_sink{}, risk{})`. A row holds step, loss and what the probes
/// `report`. Measuring takes place inside the training pass, on the training batch. What else the
/// probes may say is handed on.
template <class Cadence, class... Probes>
class history {
  static constexpr bool sends = ((sendable<Probes> || !merges<Probes>)&&...);

public:
  explicit history(Cadence cadence, Probes... probes)
      : cadence_(cadence), probes_(std::move(probes)...) {}

  bool due(std::uint64_t step) {
    active_ = cadence_.due(step);
    if (active_) {
      step_ = step;
      clear();
      each([step]<class P>(P& probe) {
        if constexpr (scheduled<P>) static_cast<void>(probe.due(step));
      });
    }
    return active_;
  }
  void close() {
    if (!std::exchange(active_, false)) return;
    probe_row row;
    row.add("step", static_cast<double>(step_));
    row.add("loss", loss_);
    each([&]<class P>(P& probe) {
      if constexpr (reports<P>) probe.report(row);
    });
    each([]<class P>(P& probe) {
      if constexpr (scheduled<P>) probe.close();
    });
    if (keeps_) rows_.push_back(row);
    if (told_) told_(row);
  }
  /// Forgets the step that was under way.
  void abandon() {
    if (!std::exchange(active_, false)) return;
    each([]<class P>(P& probe) {
      if constexpr (abandons<P>) probe.abandon();
    });
  }
  template <class Model>
    requires(checks<Probes, Model> || ...)
  void require(Model const& model) {
    each([&model]<class P>(P& probe) {
      if constexpr (checks<P, Model>) probe.require(model);
    });
  }
  [[nodiscard]] bool stop_requested() requires(stops<Probes> || ...) {
    bool any = false;
    each([&any]<class P>(P& probe) {
      if constexpr (stops<P>) any = probe.stop_requested() || any;
    });
    return any;
  }

  template <class Site, class Value>
    requires(detail::hears_value<Probes, Site, Value> || ...)
  void operator()(Site at, Value const& value) {
    if constexpr (std::same_as<Site, site::loss>) loss_ = value;
    if (!active_) return;
    each([&]<class P>(P& probe) {
      if constexpr (detail::hears_value<P, Site, Value>) probe(at, value);
    });
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
  /// For `to_bytes`: what the probes saw in the step that is under way, without the rows.
  void state(auto&& f) requires(sends) {
    each([&f]<class P>(P& probe) {
      if constexpr (merges<P>) f(probe);
    });
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
  template <class F>
  void each(F f) {
    std::apply([&](auto&... p) { (f(p), ...); }, probes_);
  }
  void clear() {
    each([](auto& p) { p = detail::empty_copy(p); });
  }
  template <std::size_t... I>
  void merge_each(history const& later, std::index_sequence<I...>) {
    (merge_one(std::get<I>(probes_), std::get<I>(later.probes_)), ...);
  }
  template <class P>
  static void merge_one(P& mine, P const& later) {
    if constexpr (merges<P>) mine.merge(later);
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
