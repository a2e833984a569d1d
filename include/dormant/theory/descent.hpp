// SPDX-License-Identifier: MIT
// The minimal model under the optimizers of the library, step by step.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/kernels/optimizer_steps.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/optimizer/wrapped.hpp"
#include "dormant/tensor.hpp"
#include "dormant/theory/minimal_model.hpp"
#include "dormant/theory/trajectory.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace dormant::theory {

struct descent_options {
  moving what = moving::both;
  std::uint64_t steps = 10'000;
  std::size_t times = 61; ///< how many observations at most, evenly spaced in ln(steps taken)
};

/// Steps of an optimizer from x; set its `weight_decay` to 0, as the theory knows none.
/// \param draw `draw(step)`, step = 0, 1, ..., gives the contexts of a step: the same `std::span`
///   again and again, or a fresh `std::vector<context>`, which makes it stochastic
template <optimizer Optimizer, class Draw>
[[nodiscard]] trajectory descend(minimal_model const& model, Draw&& draw,
                                 std::vector<double> const& x, Optimizer const& how,
                                 descent_options const& options = {}) {
  static_assert(
      !detail::may_rest<Optimizer>,
      "dormant::theory::descend: alpha and beta are no tensors that could be frozen by name; "
      "`descent_options::what` says which of them moves");
  arena<double> state(x.size()), dx(x.size());
  std::ranges::copy(x, state.data());
  auto const alphas = model.queries().size();
  std::size_t const first = options.what == moving::beta ? alphas : 0;
  std::size_t const count = (options.what == moving::alpha ? alphas : x.size()) - first;
  typename Optimizer::template state<double> memory(x.size());

  trajectory out;
  auto times = log_spaced(1, static_cast<double>(options.steps), options.times);
  times.back() = static_cast<double>(options.steps); // whatever the rounding of exp
  auto due = times.begin();
  for (std::uint64_t step = 0; step < options.steps; ++step) {
    auto const& contexts = draw(step);
    model.gradient(state.span(), contexts, dx.span());
    if constexpr (detail::scales_gradients<Optimizer>) {
      double const square = kernels::sum_of_squares(dx.data() + first, count);
      kernels::scale<xsimd::default_arch>(dx.data() + first, count,
                                          how.gradient_scale(std::sqrt(square)));
    }
    how.template step<xsimd::default_arch>(
        memory,
        parameter_segment<double>{.parameters = state.span().subspan(first, count),
                                  .gradients = dx.span().subspan(first, count),
                                  .offset = first,
                                  .cols = count},
        step + 1);
    auto const taken = static_cast<double>(step + 1);
    if (due == times.end() || taken < *due) continue;
    while (due != times.end() && *due <= taken) ++due;
    out.times.push_back(taken);
    out.states.emplace_back(state.span().begin(), state.span().end());
  }
  return out;
}

} // namespace dormant::theory
