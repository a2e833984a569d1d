// SPDX-License-Identifier: MIT
// What a grid consists of: sheets, each a list of units, and the file that says so.
#pragma once

#include "grid/unit.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace grid {

/// Units with one question. A unit may stand in several sheets; it is done once.
struct sheet {
  std::string name;
  std::vector<unit> units;
};
namespace sheets {
inline constexpr std::string_view grid = "grid"; ///< every cell on every seed
inline constexpr std::string_view control =
    "control"; ///< baselines on other seeds, two runs a pair
inline constexpr std::string_view crossed = "crossed";           ///< initial values x data
inline constexpr std::string_view rates = "rates";               ///< optimizers x learning rates
inline constexpr std::string_view rate_decay = "rate_decay";     ///< learning rate x weight decay
inline constexpr std::string_view triggers = "triggers_context"; ///< triggers x context
} // namespace sheets

/// What is asked for; empty lists are all that there is.
struct wish {
  std::string extent = "half_hour"; ///< one of `extents`
  std::vector<std::string> attentions{}, norms{}, optimizers{}, depths{};
  std::uint64_t seeds = 20;
  std::uint64_t steps = 1500;
};
/// "half_hour": ten attentions, every norm and every optimizer, one changed at a time;
/// "one_at_a_time": the same with all attentions; "full": all of them with each other, at each
/// depth, and the phases; "named": the given names with each other; "phases": learning rate x
/// weight decay, and triggers x context; "rates": every optimizer at several learning rates.
inline std::vector<std::string> const extents = {"half_hour", "one_at_a_time", "full",
                                                 "named",     "phases",        "rates"};

struct plan {
  std::vector<sheet> all;

  /// Every unit once, in the order of the sheets.
  [[nodiscard]] std::vector<unit> units() const;
  /// The units of a sheet; none if there is no such sheet.
  [[nodiscard]] std::vector<unit> of(std::string_view name) const;

  /// As plan.csv: a line for each unit of each sheet.
  [[nodiscard]] std::string text() const;
  /// \throws dormant::error naming the line
  [[nodiscard]] static plan read(std::filesystem::path const& path);
};

/// \param attentions that this program was built with
/// \throws dormant::error for a name that nothing has
[[nodiscard]] plan plan_for(wish const& what, std::vector<std::string> const& attentions);

} // namespace grid
