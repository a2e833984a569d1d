// SPDX-License-Identifier: MIT
// The demo's verdicts on made-up runs: every criterion, and what one or two bad seeds do.
#include "catch.hpp"

#include "demo/judge.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <vector>

namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

demo::run made_up(std::size_t story, double attention, double value, double residual) {
  demo::run r;
  r.story = story;
  r.after.add(demo::measured::sink, attention);
  r.after.add(demo::measured::drain, value);
  r.after.add(demo::measured::peak, residual);
  r.after.add(demo::measured::bigram, 0.03);
  r.after.add(demo::measured::backcopy, 0.01);
  r.without_head.add(demo::measured::bigram, 0.02);
  r.without_head.add(demo::measured::backcopy, 4.0);
  r.curve.emplace_back().add(demo::measured::peak, 1.0);
  return r;
}

/// Runs of so many seeds that show what the paper says.
std::vector<demo::run> as_published(std::size_t seeds) {
  std::vector<demo::run> runs;
  for (std::size_t s = 0; s < seeds; ++s) {
    runs.push_back(made_up(demo::softmax_adamw, 0.9, 0.2, 2.0));
    runs.push_back(made_up(demo::relu_adamw, 0.0, 0.8, 1.3));
    runs.push_back(made_up(demo::softmax_sgd, 0.7, 0.25, 1.2));
  }
  return runs;
}

demo::verdict judged(std::vector<demo::run> const& runs, std::size_t which) {
  return demo::judge(demo::pairs_of(runs)).at(which);
}

/// Whether a seed that shows all still shows `which` after one number of one story is changed.
bool shows_after(std::size_t story, std::string_view column, double value, std::size_t which) {
  auto runs = as_published(1);
  CHECK(judged(runs, which).seed_shows == std::vector{true});
  runs[story].after.set(column, value);
  return judged(runs, which).seed_shows.front();
}

constexpr std::size_t sink = 0, drain = 1, peak = 2, active_dormant = 3;

} // namespace

TEST_CASE("medians leave out what is not a number") {
  CHECK(demo::median({3, 1, 2}) == 2);
  CHECK(demo::median({4, 1, 2, 3}) == 2.5);
  CHECK(demo::median({none, 5}) == 5);
  CHECK(std::isnan(demo::median({})));
}

TEST_CASE("all four verdicts hold for runs like the published ones") {
  for (auto const& v : demo::judge(demo::pairs_of(as_published(29)))) {
    CAPTURE(v.name);
    CHECK(v.result() == demo::outcome::holds);
    CHECK(v.seeds() == "29 of 29 seeds, rate 1.00 (0.90 to 1.00)");
  }
  CHECK(judged(as_published(3), peak).medians.at(demo::softmax_adamw).value == "2.00");
  CHECK(judged(as_published(3), active_dormant).medians.at(1).value == "+3.99");
}

TEST_CASE("one bad seed of 29 makes it hold for most seeds, and eight good ones cannot do more") {
  auto runs = as_published(29);
  runs[demo::softmax_adamw].after.set(demo::measured::peak, 1.25); // less than ReLU at this seed
  CHECK(judged(runs, peak).result() == demo::outcome::for_most);
  CHECK(judged(runs, peak).seeds() == "28 of 29 seeds, rate 0.97 (0.85 to 1.00)");
  CHECK(judged(runs, sink).result() == demo::outcome::holds);
  CHECK(judged(as_published(8), peak).result() == demo::outcome::for_most);
}

TEST_CASE("three of four seeds establish nothing") {
  auto runs = as_published(4);
  runs[demo::relu_adamw].after.set(demo::measured::sink, 0.5);
  CHECK(judged(runs, sink).result() == demo::outcome::not_established);
}

TEST_CASE("each criterion can fail") {
  using namespace demo;
  CHECK_FALSE(shows_after(softmax_adamw, demo::measured::sink, 0.29, sink));
  CHECK_FALSE(shows_after(softmax_sgd, demo::measured::sink, 0.29, sink));
  CHECK_FALSE(shows_after(relu_adamw, demo::measured::sink, 0.06, sink));
  CHECK_FALSE(shows_after(softmax_adamw, demo::measured::drain, 0.51, drain));
  CHECK_FALSE(shows_after(softmax_sgd, demo::measured::drain, 0.51, drain));
  CHECK_FALSE(shows_after(relu_adamw, demo::measured::drain, 0.29, drain));
  CHECK_FALSE(shows_after(softmax_adamw, demo::measured::peak, 1.3, peak));
  CHECK_FALSE(shows_after(relu_adamw, demo::measured::peak, 2.0, peak));
  CHECK_FALSE(shows_after(softmax_sgd, demo::measured::peak, 2.0, peak));
  CHECK_FALSE(shows_after(softmax_adamw, demo::measured::bigram, 0.08, active_dormant));
  CHECK_FALSE(shows_after(softmax_adamw, demo::measured::backcopy, 3.5, active_dormant));
}

TEST_CASE("a number that is none shows nothing") {
  using namespace demo;
  CHECK_FALSE(shows_after(softmax_adamw, demo::measured::sink, none, sink));
  CHECK_FALSE(shows_after(relu_adamw, demo::measured::drain, none, drain));
  CHECK_FALSE(shows_after(softmax_sgd, demo::measured::peak, none, peak));
  CHECK_FALSE(shows_after(softmax_adamw, demo::measured::backcopy, none, active_dormant));
}
