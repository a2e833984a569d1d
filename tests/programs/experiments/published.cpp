// SPDX-License-Identifier: MIT
// The table of the paper's numbers.
#include "common/published.hpp"
#include "catch.hpp"
#include "common/thresholds.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

TEST_CASE("published: every line of the table is whole, and no number is there twice") {
  std::set<std::string> keys;
  CHECK(published::all().size() > 600);
  for (auto const& n : published::all()) {
    auto const key =
        std::string(n.run) + "/" + std::string(n.definition) + "/" + std::to_string(n.step);
    INFO(key);
    CHECK(std::isfinite(n.step));
    CHECK(std::isfinite(n.value));
    CHECK_FALSE(n.definition.empty());
    CHECK_FALSE(n.source.empty());
    CHECK(keys.insert(key).second);
  }
}

TEST_CASE("published: the numbers that the paper states are found by model, name and step") {
  CHECK(published::at("one layer", "attention_sink.as_published.0", 1000) ==
        Approx(0.7785).margin(1e-4));
  CHECK(published::at("one layer", "value_drain.bos.0", 0) == Approx(5.19937));
  CHECK(published::at("two layers", "residual_peak.ratio.0", 10000) == Approx(1.36));
  auto const gap = published::over_training("one layer", "sink_logit_gap.mean.0");
  CHECK(std::ranges::is_sorted(gap.steps));
  CHECK(gap.values.front() == Approx(-0.12));
  CHECK_THROWS_WITH(published::at("one layer", "value_drain.bos.0", 7),
                    Catch::Contains("at step 7"));
  CHECK_THROWS_WITH(published::at("four layers", "value_drain.bos.0", 0),
                    Catch::Contains("four layers"));
}

TEST_CASE("published: no level that decides a statement shuts out the paper's own number") {
  for (auto const& level : paper::thresholds) {
    auto const there = published::at(level.run, level.definition, level.step);
    INFO(level.definition << " of " << level.run << ": " << there << ", level " << level.value);
    CHECK(level.passes(there));
  }
}
