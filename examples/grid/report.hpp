// SPDX-License-Identifier: MIT
// The report of a grid as one page: maps, the decoupling plot, phases,
// every comparison with its runs.
#pragma once

#include "grid/analysis.hpp"
#include "grid/plan.hpp"

#include <filesystem>
#include <functional>
#include <string>

namespace grid {

/// \param file_of_unit where the result of a unit is, relative to the page
[[nodiscard]] std::string report(analysis const& a,
                                 std::function<std::string(unit const&)> const& file_of_unit,
                                 std::string const& command);

} // namespace grid
