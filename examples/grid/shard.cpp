// SPDX-License-Identifier: MIT
// Shards by hand and from the environment.
#include "grid/shard.hpp"

#include "dormant/error.hpp"
#include "dormant/io/plain_words.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace grid {

namespace {

std::optional<std::size_t> whole(std::string_view text) {
  std::size_t value = 0;
  auto const [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<std::size_t> variable(char const* name) {
  char const* const text = std::getenv(name);
  if (text == nullptr || *text == '\0') return std::nullopt;
  if (auto const value = whole(text)) return value;
  dm::refuse(
      {"--shard auto: ", name, " is ", dm::io::in_quotes(text), ", expected a whole number"});
}

shard checked(std::size_t number, std::size_t of, std::string_view from) {
  if (number >= 1 && number <= of) return {number, of};
  dm::refuse({"--shard ", from, ": there is no shard ", number, " of ", of,
              "; numbers go from 1 to ", of});
}

} // namespace

shard shard_from(std::string const& text) {
  if (text == "auto") {
    // An array first: each of its jobs may run under srun, which counts from 0 anew.
    if (auto const task = variable("SLURM_ARRAY_TASK_ID")) {
      auto const first = variable("SLURM_ARRAY_TASK_MIN").value_or(0);
      if (auto const count = variable("SLURM_ARRAY_TASK_COUNT"))
        return checked((*task - first) / std::max<std::size_t>(
                                             variable("SLURM_ARRAY_TASK_STEP").value_or(1), 1) +
                           1,
                       *count, "auto, a Slurm array");
    }
    struct {
      char const *rank, *size;
    } const kinds[] = {{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
                       {"PMI_RANK", "PMI_SIZE"},
                       {"SLURM_PROCID", "SLURM_NTASKS"}};
    for (auto const& k : kinds) {
      // Outside srun a batch script has these too, as if it were the first of the tasks.
      if (k.rank == std::string_view("SLURM_PROCID") && !variable("SLURM_STEP_ID")) continue;
      auto const rank = variable(k.rank), size = variable(k.size);
      if (rank && size) return checked(*rank + 1, *size, "auto");
    }
    dm::refuse({"--shard auto: neither a Slurm array nor mpirun nor srun started this process, for "
                "none of "
                "their variables is set; say which shard, as in --shard 3/8"});
  }
  auto const slash = text.find('/');
  auto const number = whole(std::string_view(text).substr(0, slash));
  auto const of =
      slash == std::string::npos ? std::nullopt : whole(std::string_view(text).substr(slash + 1));
  if (!number || !of) {
    dm::refuse(
        {"--shard: expected NUMBER/COUNT, as in 3/8, or auto, found ", dm::io::in_quotes(text)});
  }
  return checked(*number, *of, text);
}

} // namespace grid
