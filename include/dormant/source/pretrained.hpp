// SPDX-License-Identifier: MIT
// A pretrained model that stays in its files: measured layer by layer, under the same probes and
// interventions as any other model, in memory for one layer.
#pragma once

#include "dormant/evaluate.hpp"
#include "dormant/pass/layer_pass.hpp"
#include "dormant/source/load.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace dormant {

/// \tparam Scalar what is computed in: float, or double
template <model_family Family, class Scalar = float>
class pretrained {
public:
  using net = typename Family::template net<Scalar>; ///< the same in memory, see `load`
  using model = typename net::model;
  using scalar = Scalar;

  /// Checks every tensor; reads none, save a head that is stored although it is tied.
  /// \throws error as `stored_model` does
  pretrained(Family family, model_folder folder)
      : family_(std::move(family)), folder_(std::move(folder)),
        stored_(family_, folder_, detail::layout_in_memory<model>(family_.s).tensors, family_.s) {}

  [[nodiscard]] Family const& family() const { return family_; }
  /// As config.json says them; the context is the longest that the model was made for.
  [[nodiscard]] sizes const& s() const { return family_.s; }
  [[nodiscard]] model_folder const& folder() const { return folder_; }

  /// One forward pass over a batch on all cores, as `transformer::evaluate`. Weights are read once, layer
  /// by layer, for all rows; a row gives the same bits whatever rows are beside it.
  /// \throws error as `dormant::evaluate` does
  template <class... Hooks>
  evaluation evaluate(batch const& rows, Hooks&&... hooks) const;
  [[nodiscard]] stored_model const& stored() const { return stored_; }

private:
  Family family_;
  model_folder folder_;
  stored_model stored_;
};

/// The same with threads and shards of your choice; the bits do not depend on the threads.
template <class Family, class Scalar, class... Hooks>
evaluation evaluate(pretrained<Family, Scalar> const& net, batch const& rows, execution how,
                    Hooks&&... hooks) {
  using model = typename pretrained<Family, Scalar>::model;
  static_assert((detail::check_hook<model, false, std::remove_reference_t<Hooks>>() && ...));
  detail::check_batch(rows, net.s());
  sizes s = net.s();
  s.context = rows.context();
  detail::layer_pass<model, stored_model> pass(how, s, net.stored());
  (detail::tell_structure(hooks, pass.placed()), ...);
  return detail::evaluation_of<Scalar>(
      [&](auto& risks) { return pass.evaluate(rows, hooks..., risks); });
}

template <model_family Family, class Scalar>
template <class... Hooks>
evaluation pretrained<Family, Scalar>::evaluate(batch const& rows, Hooks&&... hooks) const {
  return dormant::evaluate(*this, rows, execution{}, hooks...);
}

} // namespace dormant
