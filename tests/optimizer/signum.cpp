// SPDX-License-Identifier: MIT
// Signum against its formula; the laws, threads and a stop.
#include "dormant/optimizer/signum.hpp"

#include "dormant/optimizer/lion.hpp"

#include "optimizer_testing.hpp"

using namespace testing_optimizers;

TEST_CASE("signum: the sign of the momentum moves the parameter") {
  for (double const scale : {1.0, 0.25}) {
    signum const hyper{.lr = 1e-2, .momentum = 0.8, .weight_decay = 0.1};
    check_formula(
        hyper,
        [&] {
          return [h = hyper, scale, m = 0.0](double p, double g, double) mutable {
            m = h.momentum * m + (1 - h.momentum) * g;
            return p - h.lr * scale * ((m > 0) - (m < 0)) - h.lr * scale * h.weight_decay * p;
          };
        },
        scale);
  }
}

TEST_CASE("signum: without momentum it is signSGD, and it is Lion with one beta") {
  CHECK(same_bits(trained<float>(signum{.lr = 1e-3, .momentum = 0, .weight_decay = 0.1}),
                  trained<float>(sign_sgd{.lr = 1e-3, .weight_decay = 0.1})));
  auto const here = trained<float>(signum{.lr = 1e-3, .momentum = 0.8, .weight_decay = 0.1});
  CHECK(same_bits(
      here, trained<float>(lion{.lr = 1e-3, .beta1 = 0.8, .beta2 = 0.8, .weight_decay = 0.1})));
  CHECK_FALSE(same_bits(here, trained<float>(sign_sgd{.lr = 1e-3, .weight_decay = 0.1})));
}

TEST_CASE("signum: laws, wrappers, threads, a stop") {
  check_laws(signum{});
  check_laws(signum{.lr = 0.1, .momentum = 0, .weight_decay = 0.5});
  check_laws(exact_decay{signum{.lr = 1e-3, .weight_decay = 1e-5}});
  check_runs(signum{.lr = 1e-3, .weight_decay = 0.1});
}
