// SPDX-License-Identifier: MIT
// The experiment by names, and with the attention rules that have no parameters of their own.
#include "bigram_backcopy/experiment.hpp"

#include "bigram_backcopy/optimizer.hpp"

namespace experiment {

extern template int run_with<dm::sink_logit>(settings const&, source const&, place const&);
extern template int run_with<dm::output_gate<>>(settings const&, source const&, place const&);

int run(settings const& s, source const& from, place const& where) {
  program::optimizer_by_name::chosen = optimizer_of(s);
  return program::with_attention(s.attention,
                                 [&]<class Rule>() { return run_with<Rule>(s, from, where); });
}

} // namespace experiment
