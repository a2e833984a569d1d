// SPDX-License-Identifier: MIT
// A pretrained model that stays in its files: measured layer by layer, under the same probes and
// interventions as any other model, in memory for one layer.
#pragma once

#include "dormant/evaluate.hpp"
#include "dormant/pass/layer_pass.hpp"
#include "dormant/pass/residual_streams.hpp"
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

  /// One forward pass over a batch on all cores, as `transformer::evaluate`. Weights are read once,
  /// layer by layer, for all rows; a row gives the same bits whatever rows are beside it.
  /// \throws error as `dormant::evaluate` does
  template <class... Hooks>
  evaluation evaluate(batch const& rows, Hooks&&... hooks) const;
  [[nodiscard]] stored_model const& stored() const { return stored_; }

private:
  Family family_;
  model_folder folder_;
  stored_model stored_;
};

/// f(net) with the folder's model, whatever its family, as a `pretrained<Family, Scalar>`.
/// `f` is compiled for each family.
/// \throws error as `with_family` and the constructor of `pretrained` do
template <class Scalar = float, class F>
decltype(auto) with_pretrained(model_folder const& folder, F&& f) {
  return with_family(folder, [&]<class Family>(Family const& family) {
    return f(pretrained<Family, Scalar>(family, folder));
  });
}

namespace detail {
/// What hooks are told of a model of which only some layers will be run.
template <class Model>
struct placement_of_layers : placement<Model> {
  std::size_t first_layer, end_layer;
};

/// f(pass) for a batch and hooks that were checked, where the layers [first, end) will be run.
template <class Family, class Scalar, class F, class... Hooks>
auto over_layers(pretrained<Family, Scalar> const& net, batch const& rows, execution how,
                 std::size_t first, std::size_t end, F f, Hooks&... hooks) {
  using model = typename pretrained<Family, Scalar>::model;
  static_assert((check_hook<model, false, std::remove_reference_t<Hooks>>() && ...));
  check_batch(rows, net.s());
  sizes s = net.s();
  s.context = rows.context();
  layer_pass<model, stored_model> pass(how, s, net.stored());
  placement_of_layers<model> const seen{pass.placed(), first, end};
  (tell_structure(hooks, seen), ...);
  return f(pass);
}
} // namespace detail

/// The same with threads and shards of your choice; the bits do not depend on the threads.
template <class Family, class Scalar, class... Hooks>
evaluation evaluate(pretrained<Family, Scalar> const& net, batch const& rows, execution how,
                    Hooks&&... hooks) {
  return detail::over_layers(
      net, rows, how, 0, net.s().layers,
      [&](auto& pass) {
        return detail::evaluation_of<Scalar>(
            [&](auto& risks) { return pass.evaluate(rows, hooks..., risks); });
      },
      hooks...);
}

/// The residual streams of all rows as the first layer reads them. Hooks hear the embedding.
/// \throws error as `evaluate` does
template <class Family, class Scalar, class... Hooks>
[[nodiscard]] residual_streams<Scalar> residuals_of(pretrained<Family, Scalar> const& net,
                                                    batch const& rows, execution how,
                                                    Hooks&&... hooks) {
  return detail::over_layers(
      net, rows, how, 0, 0,
      [&](auto& pass) {
        residual_streams<Scalar> x(rows, net.s().width);
        pass.run(rows, x, {.embeds = true}, hooks...);
        return x;
      },
      hooks...);
}

/// The streams as the layer that reads them leaves them, which is how the next one
/// reads them. Hooks hear that layer.
/// \throws error as `evaluate` does, and for streams of another batch or after the last layer
template <class Family, class Scalar, class... Hooks>
[[nodiscard]] residual_streams<Scalar> advance(pretrained<Family, Scalar> const& net,
                                               batch const& rows, residual_streams<Scalar> streams,
                                               execution how, Hooks&&... hooks) {
  detail::check_streams(streams, rows, net.s());
  std::size_t const layer = streams.layer;
  if (layer == net.s().layers) {
    refuse({"advance: the residual streams have passed the last layer, ", layer - 1});
  }
  return detail::over_layers(
      net, rows, how, layer, layer + 1,
      [&](auto& pass) {
        pass.run(rows, streams, {.end = layer + 1}, hooks...);
        return std::move(streams);
      },
      hooks...);
}

/// `evaluate`, begun with the streams before a layer instead of the tokens: the same bits, with
/// whatever hooks that concern this layer and those after it; `every_layer` is every one of these.
/// The time is that of these layers.
/// \param rows the batch that the streams are of
/// \throws error as `evaluate` does, for streams of another batch, and for an intervention
///   on a layer that lies before them
template <class Family, class Scalar, class... Hooks>
evaluation evaluate_from(pretrained<Family, Scalar> const& net, batch const& rows,
                         residual_streams<Scalar> streams, execution how, Hooks&&... hooks) {
  detail::check_streams(streams, rows, net.s());
  return detail::over_layers(
      net, rows, how, streams.layer, net.s().layers,
      [&](auto& pass) {
        return detail::evaluation_of<Scalar>([&](auto& risks) {
          return pass.run(rows, streams, {.end = net.s().layers, .predicts = true}, hooks...,
                          risks);
        });
      },
      hooks...);
}

template <model_family Family, class Scalar>
template <class... Hooks>
evaluation pretrained<Family, Scalar>::evaluate(batch const& rows, Hooks&&... hooks) const {
  return dormant::evaluate(*this, rows, execution{}, hooks...);
}

} // namespace dormant
