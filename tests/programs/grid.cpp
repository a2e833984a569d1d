// SPDX-License-Identifier: MIT
// What a grid says of its runs: verdicts of made-up numbers, plans
// that are written and read, shards.
#include "grid/analysis.hpp"
#include "grid/plan.hpp"
#include "grid/shard.hpp"
#include "grid/store.hpp"

#include "catch.hpp"
#include "error_of.hpp"
#include "io/scratch.hpp"

#include "dormant/io/atomic_file.hpp"

#include <cmath>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

namespace {

using grid::configuration;
using grid::result;
using grid::unit;

constexpr std::uint64_t seeds = 20;

struct numbers {
  double sink = 0.8, drain = 0.3, peak = 3, risk = 0.01;
};

result made(numbers const& n, double noise, int head) {
  result r{.simd = "any"};
  auto const at = "." + std::to_string(head);
  r.numbers.add("share_on_bos.on_background" + at, n.sink + 0.02 * noise);
  r.numbers.add("value_drain.ratio" + at, n.drain * (1 + 0.05 * noise));
  r.numbers.add("residual_peak.ratio.0", n.peak * (1 + 0.05 * noise));
  r.numbers.add("excess_risk.backcopy", n.risk * (1 + 0.05 * noise));
  return r;
}

/// The baseline, and one other attention for each of the numbers.
struct study {
  grid::plan plan;
  std::vector<unit> units;
  std::vector<result> results;

  explicit study(std::vector<numbers> const& others,
                 std::vector<std::string> depths = {"minimal"}) {
    grid::wish const what{.extent = "named",
                          .norms = {"pre_layer_norm"},
                          .optimizers = {"adamw"},
                          .depths = std::move(depths),
                          .seeds = seeds};
    std::vector<std::string> names = {"softmax"};
    for (std::size_t i = 0; i < others.size(); ++i) names.push_back("other" + std::to_string(i));
    plan = grid::plan_for(what, names);
    units = plan.units();
    for (auto const& u : units) {
      // The same seed deviates alike in all cells, and otherwise in the control's.
      double const noise = std::sin(12.9898 * static_cast<double>(u.seeds.init));
      bool const base = u.of.attention == "softmax";
      auto const which =
          base ? std::size_t{0} : static_cast<std::size_t>(u.of.attention.back() - '0');
      double const own = 0.1 * std::sin(78.233 * static_cast<double>(u.seeds.init + 100 * which));
      auto const of = base ? numbers{} : others[which];
      // One layer is another world, which must not be compared with this one.
      bool const other_depth = u.of.depth == "1";
      results.push_back(made(
          other_depth
              ? numbers{.sink = of.sink / 2, .drain = of.drain, .peak = of.peak, .risk = of.risk}
              : of,
          noise + (base ? 0 : own), other_depth ? 0 : 1));
    }
  }
  [[nodiscard]] grid::analysis analysed() const { return grid::analysed(plan, units, results); }
};

} // namespace

TEST_CASE("grid: cells that differ are told from cells that do not") {
  study const made({{.sink = 0.01, .drain = 1, .peak = 1, .risk = 0.01}, // nothing is left
                    {.sink = 0.6}, // less of a sink, all else alike
                    {},            // the baseline in other words
                    {.sink = 0.01, .drain = 1, .peak = 1, .risk = 3}}); // it has not learnt to copy
  auto const found = made.analysed();
  REQUIRE(found.cells.size() == 5);
  auto const& [base, removed, less, alike, unlearnt] = [&]() -> std::array<grid::cell, 5> {
    return {found.cells[0], found.cells[1], found.cells[2], found.cells[3], found.cells[4]};
  }();
  CHECK(base.baseline);
  CHECK(base.verdict(grid::sink) == "baseline");
  CHECK(removed.verdict(grid::sink) == "removed");
  CHECK(removed.verdict(grid::drain) == "removed");
  CHECK(removed.verdict(grid::peak) == "removed");
  CHECK(removed.verdict(grid::risk) == "not shown");
  CHECK(less.verdict(grid::sink) == "less sink");
  CHECK(less.verdict(grid::peak) == "not shown");
  CHECK(alike.verdict(grid::sink) == "not shown");
  CHECK(unlearnt.verdict(grid::sink) == "did not learn");
  CHECK(unlearnt.verdict(grid::risk) == "learns less");
  CHECK(found.tests == 16);
  // All twenty differences have one sign, so p is the smallest there is; sixteen tests correct it.
  CHECK(removed.compared[grid::sink].p == Approx(std::ldexp(1.0, -20)));
  CHECK(removed.compared[grid::sink].adjusted <= 16 * std::ldexp(1.0, -20) * (1 + 1e-12));
  CHECK(removed.compared[grid::sink].adjusted > removed.compared[grid::sink].p);
  CHECK(less.compared[grid::sink].difference.contains(-0.2));
  CHECK(removed.runs == seeds);
}

