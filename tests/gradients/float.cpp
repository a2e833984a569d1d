// SPDX-License-Identifier: MIT
// Single precision against the reference in double, every switch and every rule.
#include "every_structure.hpp"

using namespace gradients;

namespace {

// A float holds 7 digits (epsilon 1.2e-7). Sums of up to a few hundred terms, twice through the
// model and cancelling across positions, cost about three of them in gradients.
template <bool Sites>
struct check_float {
  template <class Net>
  void operator()(char const* structure) const {
    auto const net = models::shaken<Net>();
    auto const rows = models::random_tokens(2, Net::shape.context, Net::shape.vocab);
    check_everything<>::say(structure, Net::shape.heads,
                            agrees_with_reference<Sites>(net, rows, 1e-4));
  }
};

} // namespace

TEST_CASE("gradients: float, every switch") {
  packed_structures<softmax, 4, float>(check_float<false>{});
}

TEST_CASE("gradients: float, every rule") {
  few_structures<relu, 4, float>(check_float<true>{});
  few_structures<sigmoid, 4, float>(check_float<true>{});
  few_structures<softmax_n<>, 4, float>(check_float<true>{});
  few_structures<sink_logit, 4, float>(check_float<true>{});
  few_structures<output_gate<>, 4, float>(check_float<true>{});
  few_structures<output_gate<relu>, 4, float>(check_float<true>{});
}
