// SPDX-License-Identifier: MIT
// The experiment with a learned gate on the head outputs.
#include "bigram_backcopy/experiment.hpp"

template int experiment::run_with<dormant::output_gate<>>(settings const&, source const&,
                                                          place const&);
