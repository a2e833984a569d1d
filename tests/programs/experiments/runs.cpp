// SPDX-License-Identifier: MIT
// What experiments make of their runs: numbers over seeds, first crossings, and a resume that keeps
// what is there and refuses what is not the same experiment.
#include "common/runs.hpp"
#include "catch.hpp"
#include "common/figures.hpp"
#include "common/number_table.hpp"
#include "io/scratch.hpp"

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace {

paper::curve curve_of(std::initializer_list<double> values) {
  paper::curve rows;
  for (double const v : values) {
    auto& row = rows.emplace_back();
    row.add("step", 10.0 * static_cast<double>(rows.size() - 1));
    row.add("x", v);
  }
  return rows;
}

paper::variant counted(std::atomic<int>& calls) {
  return {"softmax + AdamW", 1, [&](paper::one_run const& run) {
            ++calls;
            return curve_of({1.0 / 3, static_cast<double>(run.seeds.init)});
          }};
}

} // namespace

TEST_CASE("runs: a number over seeds is read at the end, at a step, and as a line with its band") {
  paper::runs const runs({"a"}, {{curve_of({1, 2}), curve_of({3, 4}), curve_of({5, 9})}});
  CHECK(runs.last(0, "x") == std::vector<double>{2, 4, 9});
  CHECK(runs.at(0, "x", 0) == std::vector<double>{1, 3, 5});
  CHECK(runs.at(0, "x", 7) == std::vector<double>{2, 4, 9});
  CHECK(std::isnan(runs.at(0, "x", 11)[0]));
  auto const line = runs.line(0, "x", "of a");
  CHECK(line.x == std::vector<double>{0, 10});
  CHECK(line.y == std::vector<double>{3, 4});
  CHECK(line.low[0] == Approx(1.4));
  CHECK(line.high[1] == Approx(8));
}

TEST_CASE("runs: a crossing counts only if it lasts") {
  paper::runs const runs({"a"}, {{curve_of({0, 9, 0, 9, 9, 9, 0}), curve_of({0, 9, 9, 0})}});
  auto const first = runs.first_step(0, [](auto& row) { return row["x"] > 5; });
  CHECK(first[0] == 30);
  CHECK(std::isnan(first[1]));
}

TEST_CASE("runs: resuming keeps finished runs to the bit and trains only what is missing") {
  scratch::folder const folder;
  std::atomic<int> calls = 0;
  paper::setting how{.seeds = 2, .threads = 1, .out = folder.path(), .identity = "steps 2"};
  auto const first = paper::over_seeds(how, {counted(calls)});
  CHECK(calls == 2);
  how.resume = true;
  how.seeds = 3;
  auto const again = paper::over_seeds(how, {counted(calls)});
  CHECK(calls == 3);
  CHECK(again.at(0, "x", 0) == std::vector<double>(3, 1.0 / 3));
  CHECK(again.last(0, "x") == std::vector<double>{1, 2, 3});

  how.identity = "steps 3";
  CHECK_THROWS_WITH(paper::over_seeds(how, {counted(calls)}),
                    Catch::Matchers::Contains("made with other settings"));
  CHECK(calls == 3);
}

TEST_CASE("runs: a column that a run does not have is refused, one that was not measured is NaN") {
  scratch::folder const folder;
  paper::setting how{.seeds = 1, .threads = 1, .out = folder.path(), .identity = "steps 2"};
  paper::variant const trained{"trained", 1, [](paper::one_run const&) {
                                 auto rows = curve_of({1, 2});
                                 rows.back().add("after training", 3);
                                 return rows;
                               }};
  paper::variant const other{"other", 1, [](paper::one_run const&) { return curve_of({1}); }};
  for (bool const resumed : {false, true}) {
    how.resume = resumed;
    auto const runs = paper::over_seeds(how, {trained, other});
    CHECK(runs.last(0, "after training")[0] == 3);
    CHECK(std::isnan(runs.at(0, "after training", 0)[0]));
    CHECK(std::isnan(runs.line(0, "after training", "").y[0]));
    for (auto const* typo : {"y", "after trainings"}) {
      CHECK_THROWS_WITH(runs.last(0, typo), Catch::Contains("the nearest names first: "));
      CHECK_THROWS_WITH(runs.line(0, typo, ""), Catch::Contains(typo));
      CHECK_THROWS_WITH(runs.series(0, {typo}, ""), Catch::Contains(typo));
      CHECK_THROWS_WITH(runs.at(0, typo, 0), Catch::Contains(typo));
    }
    CHECK_THROWS_WITH(runs.last(1, "after training"), Catch::Contains("nothing named"));
    // Columns of one variant are empty in the rows of another.
    CHECK(runs.table().text().find("other,1,1,0,1,\n") != std::string::npos);
  }
}

