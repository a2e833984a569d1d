// SPDX-License-Identifier: MIT
// One run: train a model on Bigram-Backcopy, watch its extreme tokens, keep everything in a folder
// (arXiv 2410.13835, section 2).
#pragma once

#include "bigram_backcopy/records.hpp"
#include "bigram_backcopy/run_json.hpp"
#include "bigram_backcopy/settings.hpp"
#include "common/by_name.hpp"
#include "common/exit_code.hpp"
#include "common/models.hpp"
#include "common/streams.hpp"
#include "dormant/checkpoint.hpp"
#include "dormant/dormant.hpp"
#include "dormant/model/torch_initial_values.hpp"
#include "dormant/probe/names.hpp"
#include "dormant/task/bigram_csv.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace experiment {

namespace dm = dormant;

/// Every n-th step, and the state at the end, which may lie in between.
struct every_and_last {
  std::uint64_t n, last;
  [[nodiscard]] bool due(std::uint64_t step) const { return step % n == 0 || step == last; }
};
using metrics_log = dm::history<every_and_last, dm::attention_sink, dm::value_drain,
                                dm::residual_peak, dm::sink_logit_gap, dm::risk>;

/// Training of one model in one folder.
template <dm::shape Base, class Net>
class session {
public:
  using task_type = dm::bigram_backcopy<Base>;
  static constexpr std::size_t layers = Net::shape.layers;

  session(settings const& s, source const& from, place const& where)
      : s_(s), where_(where), task_({.triggers = s.triggers,
                                     .seed = s.data_seed,
                                     .table = from.table,
                                     .bos = s.bos,
                                     .rule = rule_of(s)}),
        net_(begun_by(s)),
        trainer_(net_, task_, {}, {.steps = s.steps, .batch = s.batch, .threads = s.threads}),
        identity_(run_identity_of(s, from)), keep_(where.folder, dm::every{0}, identity_) {}

  int run(source const& from) {
    dm::stop_on_interrupt const stop;
    if (stop.stop_requested()) return not_begun();
    auto rows = where_.goes_on ? resume() : begin(from);
    metrics_log log({s_.every, s_.steps}, {}, {}, {}, {}, {});
    log.give_rows_to([&](dm::probe_row const& row) { rows.append(cells_of(row, layers)); });
    try {
      if (!train(log, rows, stop)) return stopped();
    } catch (dm::non_finite const& e) {
      throw dm::error(fmt::format("{}; the last good checkpoint, of step {}, is in {}", e.what(),
                                  saved_.value_or(0), dm::io::shown(where_.folder)));
    }
    finish(s_, where_, layers, attention());
    return program::success;
  }

private:
  static Net begun_by(settings const& s) {
    Net net({.seed = s.init_seed});
    if (s.init == "torch") dm::draw_as_torch(net, s.init_seed);
    return net;
  }

  dm::csv_log begin(source const& from) {
    auto const info = run_json(s_, from, where_, Net::plan::parameters, trainer_.plan().shards,
                               dm::minimum_risk_of(task_));
    auto const table = dm::to_csv(from.table, from.name);
    if (where_.resumes) {
      where_.at.claim();
    } else {
      where_.at.claim_new();
    }
    // At once, so that even a run killed now can be taken up with its settings.
    dm::write_file_soon(file("bigrams.csv"), table);
    dm::write_file_soon(file("run.json"), info);
    tell();
    dm::io::sync_file(file("bigrams.csv"));
    dm::io::sync_file(file("run.json"));
    save(); // the run begins; and a full disk shows now and not when there is something to lose
    return dm::csv_log(file("metrics.csv"), columns(layers));
  }

  dm::csv_log resume() {
    check();
    if (!where_.at.claim()) check();
    tell();
    update_run_json(s_, where_, trainer_.steps());
    catch_up();
    bool const any = saved_ != 0 || where_.at.has("metrics.csv");
    return any ? dm::csv_log::resume(file("metrics.csv"), past())
               : dm::csv_log(file("metrics.csv"), columns(layers));
  }

