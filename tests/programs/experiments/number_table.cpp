// SPDX-License-Identifier: MIT
// A CSV of numbers by the names of its columns: earlier names are today's, and a typo is no NaN.
#include "common/number_table.hpp"
#include "catch.hpp"
#include "error_of.hpp"
#include "io/scratch.hpp"

#include <cmath>
#include <fstream>
#include <string>
#include <vector>

namespace {

program::number_table read(scratch::folder const& folder, std::string const& text) {
  auto const path = folder.path() / "metrics.csv";
  std::ofstream(path) << text;
  return program::number_table::read(path);
}

} // namespace

TEST_CASE("number table: an earlier metrics.csv is read under today's names") {
  scratch::folder const folder;
  auto const table =
      read(folder, "# comment\nstep,bigram_risk,attention_on_bos_0,value_norm_bos_1\n"
                   "0,4.5,,1\n10,2.5,0.25,2\n");
  CHECK(table.names() == std::vector<std::string>{"step", "risk.bigram", "attention_sink.mean.0",
                                                  "value_drain.bos.1"});
  CHECK(table["risk.bigram"] == std::vector<double>{4.5, 2.5});
  CHECK(std::isnan(table["attention_sink.mean.0"][0])); // there, but empty
  CHECK(table["attention_sink.mean.0"][1] == 0.25);
}

TEST_CASE("number table: a column that is not there is refused with those that are") {
  scratch::folder const folder;
  auto const table = read(folder, "step,risk.bigram,residual_peak.bos.0\n0,1,2\n");
  CHECK_FALSE(table.has("residual_peak.bos.1"));
  auto const said = error_of([&] { (void)table["residual_peak.bos.1"]; });
  CHECK(said.find("metrics.csv' has nothing named 'residual_peak.bos.1'; it has, the nearest names "
                  "first: residual_peak.bos.0, risk.bigram, step") != std::string::npos);
}
