// SPDX-License-Identifier: MIT
// Measurements over the checkpoints of a training: kept, taken up
// again, and when a sink has formed.
#include "catch.hpp"
#include "programs/program.hpp"

#include "language_model/dynamics/series.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

using scratch::folder;
using words = std::vector<std::string>;
namespace fs = std::filesystem;
namespace lm = language_model;

namespace {
void train(folder const& here) {
  std::ofstream text(here.path() / "letters.txt");
  for (int i = 0; i < 2000; ++i) text << "abcdefgh\n";
  text.close();
  auto const found = programs::run(
      here.path(), "language_model/train_lm",
      programs::small_training({"--texts", "letters.txt", "--steps", "40", "--checkpoint-every",
                                "20", "--sample", "0", "--out", "run"}));
  REQUIRE(found.code == 0);
}
words asked(words const& more) {
  return programs::with_usual(
      {"--texts", "letters.txt", "--context", "16", "--rows", "8", "--out", "out"}, more);
}
programs::outcome run(folder const& here, words const& more) {
  return programs::run(here.path(), "language_model/dynamics", asked(more));
}
/// The sentence about what goes wrong, perhaps after some checkpoints.
std::string fails(folder const& here, words const& more) {
  auto found = run(here, more);
  found.out.clear();
  return programs::mistake(found, "dynamics", 1);
}
} // namespace

TEST_CASE("every checkpoint below a folder is measured once", "[programs][slow]") {
  folder const here;
  train(here);
  auto const first = run(here, {"--models", "run/checkpoints"});
  INFO(first.err);
  REQUIRE(first.code == 0);
  CHECK_THAT(first.out, Catch::Contains("4 checkpoints, steps 0 to 40"));
  auto const table = scratch::read(here.path() / "out/dynamics.csv");
  CHECK_THAT(table, Catch::StartsWith("step,loss,attention_on_0.0.0,attention_on_0.0.1,"
                                      "score_gap.0.0,score_gap.0.1,value_drain.0.0,value_drain.0.1,"
                                      "residual_norm_0.0,residual_peak.0\n0,"));
  for (auto const* file : {"report.html", "dynamics.svg", "dynamics.png"})
    CHECK(fs::exists(here.path() / "out" / file));

  // A second time nothing is read but what was kept: the weights may be gone, save the last ones,
  // of which the sizes are told.
  for (auto const* step : {"0000000", "0000016", "0000020"}) {
    fs::remove(here.path() / "run/checkpoints" / ("step-" + std::string(step)) /
               "model.safetensors");
  }
  auto const again = run(here, {"--models", "run/checkpoints"});
  INFO(again.err);
  CHECK(again.code == 0);
  CHECK(first.out.find("a pass takes at most") != std::string::npos);
  CHECK(again.out.find("a pass takes at most") == std::string::npos); // as there was none
  CHECK_THAT(again.out, Catch::Contains("step       40: loss"));
  CHECK(scratch::read(here.path() / "out/dynamics.csv") == table);

  // Other rows are other numbers.
  CHECK_THAT(fails(here, {"--models", "run/checkpoints", "--rows", "7"}),
             Catch::Contains("model.safetensors"));
  std::ofstream(here.path() / "out/measured/step-40.json") << "{";
  CHECK_THAT(fails(here, {"--models", "run/checkpoints"}),
             Catch::Contains("step-40.json") && Catch::Contains("damaged"));
}

TEST_CASE("folders that are no checkpoints of one training are refused", "[programs]") {
  folder const here;
  train(here);
  CHECK_THAT(fails(here, {"--models", "run"}), Catch::Contains("holds no model"));
  CHECK_THAT(fails(here, {"--models", "absent"}), Catch::Contains("absent"));
  fs::copy(here.path() / "run/checkpoints/step-0000020", here.path() / "other-20");
  CHECK_THAT(fails(here, {"--models", "run/checkpoints,other-20"}),
             Catch::Contains("both of step 20"));
}

TEST_CASE("something has formed from the checkpoint on after which it stays", "[programs]") {
  auto const nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(lm::formed_at({0, 0.4, 0.2, 0.5, 0.6}, 0.3, true) == 3U);
  CHECK(lm::formed_at({0.4, 0.5}, 0.3, true) == 0U);
  CHECK_FALSE(lm::formed_at({0.4, 0.2}, 0.3, true));
  CHECK(lm::formed_at({1, 0.9, 0.4}, 0.5, false) == 2U);
  CHECK(lm::formed_at({1, nan, 2}, 0.5, true) == 2U); // what was not seen did not hold
}
