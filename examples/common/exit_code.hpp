// SPDX-License-Identifier: MIT
// How programs end.
#pragma once

#include "dormant/error.hpp"

namespace program {

/// What the shell is told.
enum exit_code : int {
  success = 0,
  failure = 1,      ///< the work could not be done: data, files, numbers
  usage = 2,        ///< the command line was not understood
  interrupted = 130 ///< stopped by a signal, and what was done so far is kept
};

/// A mistake on the command line that only shows when options are looked at together.
struct usage_error : dormant::error {
  using error::error;
};

} // namespace program
