// SPDX-License-Identifier: MIT
// The seeds of the main experiment: of its initial parameters and of its data.
#include "programs/run_folder_testing.hpp"

#include <filesystem>
#include <string>
#include <vector>

using namespace run_folders;

namespace {
/// A run small enough for a test, in a folder, and more arguments.
words small(words more, std::string const& out) {
  more.insert(more.begin(), {"--batch", "4", "--every", "5", "--no-figures", "--out", out});
  return more;
}
} // namespace

TEST_CASE("a run has a seed of its parameters and one of its data, and may begin as PyTorch does",
          "[programs][slow]") {
  folder const here;
  auto const model = [&](words more, std::string const& out) {
    more.insert(more.end(), {"--steps", "1", "--lr", "0"});
    REQUIRE(run(here, small(more, out)).code == 0);
    return scratch::read(here / out / "metrics.csv");
  };
  auto const loss = [](std::string const& metrics) { // of the first step
    auto const row = metrics.substr(metrics.find("\n0,") + 3);
    return row.substr(0, row.find(','));
  };
  auto const both = model({"--seed", "3"}, "both");
  CHECK(model({"--init-seed", "3", "--data-seed", "3"}, "each") == both);
  CHECK(model({"--seed", "3", "--data-seed", "4"}, "data") != both);
  CHECK(model({"--seed", "4", "--data-seed", "3"}, "init") != both);
  CHECK(loss(model({"--seed", "3", "--init", "torch"}, "torch")) != loss(both));
  CHECK_THAT(scratch::read(here / "data/run.json"),
             Catch::Contains("\"init-seed\": 3") && Catch::Contains("\"data-seed\": 4"));

  // In two parts, from PyTorch's draws: the same run.
  words const how{"--init", "torch", "--init-seed", "42", "--data-seed", "5"};
  auto const with = [&](words more, std::string const& out) {
    more.insert(more.end(), how.begin(), how.end());
    return small(more, out);
  };
  REQUIRE(run(here, with({"--steps", "10"}, "whole")).code == 0);
  REQUIRE(run(here, with({"--steps", "6"}, "out")).code == 0);
  REQUIRE(run(here, {"--resume", "out", "--steps", "10", "--no-figures"}).code == 0);
  for (auto const* file : {"checkpoint.safetensors", "resume.safetensors", "metrics.csv"})
    CHECK(scratch::read(here / "whole" / file) == scratch::read(here / "out" / file));
  // Its checkpoint is not taken for one that began otherwise, even if run.json says so.
  auto const file = here / "out/run.json";
  auto text = scratch::read(file);
  auto const at = text.find("\"torch\"");
  REQUIRE(at != std::string::npos);
  scratch::write(file, text.replace(at, 7, "\"dormant\""));
  CHECK_THAT(failure(here, {"--resume", "out", "--steps", "12"}),
             Catch::Contains("has init = torch, this one has init = dormant"));
}
