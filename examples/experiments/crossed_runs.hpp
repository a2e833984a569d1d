// SPDX-License-Identifier: MIT
// The runs of `crossed_seeds`: one layer and the minimal structure, their seeds crossed, and one
// layer from initial weights that were edited.
#pragma once

#include "common/models.hpp"
#include "common/runs.hpp"
#include "common/training.hpp"
#include "experiments/initial_head.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace paper::crossed {

// Which queries an attention averages: non-triggers, q >= 2. The
// minimal structure attends in layer 1.
inline constexpr char const* attention = "attention_sink.on_background.0";
inline constexpr char const* attention_minimal = "attention_sink.on_background.1";

using layer = dm::transformer<program::demo_shape, dm::softmax>;
using minimal = program::minimal<program::demo_shape, dm::softmax>;

/// What is done to the initial weights.
enum class edit { none, harm, random_value, score, random_keys };

// Where edits put the two properties: near the best of 46
// initialisations with which they were found.
inline constexpr double score_to = -0.065; // score
inline constexpr double harm_to = -0.07;   // nats

/// Properties of the initial weights that could decide, by the name of their column.
inline constexpr std::array<std::pair<char const*, char const*>, 7> properties = {
    {{"initial_gap", "sink logit gap"},
     {"initial_attention", "attention, non-triggers"},
     {"initial_key", "norm of the key of <s>"},
     {"initial_value", "norm of W_O v of <s>"},
     {"initial_drain", "that norm over the others'"},
     {"initial_score", "previous position's score"},
     {"initial_harm", "harm of attending to <s>"}}};

/// Edits a net so that a property has the value above, or by a random change of that size, of the
/// same tensor, which to first order leaves the property as it was.
inline void apply(edit what, layer& net, dm::token bos, dm::batch const& on, std::uint64_t seed) {
  layer edited = net;
  switch (what) {
  case edit::none: return;
  case edit::score: initial::set_previous_score(net, score_to); return;
  case edit::random_keys:
    initial::shake_keys(net, initial::set_previous_score(edited, score_to), seed);
    return;
  case edit::harm: initial::set_sink_harm(net, bos, on, harm_to); return;
  case edit::random_value: {
    auto const size = initial::norm(initial::set_sink_harm(edited, bos, on, harm_to));
    auto const slope = initial::gradient_of_harm(net, bos, on);
    initial::add_to_value(net, bos, initial::sideways(slope, size, seed));
    return;
  }
  }
}

/// One layer, width and context 64, AdamW 1e-3, batch 64. The last row has the initial properties.
inline variant one_layer(setting const& how, watching const& watch, std::string label,
                         std::vector<dm::seeds> only, edit what = edit::none) {
  auto const steps = how.steps_or(500);
  auto const train = [&how, &watch, steps, what](one_run const& run) {
    layer net({.seed = run.seeds.init});
    dm::bigram_backcopy<program::demo_shape> const task(
        {.seed = run.seeds.data, .table = how.table});
    auto const some = task.bos();
    dm::bigram_backcopy<program::demo_shape> const apart({.seed = 0, .table = how.table});
    apply(what, net, some, apart.sample(16), run.seeds.init);
    double const score = initial::previous_score(net).first;
    double const harm = initial::sink_harm(net, watch.on);
    double const key =
        initial::norm(initial::times(net.parameter(initial::wk), initial::state_of_bos(net, some)));
    auto rows = train_watched(run, net, task, dm::adamw{.lr = 1e-3}, how.schedule(steps, 64), watch,
                              dm::attention_sink{}, dm::sink_logit_gap{}, dm::value_drain{});
    auto const before = rows.front(); // a copy: it may be the last row too
    auto& end = rows.back();
    end.add("initial_gap", before["sink_logit_gap.mean.0"]);
    end.add("initial_attention", before[attention]);
    end.add("initial_key", key);
    end.add("initial_value", before["value_drain.bos.0"]);
    end.add("initial_drain", bos_ratio(before, "value_drain", 0));
    end.add("initial_score", score);
    end.add("initial_harm", harm);
    end.add("drain", bos_ratio(end, "value_drain", 0));
    return rows;
  };
  return {std::move(label), steps, train, std::move(only)};
}

/// MLP | attention + MLP | MLP, AdamW 3e-3, batch 8.
inline variant minimal_structure(setting const& how, watching const& watch, std::string label,
                                 std::vector<dm::seeds> only) {
  auto const steps = how.steps_or(1200);
  auto const train = [&how, &watch, steps](one_run const& run) {
    minimal net({.seed = run.seeds.init});
    dm::bigram_backcopy<minimal::shape> const task({.seed = run.seeds.data, .table = how.table});
    auto rows = train_watched(run, net, task, dm::adamw{.lr = 3e-3}, how.schedule(steps, 8), watch,
                              dm::attention_sink{}, dm::sink_logit_gap{}, dm::value_drain{},
                              dm::residual_peak{});
    auto& end = rows.back();
    end.add("drain", bos_ratio(end, "value_drain", 1));
    end.add("peak", bos_ratio(end, "residual_peak", 0));
    return rows;
  };
  return {std::move(label), steps, train, std::move(only)};
}

/// The initialisations with the lowest numbers, lowest first.
inline std::vector<std::uint64_t> lowest(std::vector<double> const& numbers,
                                         std::vector<dm::seeds> const& of, std::size_t count) {
  std::vector<std::size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return numbers[i]; });
  std::vector<std::uint64_t> out;
  for (std::size_t n = 0; n < std::min(count, order.size()); ++n) out.push_back(of[order[n]].init);
  return out;
}

/// Means of `per` numbers in a row: of the seeds of data of each initialisation.
inline std::vector<double> mean_by_init(std::vector<double> const& numbers, std::size_t per) {
  std::vector<double> out(numbers.size() / per);
  for (std::size_t i = 0; i < numbers.size(); ++i)
    out[i / per] += numbers[i] / static_cast<double>(per);
  return out;
}

/// Two sets of runs as one, for the CSV.
inline runs joined(runs const& a, runs const& b) {
  std::vector<std::string> labels;
  std::vector<std::vector<curve>> curves;
  std::vector<std::vector<dm::seeds>> seeds;
  for (auto const* part : {&a, &b}) {
    for (std::size_t v = 0; v < part->variants(); ++v) {
      labels.push_back(part->label(v));
      curves.push_back((*part)[v]);
      seeds.push_back(part->seeds(v));
    }
  }
  return {std::move(labels), std::move(curves), std::move(seeds)};
}

} // namespace paper::crossed
