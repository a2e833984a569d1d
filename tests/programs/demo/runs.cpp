// SPDX-License-Identifier: MIT
// The demo's runs when one of them goes wrong.
#include "catch.hpp"

#include "demo/runs.hpp"
#include "dormant/task/english.hpp"

TEST_CASE("a run of the demo that is not finite is named by its story and seed") {
  demo::setting how{.first_seed = 7, .seeds = 1, .steps = 20, .batch = 1, .threads = 1};
  auto const& table = dormant::english_bigrams();
  how.adamw_lr = 1e38;
  CHECK_THROWS_WITH(demo::train_all(how, table),
                    Catch::StartsWith("softmax + AdamW, seed 7: ") && Catch::Contains("finite"));
  how.adamw_lr = 1e-3;
  how.sgd_lr = 1e38;
  CHECK_THROWS_WITH(demo::train_all(how, table),
                    Catch::StartsWith("softmax + SGD, seed 7: ") && Catch::Contains("finite"));
}
