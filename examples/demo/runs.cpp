// SPDX-License-Identifier: MIT
// Trains every story on every seed, one run a thread, and measures what became of it.
#include "demo/runs.hpp"

#include "common/board.hpp"
#include "demo/one_sequence.hpp"
#include "demo/phenomena.hpp"
#include "dormant/cadence.hpp"
#include "dormant/evaluate.hpp"
#include "dormant/intervention/ablate.hpp"
#include "dormant/optimizer/adamw.hpp"
#include "dormant/optimizer/sgd.hpp"
#include "dormant/rule/relu.hpp"
#include "dormant/rule/softmax.hpp"
#include "dormant/side_by_side.hpp"
#include "dormant/train.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <thread>
#include <utility>
#include <vector>

namespace demo {

namespace {

template <class Rule>
using net = dm::transformer<shape, dm::stack<dm::mlp_block<>, dm::block<Rule>, dm::mlp_block<>>>;

/// Takes a part of the model out while it is measured, or nothing: one type for all three, because
/// each type of hook makes another forward pass to compile.
struct without {
  enum part { nothing, head, first_mlp } what;

  void operator()(dm::site::z at, dm::view<float, 3>& z) const {
    if (what == head) dm::ablate_head{.layer = reading_layer}(at, z);
  }
  void operator()(dm::site::mlp_out at, dm::view<float, 2>& out) const {
    if (what == first_mlp) dm::zero_mlp{.layer = writing_layer}(at, out);
  }
};
static_assert(dm::edits<without, dm::site::z> && dm::edits<without, dm::site::mlp_out>);

template <class Rule, class Optimizer>
void train_and_measure(run& r, Optimizer const& optimizer, task const& data, setting const& how,
                       program::board& all) {
  net<Rule> model({.seed = r.seed});
  dm::history log(dm::every{how.cadence()}, phenomena{});
  // One thread a run, and so one shard: no waiting for each other within a step, and one gradient
  // in the cache instead of several.
  dm::train(model, data, optimizer,
            {.steps = how.steps, .batch = how.batch, .threads = 1, .shards = 1}, log,
            program::on_board{all});
  if (all.stopping()) return;
  r.curve = log.rows();

  auto const batch = data.sample(sequences_measured);
  auto const measure = [&](without removed) {
    phenomena found;
    one_sequence seen{.index = most_varied(batch)};
    auto const risks = dm::evaluate(model, batch, {.threads = 1}, removed, found, seen);
    if (!std::isfinite(risks.loss)) throw dm::non_finite("the trained model's loss is not finite");
    dm::probe_row row;
    found.report(row);
    r.shown = std::move(seen.seen);
    return row;
  };
  r.without_head = measure({without::head});
  r.without_first_mlp = measure({without::first_mlp});
  r.after = measure({without::nothing}); // last, so that `shown` is of the whole model
  all.finished(fmt::format("{}, seed {}: attention on <s> from non-triggers {:.2f}, value norm x "
                           "{:.2f}, residual norm x {:.2f}",
                           stories[r.story].title, r.seed, r.after[measured::sink],
                           r.after[measured::drain], r.after[measured::peak]));
}

void train_and_measure(run& r, task const& data, setting const& how, program::board& all) {
  dm::adamw const adamw{.lr = how.adamw_lr};
  dm::sgd const sgd{.lr = how.sgd_lr};
  switch (r.story) {
  case softmax_adamw: return train_and_measure<dm::softmax>(r, adamw, data, how, all);
  case relu_adamw: return train_and_measure<dm::relu>(r, adamw, data, how, all);
  default: return train_and_measure<dm::softmax>(r, sgd, data, how, all);
  }
}

} // namespace

training train_all(setting const& how, dm::bigram_table const& table) {
  training done;
  auto& runs = done.runs;
  runs.resize(how.seeds * stories.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    runs[i].story = i % stories.size();
    runs[i].seed = how.first_seed + i / stories.size();
  }
  auto const wanted = how.threads != 0 ? how.threads : std::thread::hardware_concurrency();
  done.threads = std::clamp<std::size_t>(wanted, 1, runs.size());

  program::board all(runs.size(), runs.size() * how.steps);
  auto const one = [&](std::size_t i) {
    if (all.stopping()) return;
    try {
      train_and_measure(runs[i], task_for(table, runs[i].seed), how, all);
    } catch (dm::non_finite const& where) {
      all.fail();
      throw dm::error(
          fmt::format("{}, seed {}: {}", stories[runs[i].story].title, runs[i].seed, where.what()));
    } catch (...) {
      all.fail();
      throw;
    }
  };
  try {
    dm::side_by_side(runs.size(), one, done.threads);
  } catch (...) {
    all.clear();
    throw;
  }
  all.clear();
  done.interrupted = all.interrupted();
  done.seconds = all.seconds();
  return done;
}

} // namespace demo
