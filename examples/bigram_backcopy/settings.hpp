// SPDX-License-Identifier: MIT
// What one run of the main experiment is made of, as the command line says it and as run.json keeps
// it.
#pragma once

#include "common/run_folder.hpp"
#include "dormant/task/bigram_table.hpp"
#include "dormant/task/trigger_rule.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace experiment {

struct settings {
  std::string shape = "demo";
  std::string layers = "1";
  std::string attention = "softmax";
  std::string optimizer = "adamw";
  std::optional<double> lr; ///< these three: the optimizer's default if unset
  std::optional<double> weight_decay;
  std::optional<double> momentum;
  std::size_t batch = 64;
  std::uint64_t steps = 1000;
  std::uint64_t seed = 0;       ///< of both where they are not given
  std::uint64_t init_seed = 0;  ///< of the initial parameters
  std::uint64_t data_seed = 0;  ///< of the sequences
  std::string init = "dormant"; ///< whose draws the initial parameters are: ours or PyTorch's
  std::size_t triggers = 3;
  std::size_t bos = 1;
  std::string rule = "backcopy";
  std::optional<double> copy; ///< the rule's own if unset
  std::uint64_t every = 20;
  std::uint64_t checkpoint_every = 200;
  std::size_t threads = 0;
  std::string bigrams, corpus; ///< at most one of them
  std::string out, resume;     ///< at most one of them
  bool no_figures = false;
};

/// A setting by the name of its flag without the dashes.
using word = std::pair<std::string, std::string>;

/// The settings that make a run what it is: a resumed run must have the same.
[[nodiscard]] std::vector<word> identity_of(settings const& s);
/// Those that a resumed run may change.
[[nodiscard]] std::vector<word> pace_of(settings const& s);

/// Fills in what depends on the optimizer.
/// \throws program::usage_error for a setting that this optimizer does not have
void complete(settings& s);
[[nodiscard]] dormant::trigger_rule rule_of(settings const& s);

/// The characters and counts of the task, and where they come from.
struct source {
  dormant::bigram_table table;
  std::string name; ///< e.g. "the built-in English table"
};

/// Where a run is kept and how it is to be gone on with.
struct place {
  std::string folder;
  program::run_folder& at;
  bool resumes = false;   ///< what is in the folder is kept, even if no run began there
  bool goes_on = false;   ///< a run began there
  std::size_t shards = 0; ///< that it began with; 0 if that is not known
  std::string command;    ///< that resumes it
  std::string note{};     ///< to be told when the run goes on; may be empty
};

/// Trains, measures and writes everything into the folder. \returns an exit code
[[nodiscard]] int run(settings const& s, source const& from, place const& where);

} // namespace experiment
