// SPDX-License-Identifier: MIT
// Training a language model in a folder: what is measured on the way, and what is kept.
#pragma once

#include "common/by_name.hpp"
#include "common/exit_code.hpp"
#include "common/streams.hpp"
#include "language_model/train_lm/settings.hpp"
#include "language_model/train_lm/written_text.hpp"

#include <dormant/dormant.hpp>
#include <dormant/io/csv_log.hpp>
#include <dormant/source/save_folder.hpp>
#include <dormant/task/text_windows.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <numbers>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace language_model {

/// \tparam Family what the model is saved as
template <class Family, class Net>
class training_session {
public:
  using optimizer = dm::with_rate<dm::clipped<dm::adamw>, dm::cosine_decay>;

  training_session(training_settings const& s, corpora const& from)
      : s_(s), from_(from), words_(dm::tokenizer::parse(from.tokenizer, "tokenizer.json")),
        identity_(identity_of(s, from)),
        task_(parts(&corpus::training), {s.context, from.bos, s.seed}),
        validation_(parts(&corpus::validation), {s.context, from.bos, s.seed}),
        net_(dm::sizes(s.shape(from.vocab)), {.seed = s.seed}),
        trainer_(net_, task_, optimizer_of(s),
                 {.steps = s.steps, .batch = s.batch, .threads = s.threads}) {}

  int run() {
    dm::stop_on_interrupt const stop;
    auto log = s_.resume ? resume() : begin();
    fmt::print("{}\n", described());
    dm::progress bar;
    auto const begun = std::chrono::steady_clock::now();
    auto const first = trainer_.steps();
    std::chrono::duration<double> training{0};
    while (trainer_.steps() < s_.steps && !stop.stop_requested()) {
      bool const due = trainer_.steps() % s_.measure_every == 0;
      auto row = due ? measured(rows_on_the_way) : std::vector<dm::csv_cell>();
      auto const before = std::chrono::steady_clock::now();
      double const loss = trainer_.step(bar);
      training += std::chrono::steady_clock::now() - before;
      if (due) {
        row[1] = loss;
        log.append(row);
      }
      if (keeps(trainer_.steps())) {
        log.sync();
        save();
      }
    }
    auto const done = trainer_.steps() - first;
    double const seconds = training.count();
    if (done > 0)
      fmt::print(
          "{} steps in {:.0f} s, {:.0f} s of them training: {:.0f} tokens/s, {:.1f} GFLOP/s\n",
          done, std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count(),
          seconds, static_cast<double>(done * s_.batch * s_.context) / seconds,
          static_cast<double>(done) * operations_of_a_step() / seconds * 1e-9);
    if (trainer_.steps() < s_.steps) {
      log.sync();
      save();
      program::tell("train_lm: stopped at step {} of {}; everything is kept, and the same command "
                    "with --resume goes on\n",
                    trainer_.steps(), s_.steps);
      return program::interrupted;
    }
    finish(log);
    return program::success;
  }

private:
  static constexpr std::size_t rows_on_the_way = 16, rows_at_the_end = 256; // of each text

  /// Early checkpoints lie closer together: that is where sinks form.
  [[nodiscard]] bool keeps(std::uint64_t step) const {
    return step == s_.steps || step % s_.checkpoint_every == 0 ||
           (step >= 16 && step < s_.checkpoint_every && std::has_single_bit(step));
  }
  static optimizer optimizer_of(training_settings const& s) {
    optimizer how;
    how.lr = s.lr;
    how.weight_decay = s.weight_decay;
    how.most = {s.clip};
    how.rate = {.warm_up = std::min(s.warm_up, s.steps - 1), .steps = s.steps, .floor = 0.1};
    return how;
  }
  [[nodiscard]] std::vector<std::vector<dm::token>>
  parts(std::vector<dm::token> corpus::*part) const {
    std::vector<std::vector<dm::token>> all;
    for (auto const& text : from_.texts) all.push_back(text.*part);
    return all;
  }
  [[nodiscard]] std::string described() const {
    auto const& s = net_.placed().s;
    std::string texts;
    for (auto const& text : from_.texts) {
      texts += fmt::format(", {} ({} tokens, and {} to validate)", text.name, text.training.size(),
                           text.validation.size());
    }
    return fmt::format("{} with {}: {} layers, {} heads, width {}, MLP {}, context {}, {} "
                       "parameters; vocabulary {}{}",
                       s_.model, s_.attention, s.layers, s.heads, s.width, s.hidden, s.context,
                       net_.parameters().size(), s.vocab, texts);
  }
  /// Multiply-adds count as two, attention as causal; backward is twice forward.
  [[nodiscard]] double operations_of_a_step() const {
    double matrices = 0;
    for (auto const& t : net_.tensors()) {
      bool const table = t.group == dm::group::embeddings;
      if (!t.vector && !table) matrices += static_cast<double>(t.size());
    }
    auto const& s = net_.placed().s;
    auto const attention = static_cast<double>(s.layers * s.queries() * (s.context + 1));
    return 6 * static_cast<double>(s_.batch * s.context) * (matrices + attention);
  }

