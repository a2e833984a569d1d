// SPDX-License-Identifier: MIT
// The time between sequences: what a part does once a step, before matrices are packed (`prepare`)
// and after the shards' gradients are summed (`finish`).
#pragma once

#include "dormant/detail/thread_pool.hpp"
#include "dormant/pass/memory.hpp"
#include "dormant/plan/placement.hpp"

#include <cstddef>

namespace dormant {

/// As a `pass`, without a sequence: `p[handle]` is memory of the whole model, `run`
/// spreads jobs over all threads.
template <class ModelType>
class step_pass : public placement<ModelType> {
public:
  using Model = ModelType;
  using T = typename Model::scalar;
  using arch = typename Model::arch;

  step_pass(placement<Model> const& where, T const* parameters, detail::step_arena<Model>& step,
            T* gradient, T const* gathered, detail::thread_pool& threads)
      : placement<Model>(where), parameters_(parameters), constants_(step.constants()),
        step_(step.step()), gradient_(gradient), gathered_(gathered), threads_(&threads) {}

  [[nodiscard]] T const* operator[](weight w) const { return parameters_ + w.offset; }
  [[nodiscard]] T const* operator[](constant c) const { return constants_ + c.offset; }
  [[nodiscard]] T* operator[](step_memory m) const { return step_ + m.offset; }
  /// The gradient of the whole batch; null before it is known.
  [[nodiscard]] T* gradient(weight w) const { return gradient_ + w.offset; }
  [[nodiscard]] T const* gathered(shard_memory m) const { return gathered_ + m.offset; }

  /// Calls f(job) for each of `jobs`, on all threads.
  template <class F>
  void run(std::size_t jobs, F f) const {
    threads_->run(jobs, [&](std::size_t job, std::size_t) { f(job); });
  }
  /// The same in layer `l`, where each layer is planned `step` after the one before.
  [[nodiscard]] step_pass at(std::size_t l, detail::totals const& step) const {
    step_pass p = *this;
    p.parameters_ += l * step.parameters;
    p.step_ += l * step.step;
    if (gradient_ != nullptr) p.gradient_ += l * step.parameters;
    return p;
  }

private:
  T const* parameters_;
  T const* constants_;
  T* step_;
  T* gradient_;
  T const* gathered_;
  detail::thread_pool* threads_;
};

namespace detail {
/// Asks a part, or the parts of it, for what they do before a step's matrices are packed. Most do
/// nothing; a part that holds others says so by `each_part(p, f)`, which calls f(part, p).
template <class Part, class Step>
void prepare_parts(Part const& part, Step const& p) {
  if constexpr (requires { part.prepare(p); }) {
    part.prepare(p);
  } else if constexpr (requires { part.each_part(p, [](auto const&, auto const&) {}); }) {
    part.each_part(p, [](auto const& inner, auto const& at) { prepare_parts(inner, at); });
  }
}
/// The same for what they do to the gradient of the batch.
template <class Part, class Step>
void finish_parts(Part const& part, Step const& p) {
  if constexpr (requires { part.finish(p); }) {
    part.finish(p);
  } else if constexpr (requires { part.each_part(p, [](auto const&, auto const&) {}); }) {
    part.each_part(p, [](auto const& inner, auto const& at) { finish_parts(inner, at); });
  }
}
} // namespace detail

} // namespace dormant
