// SPDX-License-Identifier: MIT
// run.json: the settings of a run, and all that its numbers depend on besides them.
#pragma once

#include "bigram_backcopy/settings.hpp"
#include "common/run_folder.hpp"
#include "dormant/task/oracle.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace experiment {

/// The files of a run. It begins with its first resume.safetensors.
[[nodiscard]] program::folder_plan folder_plan();

/// What resume.safetensors has to agree with: the settings, and the counts of the task.
[[nodiscard]] std::map<std::string, std::string> run_identity_of(settings const& s,
                                                                 source const& from);

/// The identity of the same run as it was kept when a run had one seed for both, if it could have
/// been such a run.
[[nodiscard]] std::map<std::string, std::string>
with_one_seed(std::map<std::string, std::string> identity);

/// run.json of a new run: all settings, versions, the size of the model, the best risks there are.
[[nodiscard]] std::string run_json(settings const& s, source const& from, place const& where,
                                   std::size_t parameters, std::size_t shards,
                                   dormant::minimum_risk const& best);
/// Puts the pace of a resumed run into its run.json, and by what it goes on from that step.
void update_run_json(settings const& s, place const& where, std::uint64_t step);

/// What run.json keeps of a run.
struct saved_run {
  std::vector<word> settings{}; ///< by flag
  std::string table{};          ///< where the counts came from
  std::string fingerprint{};    ///< of the counts
  std::size_t shards = 0;       ///< 0 where an earlier version did not keep it
  std::string difference{};     ///< between what it was begun with and this program; may be empty
};
/// \throws dormant::error naming file and field unless it holds exactly the settings of a run
[[nodiscard]] saved_run read_run_json(std::string const& folder);

} // namespace experiment
