// SPDX-License-Identifier: MIT
// Your own probe: how spread out attention is. The entropy of each row, over the log of the number
// of visible keys, is 1 where a head looks everywhere and 0 where it looks at one token.
#include "common/command_line.hpp"

#include <dormant/dormant.hpp>

#include <cmath>
#include <cstdio>

namespace dm = dormant;

struct attention_entropy {
  void operator()(dm::site::pattern at, dm::view<float const, 3> const& pattern) {
    for (std::size_t h = 0; h < pattern.shape(0); ++h) {
      for (std::size_t q = 1; q < pattern.shape(1); ++q) { // one key alone has no entropy
        double entropy = 0;
        for (std::size_t k = 0; k <= q; ++k) {
          double const a = pattern(h, q, k);
          if (a > 0) entropy -= a * std::log(a);
        }
        auto& mean = at.sequence.trigger(q) ? on_triggers : elsewhere;
        mean.add(entropy / std::log(static_cast<double>(q + 1)));
      }
    }
  }
  // Each shard of the batch has a copy; copies are merged in the order of the batch.
  void merge(attention_entropy const& later) {
    on_triggers += later.on_triggers;
    elsewhere += later.elsewhere;
  }
  // What a history writes down.
  void report(dm::probe_row& row) const {
    row.add("attention_entropy.on_triggers", on_triggers.mean());
    row.add("attention_entropy.elsewhere", elsewhere.mean());
  }

  dm::running_mean on_triggers, elsewhere;
};
static_assert(dm::probe<attention_entropy>);
static_assert(dm::observes<attention_entropy, dm::site::pattern>);

int main(int argc, char** argv) {
  std::uint64_t steps = 400, seed = 1, threads = 0;
  program::command_line options("02_your_own_probe",
                                "Trains a small model and follows the entropy of its attention.");
  options.count("--steps", steps, "training steps");
  options.count("--seed", seed, "of parameters and data", program::a_seed);
  options.count("--threads", threads, "0: all cores; never changes the numbers",
                program::of_threads);
  return options.run(argc, argv, [&] {
    constexpr dm::shape tiny{.width = 64, .vocab = 67, .context = 64};
    auto const task = dm::bigram_backcopy<tiny>({.seed = seed});
    auto net = dm::transformer<tiny, dm::softmax>({.seed = seed});

    dm::history log(dm::log_spaced{4}, attention_entropy{}, dm::attention_sink{}, dm::risk{});
    dm::train(net, task, dm::adamw{.lr = 3e-3}, {.steps = steps, .batch = 32, .threads = threads},
              log, dm::progress{});

    std::puts(
        "step  entropy on triggers  elsewhere  non-triggers' attention on <s>  backcopy risk");
    for (auto const& row : log.rows()) {
      std::printf("%4.0f  %19.3f  %9.3f  %30.3f  %13.3f\n", row["step"],
                  row["attention_entropy.on_triggers"], row["attention_entropy.elsewhere"],
                  row["attention_sink.on_background.0"], row["risk.backcopy"]);
    }
    return 0;
  });
}