TEST_CASE("runs: the error of a run is the error of all") {
  scratch::folder const folder;
  paper::setting const how{.seeds = 2, .threads = 1, .out = folder.path()};
  paper::variant const broken{"broken", 1, [](paper::one_run const&) -> paper::curve {
                                throw std::runtime_error("the loss is not finite");
                              }};
  CHECK_THROWS_WITH(paper::over_seeds(how, {broken}), "the loss is not finite");
  paper::variant const overflows{"b", 1, [](paper::one_run const&) -> paper::curve {
                                   throw dormant::non_finite("step 3 is not finite");
                                 }};
  CHECK_THROWS_WITH(paper::over_seeds(how, {overflows}), "b, seed 1: step 3 is not finite");
}

TEST_CASE("runs: a table of numbers is read strictly") {
  scratch::folder const here;
  auto const refused = [&](std::string const& text) {
    scratch::write(here / "t.csv", text);
    return error_of([&] { (void)program::number_table::read(here / "t.csv"); });
  };
  CHECK(refused("a,b\n1,2\n,3\n").empty());
  CHECK_THAT(refused("\xEF\xBB\xBF"
                     "a,b\n1,2\n"),
             Catch::Contains("t.csv': line 1 begins with a byte order mark"));
  for (auto const* row : {"1", "1,2,3", "1,x", "1,2 ", "1,1e999", "1,0x1"}) {
    CHECK_THAT(refused("a,b\n" + std::string(row) + "\n"),
               Catch::Contains("t.csv': line 2 is not a row of 2 numbers"));
  }
}

TEST_CASE("figures: without a temporary folder there is a sentence, and no figure") {
  auto const* before = std::getenv("TMPDIR");
  std::string const saved = before == nullptr ? "" : before;
  ::setenv("TMPDIR", "/nowhere/at/all", 1);
  CHECK_THROWS_WITH((void)figures::svg({.panels = {figures::chart{}}}),
                    Catch::Contains("no temporary folder can be made in ") &&
                        Catch::Contains("TMPDIR") && !Catch::Contains("filesystem"));
  CHECK_THROWS_AS((void)figures::svg({.panels = {figures::chart{}}}), figures::not_drawn);
  if (before == nullptr) ::unsetenv("TMPDIR");
  if (before != nullptr) ::setenv("TMPDIR", saved.c_str(), 1);
}

TEST_CASE("runs: a kept run of which a line is missing, moved or changed is refused") {
  scratch::folder const folder;
  std::atomic<int> calls = 0;
  paper::setting how{.seeds = 1, .threads = 1, .out = folder.path(), .identity = "steps 2"};
  (void)paper::over_seeds(how, {counted(calls)});
  how.resume = true;
  auto const file = folder / "runs/softmax_AdamW.1.csv";
  auto const good = scratch::read(file);
  auto const line = [&](std::string const& start) {
    auto const at = good.find("\n" + start) + 1;
    return good.substr(at, good.find('\n', at) + 1 - at);
  };
  auto const header = good.substr(0, good.find('\n') + 1);
  auto const first = line("0,"), second = line("10,"), seal = line("# checksum ");
  REQUIRE(header + first + second + seal == good);
  for (auto const& bad :
       {header + second + seal, header + first + seal, header + second + first + seal,
        header + first + first + second + seal, header + first + "10,2\n" + seal, header + seal}) {
    scratch::write(file, bad);
    CHECK_THROWS_WITH(paper::over_seeds(how, {counted(calls)}),
                      Catch::Matchers::Contains("softmax_AdamW.1.csv' is not as it was written"));
    CHECK(scratch::read(file) == bad);
  }
  scratch::write(file, header + first + second); // as the first version kept it
  CHECK(paper::over_seeds(how, {counted(calls)}).last(0, "x") == std::vector<double>{1});
  std::filesystem::remove(folder / "runs/settings.txt");
  CHECK_THROWS_WITH(paper::over_seeds(how, {counted(calls)}),
                    Catch::Matchers::Contains("settings.txt' is missing"));
  CHECK(calls == 1);
}

TEST_CASE("runs: initialisations are crossed with data, and a variant may have seeds of its own") {
  scratch::folder const folder;
  std::vector<dormant::seeds> told;
  auto const tell = [&](paper::one_run const& run) {
    told.push_back(run.seeds);
    return curve_of(
        {10.0 * static_cast<double>(run.seeds.init) + static_cast<double>(run.seeds.data)});
  };
  paper::setting const how{.seeds = 2, .first = {3, 7}, .threads = 1, .out = folder.path()};
  auto const runs =
      paper::over_seeds(how, {{"crossed", 1, tell, dormant::crossed_seeds(how.first, 2, 2)},
                              {"own", 1, tell, {{9, 1}}},
                              {"paired", 1, tell}});
  CHECK(runs.last(0, "x") == std::vector<double>{37, 38, 47, 48});
  CHECK(runs.last(1, "x") == std::vector<double>{91});
  CHECK(runs.seeds(1) == std::vector<dormant::seeds>{{9, 1}});
  CHECK(runs.last(2, "x") == std::vector<double>{37, 48});
  CHECK(told.size() == 7);
  auto const text = runs.table().text();
  CHECK(text.find("variant,init_seed,data_seed,step,x\n") == 0);
  CHECK(text.find("crossed,4,7,0,47\n") != std::string::npos);
  CHECK(text.find("own,9,1,0,91\n") != std::string::npos);
}
