// SPDX-License-Identifier: MIT
// Where the memory of a pass begins, in the layer that the pass is in.
#pragma once

#include "dormant/pass/memory.hpp"
#include "dormant/plan/handles.hpp"
#include "dormant/plan/totals.hpp"

#include <cstddef>

namespace dormant::detail {

template <class T>
struct pass_places {
  T const* parameters;
  T const* packed;
  T const* constants;
  T const* step;
  T* gradients; // of this shard; null where nothing goes back
  T* gathered;  // beside it
  T* kept;
  T* spare;
  T* borrowed;

  template <class Model>
  pass_places(T const* all, auto const& of_step, sequence_memory<Model>& m, T* gradients_of_shard,
              T* gathered_of_shard)
      : parameters(all), packed(of_step.packed()), constants(of_step.constants()),
        step(of_step.step()), gradients(gradients_of_shard), gathered(gathered_of_shard),
        kept(m.kept.data()), spare(m.spare.data()), borrowed(m.borrowed.data()) {}

  template <lifetime In>
  [[nodiscard]] T* of() const {
    return In == lifetime::kept ? kept : In == lifetime::borrowed ? borrowed : spare;
  }
  /// To layer `l`, where each layer is planned `layer` after the one before.
  void go_to(std::size_t l, totals const& layer) {
    parameters += l * layer.parameters;
    if (gradients != nullptr) gradients += l * layer.parameters;
    packed += l * layer.packed;
    step += l * layer.step;
    kept += l * layer.kept;
    spare += l * layer.spare;
  }
};

} // namespace dormant::detail
