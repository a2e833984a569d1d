// SPDX-License-Identifier: MIT
// The files of a demo, and run.json among them: all that its numbers depend on.
#pragma once

#include "common/run_folder.hpp"
#include "demo/runs.hpp"
#include "demo/setting.hpp"

#include <string>

namespace demo {

[[nodiscard]] program::folder_plan folder_plan();

[[nodiscard]] std::string run_json(setting const& how, dm::bigram_table const& table,
                                   training const& done);

} // namespace demo
