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
// Every hook has to be asked, because asking also tells it whether it may listen.
template <class... Hooks>
bool any_due(std::uint64_t step, Hooks&... hooks) {
  [[maybe_unused]] auto const ask = [step]<class H>(H& hook) -> int {
    if constexpr (scheduled<H>) return hook.due(step) ? 1 : 0;
    return 0;
  };
  return (ask(hooks) + ... + 0) > 0;
}
// Closes every hook, also those after one that throws.
inline void close_due() {}
template <class Hook, class... Hooks>
void close_due(Hook& first, Hooks&... others) {
  if constexpr (scheduled<Hook>) {
    try {
      first.close();
    } catch (...) {
      close_due(others...);
      throw;
    }
  }
  close_due(others...);
}
template <class... Hooks>
void abandon_due(Hooks&... hooks) {
  [[maybe_unused]] auto const abandon = []<class H>(H& hook) {
    if constexpr (scheduled<H> && abandons<H>) hook.abandon();
  };
  (abandon(hooks), ...);
}
// Calls `act` if any hook is due, and closes what was asked whatever happens.
template <class Run, class Act, class... Hooks>
bool when_due(Run const& run, Act act, Hooks&... hooks) {
  std::uint64_t const before = run.steps();
  try {
    if (!any_due(before, hooks...)) return false;
    act();
  } catch (...) {
    // A step that counts has been heard; any other will be asked for again.
    if (run.steps() == before) {
      abandon_due(hooks...);
    } else {
      close_due(hooks...);
    }
    throw;
  }
  close_due(hooks...);
  return true;
}
template <class... Hooks>
bool any_wants_stop(Hooks&... hooks) {
  [[maybe_unused]] auto const ask = []<class H>(H& hook) {
    if constexpr (stops<H>) return bool{hook.stop_requested()};
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
/// \throws non_finite, error, and what a hook throws; the run can then go on as
///   `trainer::step` says, and a hook with a schedule has no half-heard step: a row of
///   `history` is that of a step that counts
template <class Net, class Task, class Optimizer, class Team, class... Hooks>
training_result run(trainer<Net, Task, Optimizer, Team>& run, Hooks&... hooks) {
  using model = typename Net::model;
  static_assert((detail::check_hook<model, true, Hooks>() && ...));
  constexpr bool any_scheduled = (scheduled<Hooks> || ...);
  (detail::tell_structure(hooks, run.net().placed()), ...);
  training_result result{.steps = run.steps(), .loss = run.state().loss};
  while (run.steps() < run.plan().steps) {
    if constexpr (any_scheduled) {
      auto const step = [&] { result.loss = run.step(hooks...); };
      if (!detail::when_due(run, step, hooks...)) {
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
    detail::when_due(
        run, [&] { run.measure(hooks...); }, hooks...);
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
