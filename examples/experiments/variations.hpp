// SPDX-License-Identifier: MIT
// The tasks of task_variations.cpp, each as a way of training (arXiv 2410.13835, section 2 and the
// ablations of its appendix).
#pragma once

#include "common/runs.hpp"
#include "common/training.hpp"
#include "experiments/dormant_attention.hpp"

#include <dormant/dormant.hpp>
#include <dormant/task/in_context_bigrams.hpp>
#include <dormant/task/seen_transitions.hpp>
#include <dormant/task/two_tasks.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace paper {

/// Trains on sequences of one task and measures on sequences of another, or of the same.
template <dm::shape Shape, class Task, class Seen>
variant variation(std::string label, setting const& how, std::uint64_t steps, Task const& task,
                  Seen const& seen) {
  auto const trains = [=, &how](one_run const& run) {
    auto const plan = how.schedule(steps, how.paper_scale ? 64 : 8);
    dm::adamw const optimizer{.lr = how.paper_scale ? 3e-4 : 3e-3};
    dm::transformer<Shape, dm::softmax> net({.seed = run.seeds.init});
    auto const trained = task(run.seeds.data);
    // All seeds are measured on the same sequences, which none is trained on.
    auto const on = seen(evaluation_seed).sample(256);
    dormant_attention const attention{.bos = trained.bos(), .d = trained.bos() + 1};
    return train_watched(run, net, trained, optimizer, plan, {on, steps}, dm::risk{}, attention);
  };
  return {std::move(label), steps, trains};
}

template <dm::shape Shape>
std::vector<variant> variations(setting const& how, std::uint64_t steps) {
  std::vector<variant> all;
  auto const add = [&](std::string const& label, auto const& task) {
    all.push_back(variation<Shape>(label, how, steps, task, task));
  };
  auto const with = [&how](dm::bigram_backcopy_options options) {
    options.table = how.table;
    return [options](std::uint64_t seed) {
      auto own = options;
      own.seed = seed;
      return dm::bigram_backcopy<Shape>(own);
    };
  };
  using enum dm::trigger_rule::row;
  add("3 triggers", with({}));
  add("5 triggers", with({.triggers = 5}));
  add("two <s>", with({.bos = 2}));
  add("backward", with({.rule = dm::bigram_backward}));
  for (double const p : {0.3, 0.7}) {
    add(fmt::format("copy {}, Markov", p), with({.rule = {.copy = p}}));
    add(fmt::format("copy {}, backward", p), with({.rule = {.copy = p, .otherwise = previous}}));
  }
  add("in-context", [&how](std::uint64_t seed) {
    return dm::in_context_bigrams<Shape>({.seed = seed, .table = how.table});
  });
  auto const table = std::make_shared<dm::bigram_table>(dm::seen_transitions(how.table));
  all.push_back(variation<Shape>("unseen law", how, steps, with({}), [table](std::uint64_t seed) {
    return dm::bigram_backcopy<Shape>({.seed = seed, .table = *table, .rule = dm::plain_markov});
  }));
  for (double const p : {0.02, 0.1, 0.3}) add(fmt::format("<d> {}", p), with({.delimiters = p}));
  add("two tasks", [&how](std::uint64_t seed) {
    return dm::two_tasks<Shape>({.seed = seed,
                                 .first = {.table = how.table, .delimiters = 1.0 / 32},
                                 .second = {.table = how.table, .rule = dm::plain_markov}});
  });
  add("no <s>", with({.bos = 0}));
  add("Markov", with({.rule = dm::plain_markov}));
  return all;
}

} // namespace paper
