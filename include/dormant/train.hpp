// SPDX-License-Identifier: MIT
// The verb: train a model to the end of a schedule, with hooks that listen when they are due.
#pragma once

#include "dormant/trainer.hpp"

#include <concepts>
#include <cstdint>

namespace dormant {

/// Whether a training run is over, and how it ended.
struct training_result {
  std::uint64_t steps = 0;  ///< taken in all, those before a resume included
  double loss = 0;          ///< of the last step's batch, nats
  bool interrupted = false; ///< a hook asked to stop before the schedule was done
};

namespace detail {
// A hook with a schedule of its own takes part only in the steps for which it is due; it is asked
// before and closed after each of them.
template <class H>
concept scheduled = requires(H& hook, std::uint64_t step) {
  { hook.due(step) } -> std::same_as<bool>;
  hook.close();
};
// Every hook has to be asked, because asking also tells it whether it may listen.
template <class... Hooks>
bool any_due(std::uint64_t step, Hooks&... hooks) {
  [[maybe_unused]] auto const ask = [step]<class H>(H& hook) -> int {
    if constexpr (scheduled<H>) return hook.due(step) ? 1 : 0;
    return 0;
  };
  return (ask(hooks) + ... + 0) > 0;
}
template <class... Hooks>
void close_due(Hooks&... hooks) {
  [[maybe_unused]] auto const close = []<class H>(H& hook) {
    if constexpr (scheduled<H>) hook.close();
  };
  (close(hooks), ...);
}
template <class... Hooks>
bool any_wants_stop(Hooks const&... hooks) {
  [[maybe_unused]] auto const ask = []<class H>(H const& hook) {
    if constexpr (requires { hook.stop_requested(); }) return bool{hook.stop_requested()};
    return false;
  };
  return (ask(hooks) || ...);
}
struct unscheduled {
  template <class H>
  static constexpr bool keeps = !scheduled<H>;
};
} // namespace detail

/// Runs a trainer to the end of its schedule. Hooks with a schedule of their own (cadence.hpp) are
/// heard only in steps for which they are due, and a last time, without a step, if the end is due.
/// \throws non_finite, error
template <class Net, class Task, class Optimizer, class... Hooks>
training_result run(trainer<Net, Task, Optimizer>& run, Hooks&... hooks) {
  using model = typename Net::model;
  static_assert((detail::check_hook<model, true, Hooks>() && ...));
  constexpr bool any_scheduled = (detail::scheduled<Hooks> || ...);
  (detail::tell_structure(hooks, model{}), ...);
  training_result result{.steps = run.steps(), .loss = run.state().loss};
  while (run.steps() < run.plan().steps) {
    if constexpr (any_scheduled) {
      if (detail::any_due(run.steps(), hooks...)) {
        result.loss = run.step(hooks...);
        detail::close_due(hooks...);
      } else {
        result.loss = detail::with_hooks<detail::unscheduled>(
            [&](auto&... some) { return run.step(some...); }, hooks...);
      }
    } else {
      result.loss = run.step(hooks...);
    }
    result.steps = run.steps();
    if (detail::any_wants_stop(hooks...) && run.steps() < run.plan().steps) {
      result.interrupted = true;
      return result;
    }
  }
  if constexpr (any_scheduled) {
    if (detail::any_due(run.steps(), hooks...)) {
      run.measure(hooks...);
      detail::close_due(hooks...);
    }
  }
  return result;
}

/// Trains a model in place: `train(net, task, adamw{.lr = 1e-3}, {.steps = 1000, .batch = 64},
/// progress{})`.
/// \throws non_finite naming step, layer and tensor; error for a schedule that cannot run
template <class Net, class Task, class Optimizer, class... Hooks>
training_result train(Net& net, Task const& task, Optimizer const& optimizer, schedule const& plan,
                      Hooks&&... hooks) {
  if (plan.steps == 0) refuse({"train: the schedule must have at least one step, found 0"});
  trainer<Net, Task, Optimizer> whole(net, task, optimizer, plan);
  return run(whole, hooks...);
}

} // namespace dormant
