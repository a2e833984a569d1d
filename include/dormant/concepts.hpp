// SPDX-License-Identifier: MIT
// READ FIRST. Everything you may replace: one concept each, followed by its archetype, the smallest
// type that models it. Copy the archetype, fill it in, and put the `static_assert` under it. Probes
// and interventions are in hook_concepts.hpp, parts in plan/part.hpp.
#pragma once

#include "dormant/hook_concepts.hpp" // IWYU pragma: export
#include "dormant/kernels/xsimd.hpp"
#include "dormant/random.hpp"
#include "dormant/rule/row.hpp"
#include "dormant/sites.hpp"
#include "dormant/tensor_spec.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>

namespace dormant {

// ---- attention rules --------------------------------------------------------------------------

/// A rule that turns the causal scores of one query into attention weights, in place, and the
/// gradient of the weights into the gradient of the scores. Rows need not sum to one. Optional:
///   - `scalars_per_head`, `scalars_name`: learned scalars of each head, see sink_logit.hpp;
///   - `gate`: a gate on the head outputs with a learned matrix, see output_gate.hpp;
///   - `needs_scores = true`: keep the scores for `backward`.
template <class N>
concept attention_rule = requires(attention_row<float, xsimd::default_arch> row,
                                  attention_row_gradient<float, xsimd::default_arch> gradient) {
  { N::name } -> std::convertible_to<std::string_view>;
  N::forward(row);
  N::backward(row, gradient);
};

namespace archetype {
struct attention_rule {
  static constexpr std::string_view name = "archetype";
  static void forward(auto /*row: scores in, weights out*/) {}
  static void backward(auto /*row: weights, not read again*/,
                       auto /*gradient: dL/dA in, dL/ds out*/) {}
};
static_assert(dormant::attention_rule<attention_rule>);
} // namespace archetype

// ---- optimizers -------------------------------------------------------------------------------

/// A stretch of the flat parameter arena that shares one learning rate: one tensor, or part of one
/// for an optimizer that says `elementwise = true`.
template <class T>
struct parameter_segment {
  std::span<T> parameters;
  std::span<T const> gradients;
  std::size_t offset = 0; ///< where the stretch begins in the arena, and so in the state
  std::size_t rows = 1;   ///< of the tensor, [out, in]
  std::size_t cols = 0;
  double rate_scale = 1;   ///< multiplies the learning rate
  std::string_view name{}; ///< of the tensor in the state dict; empty outside a model
  dormant::group group{};  ///< what the tensor belongs to; unsaid where the name is empty
  std::size_t layer = 0;
};

namespace detail {
/// The memory of this optimizer depends on the tensors and on its hyper-parameters.
template <class O, class T>
concept placed_state = std::constructible_from<typename O::template state<T>, O const&,
                                               std::span<tensor_spec const>, std::size_t>;

/// The memory of an optimizer for tensors that lie in an arena of `parameters` elements.
template <class T, class O>
[[nodiscard]] typename O::template state<T>
state_for(O const& hyper, [[maybe_unused]] std::span<tensor_spec const> tensors,
          std::size_t parameters) {
  using state = typename O::template state<T>;
  if constexpr (placed_state<O, T>) {
    return state(hyper, tensors, parameters);
  } else {
    return state(parameters);
  }
}
/// Calls `f(name, arena<T>&)` for memory of a size of its own.
template <class State, class F>
void each_flat_of([[maybe_unused]] State& state, [[maybe_unused]] F&& f) {
  if constexpr (requires { state.each_flat(f); }) state.each_flat(f);
}
} // namespace detail

/// An aggregate of hyper-parameters whose nested `state<T>` is what it remembers between steps.
/// `step` is called for disjoint segments, possibly from several
/// threads; `t` counts from 1. Optional:
///   - `elementwise = true`: tensors may be cut in pieces;
///   - `rates`: learning rates per group, see rates.hpp;
///   - `decoupled_decay = true`: `weight_decay` acts beside the gradient, see exact_decay.hpp;
///   - `rests(segment, t)`: whether step t leaves the tensor alone, see frozen.hpp;
///   - `gradient_scale(norm)`: a factor on all gradients from their norm, see clipped.hpp;
///   - `require(model)`: throws `error` where it cannot train such a model, a `placement`;
///   - a state that must know what lies where is constructible from (optimizer, tensors, number of
///     parameters) instead of from the number alone, and shows memory of another size than the
///     parameters by `each_flat(f)`, beside `each(f)`; see ortho_adam.hpp and soap.hpp.
template <class O>
concept optimizer = requires(O const hyper, typename O::template state<float>& state,
                             parameter_segment<float> segment, std::uint64_t t) {
  { O::name } -> std::convertible_to<std::string_view>;
  typename O::template state<float>;
  requires std::constructible_from<typename O::template state<float>, std::size_t> ||
      detail::placed_state<O, float>;
  hyper.template step<xsimd::default_arch>(state, segment, t);
};

namespace archetype {
struct optimizer {
  static constexpr std::string_view name = "archetype";
  template <class T>
  struct state {
    explicit state(std::size_t /*parameters*/) {}
    /// Calls `f(name, arena<T>&)` for every tensor of memory, so that checkpoints can keep it.
    void each(auto /*f*/) {}
  };
  template <class Arch, class T>
  void step(state<T>& /*memory*/, parameter_segment<T> /*where*/, std::uint64_t /*t*/) const {}
};
static_assert(dormant::optimizer<optimizer>);
} // namespace archetype

// ---- tasks ------------------------------------------------------------------------------------

/// A source of sequences: row `row` of step `step` is a pure function of (seed, stream, step, row).
/// `context` is static where it is known to the compiler, so that a model too short for it does not
/// compile. Optional:
///   - `most_copied`: how many tokens the spread of a law names at most;
///   - `knows_laws = false`: `laws` is empty, as nobody knows them.
template <class K>
concept task = requires(K const k, std::span<token> tokens, std::span<next_token_law> laws) {
  { k.context } -> std::convertible_to<std::size_t>;
  k.sample_row(stream::training_data, std::uint64_t{}, std::uint64_t{}, tokens, laws);
  { k.sample(std::size_t{}) } -> std::same_as<batch>;
  { k.table() } -> std::same_as<std::shared_ptr<law_table const>>;
};

namespace archetype {
struct task {
  static constexpr std::size_t context = 1;
  void sample_row(stream, std::uint64_t /*step*/, std::uint64_t /*row*/, std::span<token> /*[T+1]*/,
                  std::span<next_token_law> /*[T]*/) const {}
  [[nodiscard]] batch sample(std::size_t rows) const { return {rows, context}; }
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return nullptr; }
};
static_assert(dormant::task<task>);
} // namespace archetype

} // namespace dormant
