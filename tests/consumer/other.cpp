// SPDX-License-Identifier: MIT
// The other translation unit, which needs files as well.
#include "consumer.hpp"

#include <dormant/checkpoint.hpp>

#if DORMANT_VERSION < 100
#error "DORMANT_VERSION is a number that the preprocessor can compare"
#endif

double risk_without_the_head(net_type& net, dormant::batch const& batch);

double risk_without_the_head(net_type& net, dormant::batch const& batch) {
  return net.evaluate(batch, dormant::ablate_head{.layer = 0, .head = 0}).bigram_risk;
}