  dm::csv_log begin() {
    dm::create_output_folder(s_.out);
    save(); // a full disk shows now and not when there is something to lose
    return {file("log.csv"), columns()};
  }
  dm::csv_log resume() {
    dm::load_run(file("resume.safetensors"), trainer_, identity_);
    auto const n = s_.measure_every;
    return dm::csv_log::resume(file("log.csv"),
                               {.columns = columns(),
                                .step = trainer_.steps(),
                                .due = [n](std::uint64_t step) { return step % n == 0; }});
  }

  [[nodiscard]] std::vector<std::string> columns() const {
    auto const& s = net_.placed().s;
    std::vector<std::string> names{"step", "training_loss"};
    for (auto const& text : from_.texts) {
      names.push_back("loss." + text.name);
      names.push_back("bits_per_byte." + text.name);
      for (std::size_t l = 0; l < s.layers; ++l) {
        for (std::size_t h = 0; h < s.heads; ++h) {
          names.push_back(fmt::format("attention_sink.{}.{}.{}", text.name, l, h));
        }
      }
      for (auto const* const name : {"value_drain", "residual_peak"}) {
        for (std::size_t l = 0; l < s.layers; ++l) {
          names.push_back(fmt::format("{}.{}.{}", name, text.name, l));
        }
      }
    }
    return names;
  }
  /// Loss and extreme tokens on the first rows of each validation text.
  std::vector<dm::csv_cell> measured(std::size_t rows) {
    auto const& s = net_.placed().s;
    std::vector<dm::csv_cell> cells{trainer_.steps(), {}};
    said_.clear();
    for (std::size_t i = 0; i < from_.texts.size(); ++i) {
      dm::attention_sink sink;
      dm::value_drain drain;
      dm::residual_peak peak;
      auto const found = trainer_.evaluate(validation_.in_order(i, rows), sink, drain, peak);
      double const bits = found.loss / std::numbers::ln2 / from_.texts[i].bytes_of_a_token;
      cells.emplace_back(found.loss);
      cells.emplace_back(bits);
      double largest = 0;
      for (std::size_t l = 0; l < s.layers; ++l) {
        for (std::size_t h = 0; h < s.heads; ++h) {
          cells.emplace_back(sink.mean(l, h));
          largest = std::max(largest, sink.mean(l, h));
        }
      }
      for (std::size_t l = 0; l < s.layers; ++l) cells.emplace_back(drain.ratio(l));
      for (std::size_t l = 0; l < s.layers; ++l) cells.emplace_back(peak.ratio(l));
      said_ += fmt::format("{}{}: {:.4f} bits a byte, most attention of a head on token 0 {:.3f}",
                           i == 0 ? "" : "; ", from_.texts[i].name, bits, largest);
    }
    return cells;
  }

  void save_state() const {
    dm::save_run<Net>(file("resume.safetensors"), trainer_.state(), identity_);
  }
  /// The state to go on from, and the model as a folder that other programs read.
  void save() {
    auto const folder = file("checkpoints") / fmt::format("step-{:07}", trainer_.steps());
    if (s_.attention == dm::softmax::name) {
      dm::save_folder<Family>(net_, folder);
      dm::write_file_atomically(folder / "tokenizer.json", from_.tokenizer);
    } else {
      std::filesystem::create_directories(folder);
      dm::save_checkpoint(folder / "checkpoint.safetensors", net_, identity_);
    }
    save_state();
  }
  void finish(dm::csv_log& log) {
    log.append(measured(rows_at_the_end));
    log.sync();
    fmt::print("validation: {}\n", said_);
    if (s_.sample > 0) {
      auto const text = written_text(net_, words_, s_, from_.bos);
      dm::write_file_atomically(file("sample.txt"), text);
      fmt::print("---\n{}\n---\n", text);
    }
    fmt::print("everything is in {}: checkpoints/, log.csv, sample.txt\n", s_.out);
  }
  [[nodiscard]] std::filesystem::path file(std::string const& name) const {
    return std::filesystem::path(s_.out) / name;
  }

  training_settings const& s_;
  corpora const& from_;
  dm::tokenizer words_;
  dm::run_identity identity_;
  dm::text_windows task_, validation_;
  Net net_;
  dm::trainer<Net, dm::text_windows, optimizer> trainer_;
  std::string said_; // of the last measurement
};

} // namespace language_model
