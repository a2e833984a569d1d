// SPDX-License-Identifier: MIT
// Measure a model on a batch, with probes and interventions; and its gradient.
#pragma once

#include "dormant/model/transformer.hpp"
#include "dormant/probe/risk.hpp"

#include <cstddef>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

namespace dormant {

namespace detail {
template <class Hook, class Placement>
void tell_structure(Hook& hook, [[maybe_unused]] Placement const& model) {
  if constexpr (checks<Hook, Placement>) hook.require(model);
}

// What one forward pass found: run(risks) returns the loss, with that probe among its hooks.
template <class T, class F>
evaluation evaluation_of(F run) {
  risk_of<T> risks;
  evaluation found;
  found.loss = run(risks);
  found.bigram_risk = risks.bigram();
  found.backcopy_risk = risks.backcopy();
  return found;
}
// With the memory and the threads of `pass`, over a batch that was checked.
template <class Model, class Team, class... Hooks>
evaluation evaluate_by(batch_pass<Model, Team>& pass, typename Model::scalar const* parameters,
                       batch const& rows, Hooks&... hooks) {
  return evaluation_of<typename Model::scalar>(
      [&](auto& risks) { return pass.evaluate(parameters, rows, hooks..., risks); });
}
} // namespace detail

/// One forward pass over a batch. Hooks hear the sites in the order in which they are given: a
/// probe placed after an intervention on the same site sees the edited value.
/// \throws error for tokens outside the vocabulary, sequences longer than the context, or a hook
///   that names a layer or head which the model does not have
template <shape Shape, class... Parts, class... Hooks>
evaluation evaluate(transformer<Shape, Parts...> const& net, batch const& rows, execution how,
                    Hooks&&... hooks) {
  using model = structure<Shape, Parts...>;
  static_assert((detail::check_hook<model, false, std::remove_reference_t<Hooks>>() && ...));
  detail::check_whole(net.parameters().size());
  detail::check_batch(rows, net.placed().s, model::registers);
  (detail::tell_structure(hooks, net.placed()), ...);
  detail::batch_pass<model> pass(how, false, net.placed());
  return detail::evaluate_by(pass, net.parameters().data(), rows, hooks...);
}

template <shape Shape, class... Parts>
template <class... Hooks>
evaluation transformer<Shape, Parts...>::evaluate(batch const& rows, Hooks&&... hooks) const {
  return dormant::evaluate(*this, rows, execution{}, hooks...);
}

/// The gradient of the mean loss over a batch, laid out like the parameters.
template <class Net>
struct loss_gradient {
  double loss = 0; ///< nats
  arena<typename Net::scalar> values;
  std::span<tensor_spec const> tensors; ///< as `net.tensors()`, of a model that is still there

  /// dL/d(tensor), by its name in the state dict.
  /// \throws error if the structure has no such tensor, or if the gradient was moved from
  [[nodiscard]] view<typename Net::scalar const, 2> operator[](std::string_view name) const {
    if (values.size() == 0) refuse({"the gradient is empty, because it was moved from"});
    auto const& t = find_tensor(tensors, name);
    return make_matrix_view<typename Net::scalar const>(values.data() + t.offset, t.rows, t.cols,
                                                        t.cols);
  }
};

/// Loss and gradient of a batch without taking a step.
/// \throws error as `evaluate` does
template <shape Shape, class... Parts, class... Hooks>
loss_gradient<transformer<Shape, Parts...>> differentiate(transformer<Shape, Parts...> const& net,
                                                          batch const& rows, execution how,
                                                          Hooks&&... hooks) {
  using model = structure<Shape, Parts...>;
  static_assert((detail::check_hook<model, true, std::remove_reference_t<Hooks>>() && ...));
  detail::check_whole(net.parameters().size());
  detail::check_batch(rows, net.placed().s, model::registers);
  (detail::tell_structure(hooks, net.placed()), ...);
  detail::batch_pass<model> pass(how, true, net.placed());
  double const loss = pass.differentiate(net.parameters().data(), rows, hooks...);
  return {loss, std::move(pass.gradient()), net.tensors()};
}

} // namespace dormant
