// SPDX-License-Identifier: MIT
#include "language_model/train_lm/session.hpp"

#include <dormant/part/parts.hpp>
#include <dormant/source/family/llama.hpp>

namespace language_model {

int train_llama(training_settings const& s, corpora const& from) {
  using net = dm::transformer<
      dm::at_run_time,
      dm::block<dm::residual<dm::rms_norm, dm::attention<program::rule_by_name, dm::rotary<>>>,
                dm::residual<dm::rms_norm, dm::gated_mlp<dm::silu>>>,
      dm::no_positions, dm::last_norm<dm::rms_norm>>;
  return training_session<dm::llama, net>(s, from).run();
}

} // namespace language_model
