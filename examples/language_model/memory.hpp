// SPDX-License-Identifier: MIT
// The memory that a pass will take, told before it begins, and the bound that the user sets.
#pragma once

#include <dormant/pass/team.hpp>
#include <dormant/source/model_folder.hpp>
#include <dormant/task/batch.hpp>

#include <cstddef>
#include <string>

namespace language_model {

namespace dm = dormant;

/// "4G", "500M", or bytes; "" is no bound.
/// \throws program::usage_error naming --memory
[[nodiscard]] std::size_t bytes_of(std::string const& bound);

/// Prints what a pass over the rows takes beside the mapped files.
/// \param bound as --memory gives it
/// \param copies of the residual streams that are there at a time
/// \throws dormant::error if it is more than the bound, saying how many rows would fit
void keep_within(std::string const& bound, dm::model_folder const& folder, dm::batch const& rows,
                 dm::execution how, std::size_t copies = 1);

inline constexpr auto* memory_help =
    "most that a pass may take beside the mapped files, as 4G or 500M; "
    "what it takes is told before it begins";

} // namespace language_model
