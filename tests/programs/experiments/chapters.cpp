// SPDX-License-Identifier: MIT
// What the report reads of an experiment's folder, whatever somebody put there.
#include "catch.hpp"

#include "io/scratch.hpp"
#include "paper/report.hpp"

#include <string>

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