  /// Whether the files of the run are whole and fit together. Changes none of them.
  void check() {
    if (auto const now = trainer_.plan().shards; where_.shards != 0 && where_.shards != now) {
      dm::refuse({dm::io::shown(file("run.json")), " says that the run has ", where_.shards,
                  " shards, this one has ", now, "; a resumed run must have the same"});
    }
    auto const kept = dm::safetensors_file::open(file("resume.safetensors")).metadata();
    dm::load_run(file("resume.safetensors"), trainer_,
                 kept.contains("seed") ? with_one_seed(identity_) : identity_);
    saved_ = trainer_.steps();
    if (trainer_.steps() > s_.steps) {
      throw dm::error(fmt::format("the run in {} is at step {} already, so it cannot end at step "
                                  "{}; choose more --steps",
                                  dm::io::shown(where_.folder), trainer_.steps(), s_.steps));
    }
    if (saved_ != 0 || where_.at.has("metrics.csv")) {
      (void)dm::csv_log::checked(file("metrics.csv"), past());
    }
  }
  [[nodiscard]] dm::csv_log::past past() const {
    return {.columns = columns(layers),
            .step = trainer_.steps(),
            .due = [n = s_.every](std::uint64_t step) { return step % n == 0; },
            .renamed = dm::current_name,
            .earlier = columns_before(layers)};
  }

  /// A kill between the two files of a checkpoint leaves the parameters of an earlier step.
  void catch_up() {
    if (where_.at.has("checkpoint.safetensors")) {
      try {
        auto const there = dm::safetensors_file::open(file("checkpoint.safetensors"));
        if (dm::saved_step(there) == saved_) return;
      } catch (dm::error const& damage) {
        tell(fmt::format("{}; it is written again", damage.what()));
      }
    }
    keep_.save_parameters(trainer_.state());
  }

  static void tell(std::string const& sentence) {
    if (!sentence.empty()) program::tell("bigram_backcopy: {}\n", sentence);
  }
  void tell() const { tell(where_.note); }

  /// \returns whether all steps were taken
  bool train(metrics_log& log, dm::csv_log& rows, dm::stop_on_interrupt const& stop) {
    dm::progress bar;
    auto const measure = [&] { // on the batch of the next step
      if (!log.due(trainer_.steps())) return true;
      bool const finite = std::isfinite(trainer_.measure(log));
      if (finite) log.close();
      return finite;
    };
    while (trainer_.steps() < s_.steps) {
      measure();
      trainer_.step(bar); // says where, if a number is not finite
      bool const stops = stop.stop_requested() && trainer_.steps() < s_.steps;
      if (stops || trainer_.steps() % s_.checkpoint_every == 0) {
        rows.sync();
        save();
      }
      if (stops) return false;
    }
    if (!measure()) throw dm::non_finite("the loss after the last step is not finite");
    rows.sync();
    save();
    return true;
  }

  void save() {
    if (saved_ == trainer_.steps()) return;
    keep_.save(trainer_.state());
    saved_ = trainer_.steps();
  }

  [[nodiscard]] static int not_begun() {
    tell("stopped before the first step; nothing was written");
    return program::interrupted;
  }
  [[nodiscard]] int stopped() const {
    program::tell("{}stopped at step {} of {}; everything is kept, and this goes on:\n  {}\n",
                  isatty(STDERR_FILENO) != 0 ? "\n" : "", trainer_.steps(), s_.steps,
                  where_.command);
    return program::interrupted;
  }

  /// The attention of each layer over one sequence that training never saw.
  std::vector<attention_record> attention() {
    auto const batch = task_.sample(1);
    dm::record<dm::site::pattern> kept;
    net_.evaluate(batch, kept);
    std::vector<attention_record> records;
    for (std::size_t l = 0; l < kept.layers(); ++l) {
      auto const pattern = kept.values(l); // [1, H, T, T]
      if (pattern.shape(0) != 0) records.push_back({l, {pattern.begin(), pattern.end()}, {}, {}});
    }
    for (auto& r : records) {
      for (auto const t : batch.sequence(0).inputs) {
        r.tokens.push_back(t);
        r.names.emplace_back(task_.token_name(t));
      }
    }
    return records;
  }

  [[nodiscard]] std::filesystem::path file(std::string const& name) const {
    return std::filesystem::path(where_.folder) / name;
  }

  settings const& s_;
  place const& where_;
  task_type task_;
  Net net_;
  dm::trainer<Net, task_type, program::optimizer_by_name> trainer_;
  dm::run_identity identity_;
  dm::checkpoints<Net> keep_;
  std::optional<std::uint64_t> saved_; // the step of the checkpoint on disk
};

/// The experiment with the attention rule `Rule`; compiled for each in a file of its own.
template <class Rule>
int run_with(settings const& s, source const& from, place const& where) {
  return program::with_model<Rule>(s.shape, s.layers, [&]<dm::shape Base, class Net>() {
    return session<Base, Net>(s, from, where).run(from);
  });
}

} // namespace experiment
