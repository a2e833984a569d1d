// SPDX-License-Identifier: MIT
// How experiments train: on what they measure, and where a long run goes on.
#include "common/training.hpp"
#include "catch.hpp"
#include "common/models.hpp"
#include "io/scratch.hpp"

#include <dormant/dormant.hpp>
#include <dormant/task/english.hpp>

#include <cmath>
#include <vector>

namespace dm = dormant;

namespace {

constexpr dm::shape tiny{.width = 16, .vocab = program::vocabulary, .context = 16};

paper::curve train(paper::one_run const& run, std::uint64_t steps) {
  dm::transformer<tiny, dm::softmax> net({.seed = run.seeds.init});
  dm::bigram_backcopy<tiny> const task({.seed = run.seeds.data});
  auto const on = dm::bigram_backcopy<tiny>({.seed = 0}).sample(8);
  return paper::train_watched(run, net, task, dm::adamw{.lr = 1e-3},
                              {.steps = steps, .batch = 4, .threads = 1, .shards = 1}, {on, 30},
                              dm::risk{}, dm::attention_sink{});
}

bool same(paper::curve const& a, paper::curve const& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t r = 0; r < a.size(); ++r) {
    if (a[r].cells() != b[r].cells()) return false;
  }
  return true;
}

} // namespace

TEST_CASE("training: all runs are measured on the same sequences, first before the first step") {
  program::board board(3, 0);
  auto const rows = train({{1, 1}, board}, 60);
  auto const other_data = train({{1, 2}, board}, 60);
  REQUIRE(rows.size() == 3);
  CHECK(rows[0]["step"] == 0);
  CHECK(rows[2]["step"] == 60);
  CHECK(rows[0].cells() == other_data[0].cells()); // no step has been taken
  CHECK(rows[1]["loss"] != other_data[1]["loss"]);
  CHECK(train({{2, 1}, board}, 60)[0]["loss"] != rows[0]["loss"]);
}

TEST_CASE("training: a run that was cut off goes on to the same bits, and no other run does") {
  scratch::folder const folder;
  program::board board(3, 0);
  auto const whole = train({{1, 1}, board}, 250);
  paper::one_run const kept{{1, 1}, board, folder.path() / "a", {{"run", "a"}}};
  // The state of step 200 is left behind by a run of 250 that ends normally, too.
  CHECK(whole.back()["step"] == 250); // the end is measured, due or not
  CHECK(same(train(kept, 250), whole));
  CHECK(same(train(kept, 250), whole));
  CHECK(dm::saved_step(dm::safetensors_file::open(folder.path() / "a.safetensors")) == 200U);
  paper::one_run const other{{1, 1}, board, folder.path() / "a", {{"run", "b"}}};
  CHECK_THROWS_WITH(train(other, 250), Catch::Contains("run = b"));
}

TEST_CASE("training: what forms is dated to two steps, and the rest measured as often as ever") {
  program::board board(1, 0);
  dm::transformer<tiny, dm::softmax> net({.seed = 1});
  dm::bigram_backcopy<tiny> const task({.seed = 1});
  auto const on = task.sample(2);
  auto const rows = paper::train_watched({{1, 1}, board}, net, task, dm::adamw{.lr = 1e-3},
                                         {.steps = 20, .batch = 4, .threads = 1, .shards = 1},
                                         {.on = on, .every = 5, .closely_until = 4}, dm::risk{});
  std::vector<double> steps;
  for (auto const& row : rows) steps.push_back(row["step"]);
  CHECK(steps == std::vector<double>{0, 2, 4, 5, 10, 15, 20});
}
