// SPDX-License-Identifier: MIT
// The optimizer that the settings ask for.
#pragma once

#include "bigram_backcopy/settings.hpp"
#include "dormant/optimizer/adamw.hpp"
#include "dormant/optimizer/sgd.hpp"
#include "dormant/optimizer/sign_sgd.hpp"

#include <variant>

namespace experiment {

[[nodiscard]] std::variant<dormant::adamw, dormant::sgd, dormant::sign_sgd>
optimizer_of(settings const& s);

} // namespace experiment
