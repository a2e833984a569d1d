// SPDX-License-Identifier: MIT
// What a result depends on besides its settings: versions, compiler, SIMD width, build, machine.
#pragma once

#include "dormant/task/bigram_table.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <utility>
#include <vector>

namespace program {

/// e.g. "g++ 12.2.0"
[[nodiscard]] std::string compiler();
/// e.g. "avx512bw, 512 bits"
[[nodiscard]] std::string simd();
/// By name: dormant, compiler, simd, then every library.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> versions();

/// For run.json: "date" (now), "versions", "build" (commit, its date, whether there were changes to
/// it, flags) and "machine" (CPU and its number of cores).
[[nodiscard]] nlohmann::ordered_json origin_as_json();

/// What was another when a run began than it is in this program, as far as last bits depend on it,
/// e.g. "compiler g++ 12.2.0, now g++ 13.1.0"; empty if nothing was.
/// \param begun an object with what `origin_as_json` gives, or less
[[nodiscard]] std::string difference_from(nlohmann::ordered_json const& begun);

/// 64-bit FNV-1a of the counts as they are written to bigrams.csv.
[[nodiscard]] std::string fingerprint_of(dormant::bigram_table const& table);

} // namespace program
