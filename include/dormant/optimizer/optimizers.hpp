// SPDX-License-Identifier: MIT
// All optimizers of the library, and what goes around them, but for those that need another
// library: soap.hpp (Eigen) is included by name.
#pragma once

#include "dormant/optimizer/adamw.hpp"       // IWYU pragma: export
#include "dormant/optimizer/by_group.hpp"    // IWYU pragma: export
#include "dormant/optimizer/clipped.hpp"     // IWYU pragma: export
#include "dormant/optimizer/exact_decay.hpp" // IWYU pragma: export
#include "dormant/optimizer/frozen.hpp"      // IWYU pragma: export
#include "dormant/optimizer/lion.hpp"        // IWYU pragma: export
#include "dormant/optimizer/muon.hpp"        // IWYU pragma: export
#include "dormant/optimizer/ortho_adam.hpp"  // IWYU pragma: export
#include "dormant/optimizer/sgd.hpp"         // IWYU pragma: export
#include "dormant/optimizer/sign_sgd.hpp"    // IWYU pragma: export
#include "dormant/optimizer/signum.hpp"      // IWYU pragma: export
#include "dormant/optimizer/which.hpp"       // IWYU pragma: export
#include "dormant/optimizer/with_rate.hpp"   // IWYU pragma: export
