// SPDX-License-Identifier: MIT
// How an experiment trains a model while it measures it.
#pragma once

#include "common/kept_rows.hpp"
#include "common/runs.hpp"
#include "dormant/evaluate.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/train.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <system_error>
#include <tuple>
#include <utility>

namespace paper {

/// Steps from one of about sixty measurements to the next; every hundredth step is among them.
inline std::uint64_t measuring_interval(std::uint64_t steps) {
  auto interval = std::clamp<std::uint64_t>(steps / 60, 1, 100);
  while (100 % interval != 0) --interval;
  return interval;
}

/// \throws dm::non_finite if the last loss is not finite, which no step finds
inline void check_finite(curve const& rows) {
  if (!rows.empty() && !std::isfinite(rows.back()["loss"])) {
    throw dm::non_finite("the loss after the last step is not finite");
  }
}

/// The files of a run under way: parameters and optimizer memory, and the rows so far.
class run_state {
public:
  explicit run_state(one_run const& run) : run_(run) {}

  template <class Trainer>
  void keep(Trainer const& trainer, curve const& rows) const {
    if (run_.state.empty()) return;
    keep_rows(with(".csv"), rows); // first: rows past the step of the other file are dropped
    dm::save_run<typename Trainer::net_type>(with(".safetensors"), trainer.state(), run_.identity);
  }
  /// \returns the rows up to the step at which the trainer is put; none if there is no state
  template <class Trainer>
  [[nodiscard]] curve resume(Trainer& trainer) const {
    if (run_.state.empty() || !std::filesystem::exists(with(".safetensors"))) return {};
    dm::load_run(with(".safetensors"), trainer, run_.identity);
    auto rows = rows_kept(with(".csv"));
    std::erase_if(rows, [&](dm::probe_row const& row) {
      return row["step"] > static_cast<double>(trainer.steps());
    });
    return rows;
  }

private:
  [[nodiscard]] std::filesystem::path with(char const* ending) const {
    return run_.state.string() + ending;
  }
  one_run const& run_;
};

/// On what, and when, a model is measured while it is trained.
struct watching {
  dm::batch const& on;             ///< the same sequences for all runs, which none is trained on
  std::uint64_t every = 0;         ///< steps; 0: `measuring_interval`
  std::uint64_t closely_until = 0; ///< up to this step every second one too, to date what forms

  [[nodiscard]] bool due(std::uint64_t step, std::uint64_t steps) const {
    if (step == steps || (step <= closely_until && step % 2 == 0)) return true;
    return step % (every != 0 ? every : measuring_interval(steps)) == 0;
  }
};

/// Of the task from which all runs of an experiment are measured; evaluation data are no run's
/// training data, whatever its seed.
inline constexpr std::uint64_t evaluation_seed = 0;

/// Sequences to measure all runs of an experiment on: 64, or as many as the authors had.
template <dm::shape Shape>
dm::batch fixed_batch(setting const& how) {
  dm::bigram_backcopy<Shape> const task({.seed = evaluation_seed, .table = how.table});
  return task.sample(how.paper_scale ? 512 : 64);
}

/// Trains a model to the end of its schedule and measures it again and again on a fixed batch, the
/// first time before it is trained, the last time trained. A run with a `state` is kept every
/// hundred steps and goes on where it was.
/// \param step takes one step
/// \param edits interventions that take part in measuring, as a std::tie
/// \param probes whose numbers become the columns
/// \throws interrupted, dm::non_finite; dm::error for a state that is of another run
template <class Trainer, class Step, class... Edits, class... Probes>
curve watch_training(one_run const& run, Trainer& trainer, watching const& watch, Step step,
                     std::tuple<Edits const&...> edits, Probes const&... probes) {
  auto const steps = trainer.plan().steps;
  run_state const kept(run);
  curve rows = kept.resume(trainer);
  run.board.skip(trainer.steps());
  auto const measure = [&] {
    auto const now = static_cast<double>(trainer.steps());
    if (!watch.due(trainer.steps(), steps)) return;
    if (!rows.empty() && rows.back()["step"] == now) return; // as resumed
    dm::probe_row row;
    row.add("step", now);
    std::apply(
        [&](auto... fresh) {
          auto const found = std::apply(
              [&](auto&... edit) { return trainer.evaluate(watch.on, edit..., fresh...); }, edits);
          row.add("loss", found.loss);
          (fresh.report(row), ...);
        },
        std::tuple<Probes...>(probes...));
    rows.push_back(std::move(row));
  };
  while (trainer.steps() < steps) {
    measure();
    step();
    run.board.stepped();
    bool const stops = run.board.stopping();
    if (stops || trainer.steps() % 100 == 0) kept.keep(trainer, rows);
    if (stops) throw interrupted{};
  }
  measure();
  check_finite(rows);
  return rows;
}

/// The same for a model and what it takes to train it.
/// \param edits interventions that take part in training and measuring
template <class... Edits, class Net, class Task, class Optimizer, class... Probes>
curve train_watched_under(std::tuple<Edits const&...> edits, one_run const& run, Net& net,
                          Task const& task, Optimizer const& optimizer, dm::schedule const& plan,
                          watching const& watch, Probes const&... probes) {
  dm::trainer<Net, Task, Optimizer> trainer(net, task, optimizer, plan);
  auto const step = [&] { std::apply([&](auto&... edit) { trainer.step(edit...); }, edits); };
  return watch_training(run, trainer, watch, step, edits, probes...);
}
template <class Net, class Task, class Optimizer, class... Probes>
curve train_watched(one_run const& run, Net& net, Task const& task, Optimizer const& optimizer,
                    dm::schedule const& plan, watching const& watch, Probes const&... probes) {
  return train_watched_under(std::tie(), run, net, task, optimizer, plan, watch, probes...);
}

} // namespace paper
