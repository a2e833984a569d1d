// SPDX-License-Identifier: MIT
// Rows of real texts.
#include "dormant/task/text_windows.hpp"
#include "catch.hpp"
#include "dormant/dormant.hpp"

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

namespace dm = dormant;

namespace {
std::vector<dm::token> counting(dm::token from, std::size_t n) {
  std::vector<dm::token> text(n);
  std::iota(text.begin(), text.end(), from);
  return text;
}
} // namespace

TEST_CASE("a row is <s> and a window of one of the texts", "[task]") {
  dm::text_windows const task({counting(1, 50), counting(100, 9)}, {.context = 8, .bos = 99});
  auto const rows = task.sample(400);
  std::size_t second = 0;
  std::set<dm::token> begins;
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    auto const row = rows.tokens(b);
    REQUIRE(row[0] == 99);
    for (std::size_t i = 2; i < row.size(); ++i) REQUIRE(row[i] == row[i - 1] + 1);
    REQUIRE(((row[1] >= 1 && row[8] <= 50) || (row[1] >= 100 && row[8] <= 108)));
    REQUIRE(rows.laws(b).empty());
    second += row[1] >= 100 ? 1 : 0;
    begins.insert(row[1]);
  }
  CHECK(second > 150); // texts are drawn equally often: 200 on average, 10 being the deviation
  CHECK(second < 250);
  CHECK(begins.contains(1)); // every place is drawn, the first and the last of either text
  CHECK(begins.contains(43));
  CHECK(begins.contains(100));
  CHECK(begins.contains(101));
}

TEST_CASE("without <s> a row is text from its first token on", "[task]") {
  dm::text_windows const task({counting(1, 20)}, {.context = 8});
  auto const rows = task.in_order(0, 10);
  REQUIRE(rows.rows() == 2);
  CHECK(rows.tokens(0)[0] == 1);
  CHECK(rows.tokens(1)[0] == 10);
  CHECK(rows.tokens(1)[8] == 18);
  dm::text_windows const with_bos({counting(1, 20)}, {.context = 8, .bos = 99});
  auto const begun = with_bos.in_order(0, 10);
  REQUIRE(begun.rows() == 2);
  CHECK(begun.tokens(1)[0] == 99);
  CHECK(begun.tokens(1)[1] == 9);
}

TEST_CASE("rows are a function of seed, step and row, and training draws others", "[task]") {
  auto const row_of = [](std::uint64_t seed, dm::stream which, std::uint64_t step) {
    dm::text_windows const task({counting(1, 1000)}, {.context = 8, .bos = 0, .seed = seed});
    std::vector<dm::token> row(9);
    task.sample_row(which, step, 3, row, {});
    return row;
  };
  auto const first = row_of(1, dm::stream::training_data, 5);
  CHECK(first == row_of(1, dm::stream::training_data, 5));
  CHECK(first != row_of(2, dm::stream::training_data, 5));
  CHECK(first != row_of(1, dm::stream::training_data, 6));
  CHECK(first != row_of(1, dm::stream::evaluation_data, 5));
}

TEST_CASE("a text that fills no row is refused", "[task]") {
  CHECK_THROWS_WITH(dm::text_windows({counting(1, 7)}, {.context = 8, .bos = 0}),
                    Catch::Contains("text 0 has 7 tokens, which fill no row of 8"));
  CHECK_NOTHROW(dm::text_windows({counting(1, 8)}, {.context = 8, .bos = 0}));
  CHECK_THROWS_AS(dm::text_windows({counting(1, 8)}, {.context = 8}), dm::error);
  CHECK_THROWS_AS(dm::text_windows({}, {.context = 8}), dm::error);
}

TEST_CASE("a model whose sizes are read at run time learns a text", "[task]") {
  dm::text_windows const task({counting(1, 20)}, {.context = 8, .bos = 0});
  dm::transformer<dm::at_run_time, dm::softmax> net(
      dm::sizes(dm::shape{.width = 16, .vocab = 32, .context = 8}));
  dm::train(net, task, dm::adamw{.lr = 1e-2}, {.steps = 150, .batch = 8, .threads = 1});
  // All but the first token, one of thirteen, is known.
  CHECK(net.evaluate(task.sample(64)).loss < 0.6);
}
