// SPDX-License-Identifier: MIT
#include "language_model/train_lm/session.hpp"

#include <dormant/part/parts.hpp>
#include <dormant/source/family/gpt2.hpp>

namespace language_model {

int train_paper(training_settings const& s, corpora const& from) {
  using net = dm::transformer<dm::at_run_time, program::rule_by_name>;
  return training_session<dm::gpt2<dm::relu_unit>, net>(s, from).run();
}

} // namespace language_model
