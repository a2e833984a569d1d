// SPDX-License-Identifier: MIT
// The experiment with a learned sink logit.
#include "bigram_backcopy/experiment.hpp"

template int experiment::run_with<dormant::sink_logit>(settings const&, source const&,
                                                       place const&);
