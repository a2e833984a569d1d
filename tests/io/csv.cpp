// SPDX-License-Identifier: MIT
// Numbers survive a table, and a log survives an interruption.
#include "dormant/io/csv.hpp"

#include "catch.hpp"
#include "io/scratch.hpp"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

using namespace dormant;
using namespace std::string_literals;

static_assert(!std::is_constructible_v<csv_cell, bool>);
static_assert(!std::is_constructible_v<csv_cell, char>);

TEST_CASE("a cell reads back as the number it was", "[io][csv]") {
  for (double const number : {0.1, 1.0 / 3.0, -1e-300, 5e-324, 1.7976931348623157e308, 0.0, -2.5}) {
    CHECK(std::strtod(csv_cell(number).text.c_str(), nullptr) == number);
    auto const single = static_cast<float>(number);
    CHECK(std::strtof(csv_cell(single).text.c_str(), nullptr) == single);
  }
  CHECK(csv_cell(0.1F).text == "0.1");
  CHECK(csv_cell(1e22).text == "1e+22");
  CHECK(csv_cell(std::numeric_limits<double>::infinity()).text == "inf");
  CHECK(csv_cell(std::nan("")).text.empty());
  CHECK(csv_cell(-7).text == "-7");
  CHECK(csv_cell(std::numeric_limits<std::size_t>::max()).text == "18446744073709551615");
  CHECK(csv_cell("softmax").text == "softmax");
  CHECK(csv_cell("a,\"b\"").text == "\"a,\"\"b\"\"\"");
  CHECK(csv_cell().text.empty());
}

TEST_CASE("a table is written whole", "[io][csv]") {
  scratch::folder const here;
  csv_table table({"rule", "depth", "risk, nats"});
  table.append({"relu", 2, 0.25});
  table.append({std::string("softmax"), std::size_t{1}, std::nan("")});
  table.write(here / "table.csv");
  CHECK(scratch::read(here / "table.csv") ==
        "rule,depth,\"risk, nats\"\nrelu,2,0.25\nsoftmax,1,\n");
  CHECK(error_of([&] { table.append({1, 2}); }) == "CSV table: a row has 2 cells, expected 3");
}

TEST_CASE("every row of a log is in the file at once", "[io][csv]") {
  scratch::folder const here;
  csv_log log(here / "metrics.csv", {"step", "loss"});
  CHECK(scratch::read(here / "metrics.csv") == "step,loss\n");
  log.append({0, 4.5F});
  CHECK(scratch::read(here / "metrics.csv") == "step,loss\n0,4.5\n");
  log.append({1, std::nan("")});
  log.sync();
  CHECK(scratch::read(here / "metrics.csv") == "step,loss\n0,4.5\n1,\n");

  auto const name = "'"s + (here / "metrics.csv").string() + "': ";
  CHECK(error_of([&] { log.append({1}); }) == name + "a row has 1 cells, expected 2");
  CHECK(error_of([&] { csv_log(here / "metrics.csv", {"step"}); }) ==
        "cannot write " + name + "it exists already");
  CHECK(error_of([&] { csv_log(here / "no/metrics.csv", {"step"}); }) ==
        "cannot write '"s + (here / "no/metrics.csv").string() + "': no such file or folder");
}

TEST_CASE("a full disk leaves only complete rows", "[io][csv]") {
  scratch::folder const here;
  csv_log log(here / "metrics.csv", {"step", "loss"});
  log.append({0, 4.5});
  {
    scratch::small_disk const disk(20);
    CHECK(error_of([&] {
            log.append({1, 0.3333333333333333});
          }) == "cannot write '"s + (here / "metrics.csv").string() +
                    "': the file would exceed the size limit");
  }
  CHECK(scratch::read(here / "metrics.csv") == "step,loss\n0,4.5\n");
  log.append({1, 2.5}); // space was made
  CHECK(scratch::read(here / "metrics.csv") == "step,loss\n0,4.5\n1,2.5\n");
}

TEST_CASE("a resumed log goes on from its step", "[io][csv]") {
  scratch::folder const here;
  auto const path = here / "metrics.csv";
  std::vector<std::string> const columns{"step", "loss"};
  std::string const whole = "step,loss\n0,4\n10,3\n20,2\n30,1\n";
  auto const after = [&](std::string const& before, std::uint64_t step) {
    scratch::write(path, before);
    auto log = csv_log::resume(path, columns, step);
    log.append({step, 9});
    return scratch::read(path);
  };
  CHECK(after(whole, 20) == "step,loss\n0,4\n10,3\n20,9\n");
  CHECK(after(whole, 21) == "step,loss\n0,4\n10,3\n20,2\n21,9\n");
  CHECK(after(whole, 0) == "step,loss\n0,9\n");
  CHECK(after(whole, 99) == whole + "99,9\n");
  CHECK(after("step,loss\n", 0) == "step,loss\n0,9\n");
  CHECK(after(whole + "40,0.", 99) == whole + "99,9\n"); // the last line was cut short
  CHECK(after(whole + "4", 99) == whole + "99,9\n");
}

