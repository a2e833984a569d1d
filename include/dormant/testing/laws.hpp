// SPDX-License-Identifier: MIT
// Law suites to call on what you replace: each returns a verdict that is true if every law holds,
// and otherwise says which does not, with numbers. They need no test framework.
#pragma once

#include "dormant/testing/adaptor_laws.hpp"   // IWYU pragma: export
#include "dormant/testing/gradient_check.hpp" // IWYU pragma: export
#include "dormant/testing/hook_laws.hpp"      // IWYU pragma: export
#include "dormant/testing/model_laws.hpp"     // IWYU pragma: export
#include "dormant/testing/optimizer_laws.hpp" // IWYU pragma: export
#include "dormant/testing/rule_laws.hpp"      // IWYU pragma: export
#include "dormant/testing/task_laws.hpp"      // IWYU pragma: export
#include "dormant/testing/verdict.hpp"        // IWYU pragma: export
