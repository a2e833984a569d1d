// SPDX-License-Identifier: MIT
// Tensors that rest from one step on: `frozen{adamw{}, {.tensor = "layers.*.attention.wv.weight",
// .from = 500}}`. Not one bit of theirs moves: no gradient step, no decay, no moment.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/error.hpp"
#include "dormant/optimizer/wrapped.hpp"
#include "dormant/tensor_spec.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace dormant {

/// Which tensors, and when: from step `from` until before step `until`, steps counted from 0. A
/// tensor is meant if both its name and its group are.
struct freeze {
  std::string tensor{}; ///< its name in the state dict, where * stands for anything; empty: any
  std::optional<dormant::group> group{};
  std::uint64_t from = 0;
  std::uint64_t until = std::numeric_limits<std::uint64_t>::max();

  [[nodiscard]] bool means(std::string_view name, dormant::group of) const {
    return (tensor.empty() || matches(tensor, name)) && (!group || *group == of);
  }

private:
  static bool matches(std::string_view pattern, std::string_view name) {
    if (pattern.empty()) return name.empty();
    if (pattern.front() == '*') {
      return matches(pattern.substr(1), name) ||
             (!name.empty() && matches(pattern, name.substr(1)));
    }
    return !name.empty() && pattern.front() == name.front() &&
           matches(pattern.substr(1), name.substr(1));
  }
};

/// An optimizer that leaves some tensors alone for some time. The step count goes on meanwhile:
/// what AdamW corrects for when a tensor thaws are all steps of the run.
template <class Optimizer>
struct frozen : Optimizer {
  using wrapped = Optimizer;
  freeze which;

  template <class T>
  [[nodiscard]] bool rests(parameter_segment<T> const& p, std::uint64_t t) const {
    if constexpr (detail::may_rest<Optimizer, T>) {
      if (Optimizer::rests(p, t)) return true;
    }
    return t > which.from && t <= which.until && !p.name.empty() && which.means(p.name, p.group);
  }
  template <class Arch, class T>
  void step(typename Optimizer::template state<T>& s, parameter_segment<T> p,
            std::uint64_t t) const {
    if (!rests(p, t)) Optimizer::template step<Arch, T>(s, p, t);
  }
  /// \throws error if it names nothing, or no tensor of the model, or a
  ///   time that ends before it begins
  template <class Model>
  void require(Model const& model) const {
    if (which.tensor.empty() && !which.group) {
      refuse({"frozen: say which parameters: .tensor, by name, or .group"});
    }
    if (which.from >= which.until) {
      refuse({"frozen: until must be more than from, ", which.from, ", found ", which.until});
    }
    bool found = false;
    for (auto const& t : model.tensors()) {
      found = found || which.means(tensor_name(t), t.group);
    }
    if (!found && !which.tensor.empty()) {
      refuse({"frozen: the model has no parameter named '", which.tensor, "'",
              which.group ? " in the group asked for" : ""});
    }
    if (!found) refuse({"frozen: the model has no parameter in the group asked for"});
    detail::require_of<Optimizer>(*this, model);
  }
};
template <class Optimizer>
frozen(Optimizer, freeze) -> frozen<Optimizer>;

} // namespace dormant
