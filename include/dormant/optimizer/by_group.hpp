// SPDX-License-Identifier: MIT
// One optimizer for some tensors, another for the rest: `by_group{group::attention, sgd{},
// adamw{}}`.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/error.hpp"
#include "dormant/optimizer/which.hpp"
#include "dormant/optimizer/wrapped.hpp"
#include "dormant/tensor_spec.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace dormant {

/// `chosen` steps the tensors for which `where(segment)` is true, `others` the rest, each with its
/// own hyper-parameters, rates and schedule: `by_group{hidden_matrices{}, with_rate{muon{}, ...},
/// adamw{}}`. `where` is a group, `groups`, another function of which.hpp or your own; it must not
/// depend on the step. Each of the two has memory for all parameters, in checkpoints under
/// `chosen.` and `others.`.
template <class Where, class Chosen, class Others>
struct by_group {
  static_assert(
      std::predicate<Where const&, parameter_segment<float> const&>,
      "dormant::by_group: the first argument says which tensors: a group, groups{...}, or a "
      "function (parameter_segment<T> const&) -> bool");
  static_assert(
      !detail::scales_gradients<Chosen> && !detail::scales_gradients<Others>,
      "dormant::by_group: the norm that is clipped is that of all gradients, so `clipped` goes "
      "around by_group, not into it");
  static constexpr std::string_view name = "by_group";
  static constexpr bool elementwise = detail::cuts<Chosen> && detail::cuts<Others>;

  Where where;
  Chosen chosen;
  Others others;

  template <class T>
  struct state {
    state(by_group const& hyper, std::span<tensor_spec const> tensors, std::size_t parameters)
        : chosen(detail::state_for<T>(hyper.chosen, tensors, parameters)),
          others(detail::state_for<T>(hyper.others, tensors, parameters)) {}

    void each(auto f) {
      chosen.each(prefixed("chosen.", f));
      others.each(prefixed("others.", f));
    }
    void each_flat(auto f) {
      detail::each_flat_of(chosen, prefixed("chosen.", f));
      detail::each_flat_of(others, prefixed("others.", f));
    }
    typename Chosen::template state<T> chosen;
    typename Others::template state<T> others;

  private:
    // Who keeps a name keeps a view of it.
    auto prefixed(std::string prefix, auto& f) {
      return [this, prefix, &f](std::string_view name, auto& memory) {
        f(std::string_view(*names_.insert(prefix + std::string(name)).first), memory);
      };
    }
    std::set<std::string> names_;
  };

  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t t) const {
    where(p) ? step_by<Arch>(chosen, s.chosen, p, t) : step_by<Arch>(others, s.others, p, t);
  }
  template <class T>
  [[nodiscard]] bool rests(parameter_segment<T> const& p, std::uint64_t t) const {
    return where(p) ? rests_by(chosen, p, t) : rests_by(others, p, t);
  }
  /// \throws error if the model has no tensor for the chosen optimizer, and as the two of them do
  template <class Model>
  void require(Model const& model) const {
    bool found = false;
    for (auto const& t : model.tensors()) {
      parameter_segment<float> const p{.parameters = {},
                                       .gradients = {},
                                       .offset = t.offset,
                                       .rows = t.rows,
                                       .cols = t.cols,
                                       .rate_scale = 1,
                                       .name = t.name.view(),
                                       .group = t.group,
                                       .layer = t.layer};
      found = found || where(p);
    }
    if (!found) refuse({"by_group: the model has no tensor for the first optimizer"});
    detail::require_of(chosen, model);
    detail::require_of(others, model);
  }

private:
  template <class Arch, class Inner, class T>
  static void step_by(Inner const& inner, typename Inner::template state<T>& s,
                      parameter_segment<T> p, std::uint64_t t) {
    double const rate = detail::rate_of(inner, p.group);
    if (rate == 0) return;
    p.rate_scale *= rate;
    inner.template step<Arch, T>(s, p, t);
  }
  template <class Inner, class T>
  static bool rests_by(Inner const& inner, parameter_segment<T> const& p, std::uint64_t t) {
    if constexpr (detail::may_rest<Inner, T>) {
      if (inner.rests(p, t)) return true;
    }
    return detail::rate_of(inner, p.group) == 0;
  }
};
template <class Chosen, class Others>
by_group(group, Chosen, Others) -> by_group<groups, Chosen, Others>;
template <class Where, class Chosen, class Others>
by_group(Where, Chosen, Others) -> by_group<Where, Chosen, Others>;

} // namespace dormant