TEST_CASE("grid: a difference that other seeds make as well is not shown, however small its p") {
  // Every seed sinks less by a hundredth of what seeds differ by among themselves.
  study made(std::vector<numbers>{{.sink = 0.7995}});
  for (std::size_t i = 0; i < made.units.size(); ++i) {
    if (made.units[i].of.attention != "other0") continue;
    for (std::size_t b = 0; b < made.units.size(); ++b) {
      bool const base =
          made.units[b].of.attention == "softmax" && made.units[b].seeds == made.units[i].seeds;
      if (base)
        made.results[i].numbers.set("share_on_bos.on_background.1",
                                    made.results[b].numbers["share_on_bos.on_background.1"] -
                                        0.0005);
    }
  }
  auto const cell = made.analysed().cells.at(1);
  CHECK(cell.compared[grid::sink].adjusted < 0.001);
  CHECK(cell.compared[grid::sink].control_p > 0.05);
  CHECK(cell.verdict(grid::sink) == "not shown");
}

TEST_CASE("grid: cells of a depth are compared with the baseline and the control of that depth") {
  auto const found = study(std::vector<numbers>{{}}, {"minimal", "1"}).analysed();
  REQUIRE(found.cells.size() == 4);
  for (auto const& c : found.cells) {
    if (c.baseline) continue;
    INFO(c.of.name());
    for (auto const m : {grid::sink, grid::drain, grid::peak, grid::risk}) {
      CHECK(c.verdict(m) == "not shown");
      CHECK(c.compared[m].control_p > 0.05);
    }
  }
}

TEST_CASE("grid: without the control nothing is decided, and post-norm is not judged by peaks") {
  study made(std::vector<numbers>{{.sink = 0.01}});
  for (std::size_t i = 0; i < made.units.size(); ++i) {
    if (made.units[i].seeds.init > seeds) made.results[i] = {.simd = "any", .failed = "it failed"};
  }
  CHECK(made.analysed().cells.at(1).verdict(grid::sink) == "undecided: a number is missing");

  study other(std::vector<numbers>{{.peak = 1}});
  auto found = other.analysed();
  CHECK(found.cells.at(1).verdict(grid::peak) == "removed");
  CHECK(found.cells[1].shows(grid::peak));
  found.cells[1].of.norm = "post_layer_norm";
  CHECK(found.cells[1].verdict(grid::peak) == "fixed by the norm");
  CHECK_FALSE(found.cells[1].shows(grid::peak)); // nor is it marked in a map
}

TEST_CASE("grid: sinks are judged where nine of ten runs learnt to copy") {
  study made(std::vector<numbers>{{.sink = 0.01}});
  std::size_t spoilt = 0;
  for (std::size_t i = 0; i < made.units.size() && spoilt < 3; ++i) {
    if (made.units[i].of.attention != "other0") continue;
    made.results[i].numbers.set("excess_risk.backcopy", 2);
    ++spoilt;
  }
  CHECK(made.analysed().cells.at(1).verdict(grid::sink) == "did not learn");
}

