// SPDX-License-Identifier: MIT
// A figure in gnuplot's words.
#pragma once

#include "common/figures.hpp"

namespace figures {

/// Throws `not_drawn` where there is no panel.
[[nodiscard]] drawing drawing_of(figure const& f);

} // namespace figures
