// SPDX-License-Identifier: MIT
// The tables of a grid's report, as HTML.
#pragma once

#include "grid/analysis.hpp"

#include <functional>
#include <string>

namespace grid {

/// Every comparison, with links to the runs behind it.
[[nodiscard]] std::string every_cell(analysis const& a,
                                     std::function<std::string(unit const&)> const& file_of_unit);
/// What other seeds alone do, and which of the two seeds does it.
[[nodiscard]] std::string chance(analysis const& a);
/// How right each score of dormant heads is.
[[nodiscard]] std::string dormancy(analysis const& a);

} // namespace grid
