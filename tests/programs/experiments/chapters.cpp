// SPDX-License-Identifier: MIT
// What the report reads of an experiment's folder, whatever somebody put there.
#include "catch.hpp"

#include "io/scratch.hpp"
#include "paper/durations.hpp"
#include "paper/experiments.hpp"
#include "paper/report.hpp"
#include "paper/verdicts.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

TEST_CASE("report: a finding that is none is refused in words, and delete it is said") {
  scratch::folder const here;
  auto const read = [&](std::string const& finding) {
    scratch::write(here / "finding.json", finding);
    return error_of([&] { (void)paper::summary(paper::read_chapter("theory", here.path())); });
  };
  for (auto const* wrong :
       {"", "{", "[]", "\xff", "{\"statements\":[],\"numbers\":{}}",
        "{\"statements\":[1],\"numbers\":[]}", "{\"statements\":[{}],\"numbers\":[]}",
        "{\"statements\":[{\"seed_shows\":true}],\"numbers\":[]}",
        "{\"statements\":[{\"seed_shows\":[\"yes\"]}],\"numbers\":[]}",
        "{\"statements\":[],\"numbers\":[1]}"}) {
    CHECK_THAT(read(wrong), Catch::Contains("is not a finding; delete it to have the experiment "
                                            "run again"));
  }
  CHECK(
      read("{\"statements\":[{\"says\":7,\"seed_shows\":[true,false]}],\"numbers\":[{}]}").empty());
}

TEST_CASE("report: every statement has its count, rate, interval and verdict, and its effect") {
  scratch::folder const here;
  auto const read = [&](std::string const& statements) {
    scratch::write(here / "finding.json",
                   "{\"title\":\"T\",\"statements\":[" + statements + "],\"numbers\":[]}");
    return std::vector{paper::read_chapter("theory", here.path())};
  };
  // What the file says of itself does not count, only its seeds.
  auto const chapters =
      read("{\"says\":\"a < b, \\\"c\\\"\",\"verdict\":\"holds\",\"rate\":1,\"without_number\":1,"
           "\"seed_shows\":[true,true,true,false],\"effect\":{\"what\":\"a minus b\",\"low\":1,"
           "\"middle\":2,\"high\":null,\"unit\":\"nats\"}},"
           "{\"says\":\"more\",\"seed_shows\":[true,true,true,true,true]}");
  auto const table = paper::verdict_table(chapters).text();
  CHECK(table.starts_with("experiment,statement,passes,n,without_number,rate,low,high,verdict\n"
                          "theory,\"a < b, \"\"c\"\"\",3,4,1,0.75,0.24860462573"));
  CHECK_THAT(table, Catch::Contains(",0.98725854490") && Catch::Contains(",not established\n"));
  CHECK_THAT(table, Catch::Contains("theory,more,5,5,0,1,0.54928027165") &&
                        Catch::EndsWith(",1,holds for most seeds\n"));
  auto const text = paper::summary(chapters[0]);
  CHECK_THAT(text, Catch::Contains("not established (3 of 4 seeds, 1 without a number, rate 0.75 "
                                   "(0.25 to 0.99)): a < b") &&
                       Catch::Contains("a minus b: 2 (1 to none) nats") &&
                       Catch::Contains("holds for most seeds (5 of 5 seeds, rate 1.00"));
  auto const page = paper::report(chapters, 1);
  CHECK_THAT(page,
             Catch::Contains("<div class=\"card not-established\"><h3><span>not established"
                             "</span></h3><p>a &lt; b, &quot;c&quot;</p><p class=\"fine\">3 of "
                             "4 seeds, 1 without a number, rate 0.75 (0.25 to 0.99)<br>a minus "
                             "b: 2 (1 to none) nats</p>") &&
                 Catch::Contains("takes 29 of 29"));
}

TEST_CASE("report: every experiment says how long it takes") {
  for (auto const name : paper::experiments) {
    CAPTURE(name);
    auto const found = std::ranges::find(paper::durations, name, &paper::duration::name);
    REQUIRE(found != paper::durations.end());
    CHECK((found->quick > 0 && found->by_default >= found->quick));
  }
  double const quick =
      std::transform_reduce(paper::durations.begin(), paper::durations.end(), 0.0, std::plus{},
                            [](paper::duration const& d) { return d.quick; });
  CHECK(quick < 20); // as the README says
  CHECK(paper::minutes_of({"a", 10, 2}, 0) == 10);
  CHECK(paper::minutes_of({"a", 10, 2}, 20) == 8);
  CHECK(paper::minutes_of({"a", 10, 2, 4}, 20) == 10);
  CHECK(paper::quick_seeds("crossed_seeds") == 4);
  CHECK(paper::quick_seeds("theory") == 5);
}
