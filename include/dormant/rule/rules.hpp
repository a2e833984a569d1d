// SPDX-License-Identifier: MIT
// All attention rules of the library; docs/rules.md is their table. (`forgetting`, which brings a
// part along, is among the parts.)
#pragma once

#include "dormant/rule/clipped_softmax.hpp"   // IWYU pragma: export
#include "dormant/rule/elu_one.hpp"           // IWYU pragma: export
#include "dormant/rule/entmax15.hpp"          // IWYU pragma: export
#include "dormant/rule/normalised.hpp"        // IWYU pragma: export
#include "dormant/rule/output_gate.hpp"       // IWYU pragma: export
#include "dormant/rule/plain_relu.hpp"        // IWYU pragma: export
#include "dormant/rule/relu.hpp"              // IWYU pragma: export
#include "dormant/rule/relu_over_context.hpp" // IWYU pragma: export
#include "dormant/rule/sigmoid.hpp"           // IWYU pragma: export
#include "dormant/rule/sink_logit.hpp"        // IWYU pragma: export
#include "dormant/rule/softmax.hpp"           // IWYU pragma: export
#include "dormant/rule/softmax_n.hpp"         // IWYU pragma: export
#include "dormant/rule/softpick.hpp"          // IWYU pragma: export
#include "dormant/rule/sparsemax.hpp"         // IWYU pragma: export
#include "dormant/rule/stick_breaking.hpp"    // IWYU pragma: export
