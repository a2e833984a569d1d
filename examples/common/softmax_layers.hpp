// SPDX-License-Identifier: MIT
// What most experiments train: full layers with softmax, by AdamW, small or at the authors' scale
// (arXiv 2410.13835, section 2).
#pragma once

#include "common/models.hpp"
#include "common/runs.hpp"
#include "common/training.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace paper {

/// The small scale is the experiment's own: the defaults show everything with one layer.
template <std::size_t Layers>
struct softmax_layers {
  setting const& how;
  std::uint64_t small_steps = 1200;
  std::size_t small_batch = 32; ///< sequences a step

  [[nodiscard]] std::uint64_t steps() const {
    return how.steps_or(how.paper_scale ? 1000 : small_steps);
  }
  [[nodiscard]] std::string in_words() const {
    std::string const layers = Layers == 1 ? "one layer" : fmt::format("{} layers", Layers);
    if (how.paper_scale) {
      return fmt::format("{}, width 256, context 256, AdamW 3e-4, batch 512, {} steps; {}", layers,
                         steps(), program::products_in_words);
    }
    return fmt::format("{}, width 64, context 64, AdamW 2e-3, batch {}, {} steps", layers,
                       small_batch, steps());
  }

  /// One variant, all seeds. `measure(net, task, train)` calls `train(probes...)`, which returns
  /// the curve, then may measure the trained model, and returns the curve to be kept. `task` is to
  /// be measured on, the same sequences for all runs; each run is trained on its own.
  template <class F>
  [[nodiscard]] runs over_seeds(F const& measure) const {
    auto const train = [&](one_run const& run) {
      // Rounded for speed, which the words say, but not rearranged: interventions edit every site.
      if (how.paper_scale) {
        return trained<program::paper_shape, program::rounded>(run, {.lr = 3e-4}, 512, measure);
      }
      return trained<program::demo_shape>(run, {.lr = 2e-3}, small_batch, measure);
    };
    return paper::over_seeds(how, {{"softmax + AdamW", steps(), train}});
  }

private:
  template <dm::shape Shape, class... Parts, class F>
  curve trained(one_run const& run, dm::adamw const& optimizer, std::size_t batch,
                F const& measure) const {
    dm::transformer<program::with_layers(Shape, Layers), dm::softmax, Parts...> net(
        {.seed = run.seeds.init});
    dm::bigram_backcopy<Shape> const task({.seed = run.seeds.data, .table = how.table});
    dm::bigram_backcopy<Shape> const measured({.seed = evaluation_seed, .table = how.table});
    auto const on = fixed_batch<Shape>(how);
    return measure(net, measured, [&](auto const&... probes) {
      return train_watched(run, net, task, optimizer, how.schedule(steps(), batch), {on},
                           probes...);
    });
  }
};

} // namespace paper