TEST_CASE("grid: a failed run leaves its cell undecided, and is counted") {
  study made(std::vector<numbers>{{.sink = 0.01}});
  for (std::size_t i = 0; i < made.units.size(); ++i) {
    if (made.units[i].of.attention == "other0" && made.units[i].seeds.init == 3)
      made.results[i] = {.simd = "any",
                         .failed = "training stopped at step 7: the loss is not finite"};
  }
  auto const cell = made.analysed().cells.at(1);
  CHECK(cell.failed == 1);
  CHECK(cell.runs == seeds);
  CHECK(cell.verdict(grid::sink) == "undecided: a number is missing");
  CHECK(std::isnan(cell.compared[grid::sink].adjusted));
}

TEST_CASE("grid: a plan is read as it was written, and every unit has a name of its own") {
  auto const full = grid::plan_for({.extent = "full", .seeds = 2}, {"softmax", "relu"});
  scratch::folder const folder;
  auto const file = folder / "plan.csv";
  dormant::write_file_atomically(file, full.text());
  auto const again = grid::plan::read(file);
  CHECK(again.text() == full.text());
  CHECK(again.units() == full.units());
  std::set<std::string> names;
  for (auto const& u : full.units()) names.insert(u.name());
  CHECK(names.size() == full.units().size());

  dormant::write_file_atomically(file, full.text().substr(0, full.text().size() - 3));
  CHECK(error_of([&] { static_cast<void>(grid::plan::read(file)); }).find("was cut off") !=
        std::string::npos);
  dormant::write_file_atomically(file, "a,b\n");
  CHECK(error_of([&] { static_cast<void>(grid::plan::read(file)); }).find("expected the columns") !=
        std::string::npos);
  CHECK(error_of([&] {
          static_cast<void>(grid::plan_for({.attentions = {"sotfmax"}}, {"softmax"}));
        }).find("there is no attention 'sotfmax'; there are softmax") != std::string::npos);
}

TEST_CASE(
    "grid: half an hour has some attentions, unless they are named; the other extents have all") {
  auto const has = [](grid::wish const& what) {
    for (auto const& u : grid::plan_for(what, {"softmax", "relu", "normalised_relu"}).units())
      if (u.of.attention == "normalised_relu") return true;
    return false;
  };
  CHECK_FALSE(has({.seeds = 1}));
  CHECK(has({.attentions = {"normalised_relu"}, .seeds = 1}));
  CHECK(has({.extent = "one_at_a_time", .seeds = 1}));
  CHECK(has({.extent = "full", .seeds = 1}));
}

TEST_CASE("grid: shards are disjoint and together are all") {
  auto const all = grid::plan_for({.seeds = 3}, {"softmax", "relu"}).units();
  std::set<std::string> seen;
  for (std::size_t i = 1; i <= 7; ++i) {
    for (auto const& u : grid::shard_from(std::to_string(i) + "/7").share(all))
      CHECK(seen.insert(u.name()).second);
  }
  CHECK(seen.size() == all.size());
}

TEST_CASE("grid: a result is read as it was written, infinities and what is missing too") {
  scratch::folder const folder;
  unit const u{{}, {1, 2}};
  result r{.simd = "any"};
  r.numbers.add("a", 0.1);
  r.numbers.add("b", std::nan(""));
  r.numbers.add("c", -HUGE_VAL);
  std::filesystem::create_directories(folder / "units");
  auto const& in = folder.path();
  grid::keep(in, u, r);
  auto const again = grid::kept(grid::file_of(in, u), u);
  CHECK(again.numbers["a"] == 0.1);
  CHECK(std::isnan(again.numbers["b"]));
  CHECK(again.numbers["c"] == -HUGE_VAL);
  unit const other{{}, {2, 2}};
  CHECK(error_of([&] {
          static_cast<void>(grid::kept(grid::file_of(in, u), other));
        }).find("it says that it is of") != std::string::npos);
}
