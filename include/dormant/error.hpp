// SPDX-License-Identifier: MIT
// The one exception type: a sentence that names the file or argument, what was expected and found.
#pragma once

#include <stdexcept>

namespace dormant {

/// Bad outside data or a bad argument. `what()` is one sentence, fit to be shown to a user as it is.
struct error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

} // namespace dormant
