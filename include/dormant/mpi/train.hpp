// SPDX-License-Identifier: MIT
// The verb, over all ranks of a group: `dm::mpi::train(world, net, task, optimizer, schedule,
// hooks...)` leaves on every rank the bits that `dm::train` would leave in one process.
#pragma once

#include "dormant/mpi/at_first.hpp" // IWYU pragma: export
#include "dormant/mpi/session.hpp"
#include "dormant/mpi/team.hpp"
#include "dormant/train.hpp"

#include <cstdint>
#include <cstring>
#include <span>

namespace dormant::mpi {

/// A trainer whose batches are shared by the ranks of a group, its last argument. All of them call
/// it, within `together`, and have the same model, task, optimizer and schedule.
template <class Net, class Task, class Optimizer>
using trainer =
    dormant::trainer<Net, Task, Optimizer, team<typename Net::arch, typename Net::scalar>>;

namespace detail {
/// A number that two ranks share if they begin the same run.
template <class T>
[[nodiscard]] std::uint64_t fingerprint(schedule const& plan, std::uint64_t step,
                                        std::span<T const> parameters) {
  std::uint64_t hash = 0xcbf29ce484222325; // FNV-1a, over words
  auto const add = [&hash](std::uint64_t word) { hash = (hash ^ word) * 0x100000001b3; };
  for (auto const number :
       {plan.steps, std::uint64_t{plan.batch}, std::uint64_t{plan.shards}, step}) {
    add(number);
  }
  for (T const& p : parameters) {
    std::uint64_t word = 0;
    std::memcpy(&word, &p, sizeof p);
    add(word);
  }
  return hash;
}
} // namespace detail

/// Runs a trainer of this group to the end of its schedule, as `dormant::run` does. If a hook asks
/// one rank to stop, all stop after the same step.
/// \throws non_finite and error on every rank, and what a hook throws as `group::together` says
template <class Net, class Task, class Optimizer, class... Hooks>
training_result run(group& all, trainer<Net, Task, Optimizer>& run, Hooks&... hooks) {
  return all.together([&] {
    all.compare(
        detail::fingerprint<typename Net::scalar>(run.plan(), run.steps(), run.net().parameters()),
        "parameters or schedule");
    try {
      return dormant::run(run, hooks...);
    } catch (error const&) {
      if (!all.others_ended()) throw;
      return training_result{.steps = run.steps(), .loss = run.state().loss, .interrupted = true};
    }
  });
}

/// Trains a model in place, on every rank to the same bits.
/// \throws as `run` does, and error for a schedule that cannot run
template <class Net, class Task, class Optimizer, class... Hooks>
training_result train(group& all, Net& net, Task const& task, Optimizer const& optimizer,
                      schedule const& plan, Hooks&&... hooks) {
  return all.together([&] {
    if (plan.steps == 0) refuse({"train: the schedule must have at least one step, found 0"});
    trainer<Net, Task, Optimizer> whole(net, task, optimizer, plan, all);
    return mpi::run(all, whole, hooks...);
  });
}

} // namespace dormant::mpi