TEST_CASE("a log that is not of this run is left alone", "[io][csv]") {
  scratch::folder const here;
  auto const path = here / "metrics.csv";
  auto const refusal = [&](std::string const& before) {
    scratch::write(path, before);
    auto const sentence = error_of([&] { (void)csv_log::resume(path, {"step", "loss"}, 5); });
    CHECK(scratch::read(path) == before);
    std::string const start = "'"s + path.string() + "': ";
    CHECK_THAT(sentence, Catch::StartsWith(start));
    return sentence.size() < start.size() ? sentence : sentence.substr(start.size());
  };
  CHECK(refusal("") == "line 1 is not the header 'step,loss' of the run to resume");
  CHECK(refusal("step,risk\n1,2\n") == "line 1 is not the header 'step,loss' of the run to resume");
  CHECK(refusal("step,loss\n1,2\nx,3\n") == "line 3 does not start with a step: 'x,3'");
  CHECK(refusal("step,loss\n\n") == "line 2 does not start with a step: ''");
  CHECK(refusal("step,loss\n-1,2\n") == "line 2 does not start with a step: '-1,2'");
  CHECK(refusal("step,loss\n1.5,2\n") == "line 2 does not start with a step: '1.5,2'");
  CHECK(refusal("step,loss\n1,2,3\n") == "line 2 has 3 cells, expected 2");
  CHECK(refusal("step,loss\n1\n") == "line 2 has 1 cells, expected 2");
  CHECK(error_of([&] { (void)csv_log::resume(here / "none.csv", {"step"}, 5); }) ==
        "cannot read '"s + (here / "none.csv").string() + "': no such file or folder");
}

TEST_CASE("a resumed log has exactly the rows that the run made", "[io][csv]") {
  scratch::folder const here;
  auto const path = here / "metrics.csv";
  csv_log::past wanted{.columns = {"step", "loss"}, .step = 25, .due = [](std::uint64_t step) {
                         return step % 10 == 0;
                       }};
  auto const checked = [&](std::string const& text) {
    scratch::write(path, text);
    return csv_log::checked(path, wanted);
  };
  auto const refusal = [&](std::string const& text) {
    return error_of([&] { (void)checked(text); });
  };
  std::string const kept = "step,loss\n0,4\n10,3\n20,2\n";
  CHECK(checked(kept) == kept);
  CHECK(checked(kept + "30,1\n31,1\n4") == kept); // what the next steps will write again
  CHECK(scratch::read(path) == kept + "30,1\n31,1\n4");
  std::string const name = "'" + path.string() + "': ";
  CHECK(refusal("step,loss\n0,4\n20,2\n") ==
        name + "line 3 is of step 20, but the row of step 10 is missing before it");
  CHECK(refusal("step,loss\n10,4\n0,2\n") ==
        name + "line 2 is of step 10, but the row of step 0 is missing before it");
  CHECK(refusal("step,loss\n0,4\n0,4\n") ==
        name + "line 3 is of step 0, which does not come after step 0");
  CHECK(refusal("step,loss\n0,4\n7,4\n") ==
        name + "line 3 is of step 7, which has no row in this run");
  CHECK(refusal("step,loss\n0,4\n10,3\n") ==
        name + "the row of step 20 is missing; the run is at step 25");
  CHECK(refusal("step,loss\n0,4\n10,3\n20,2") ==
        name + "the row of step 20 is missing; the run is at step 25");
  CHECK(refusal(kept + "30,1\n30,1\n") ==
        name + "line 6 is of step 30, which does not come after step 30");
  CHECK(refusal("step,loss\n0,4\n10,x\n20,2\n") ==
        name + "line 3, column 'loss': expected a number, found 'x'");
  CHECK(refusal("step,loss\n0,4\n10,3 \n20,2\n") ==
        name + "line 3, column 'loss': expected a number, found '3 '");
  CHECK(checked("step,loss\n0,\n10,-inf\n20,1e-400\n") == "step,loss\n0,\n10,-inf\n20,1e-400\n");
  wanted.step = 0;
  CHECK(checked("step,lo") == "step,loss\n"); // killed while the first line was written
  CHECK(refusal("step,la") == name + "line 1 is not the header 'step,loss' of the run to resume");
}

TEST_CASE("a log of an earlier version goes on under today's names", "[io][csv]") {
  scratch::folder const here;
  auto const path = here / "metrics.csv";
  csv_log::past wanted{.columns = {"step", "a.mean.0", "new", "b"}, .step = 9};
  wanted.renamed = [](std::string_view name) {
    return std::string(name == "a_0" ? "a.mean.0" : name);
  };
  auto const checked = [&](std::string const& text) {
    scratch::write(path, text);
    return csv_log::checked(path, wanted);
  };
  CHECK(checked("step,b,a_0\n1,2,3\n") == "step,a.mean.0,new,b\n1,3,,2\n");
  CHECK(checked("step,a.mean.0,new,b\n1,2,3,4\n") == "step,a.mean.0,new,b\n1,2,3,4\n");
  wanted.earlier = {"step", "b"};
  CHECK(checked("step,b\n1,2\n") == "step,a.mean.0,new,b\n1,,,2\n");
  // Without an old name there is no reason why anything should be different.
  for (auto const* header : {"step,a.mean.0,b", "step,b,new,a.mean.0", "step,a_0,c", "step,a_0,a_0",
                             "a_0,step", "a_0"}) {
    CHECK_THAT(error_of([&] { (void)checked(std::string(header) + "\n"); }),
               Catch::Contains("line 1 is not the header"));
  }
}
