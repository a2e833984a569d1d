// SPDX-License-Identifier: MIT
// Runs that earlier versions of the main experiment began go on.
#include "programs/run_folder_testing.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace run_folders;

namespace {

/// Takes columns out of a table whose cells need no quotes, as an earlier version wrote it.
std::vector<std::string> without(std::vector<std::string> lines, words const& columns) {
  std::vector<bool> stays;
  for (auto& line : lines) {
    std::vector<std::string> cells;
    line.pop_back();
    for (std::size_t from = 0; from <= line.size();) {
      auto const end = std::min(line.find(',', from), line.size());
      cells.push_back(line.substr(from, end - from));
      from = end + 1;
    }
    if (stays.empty()) {
      for (auto const& cell : cells) stays.push_back(std::ranges::count(columns, cell) == 0);
    }
    line.clear();
    for (std::size_t i = 0; i < cells.size(); ++i)
      if (stays[i]) line += (line.empty() ? "" : ",") + cells[i];
    line += '\n';
  }
  return lines;
}
words const later_columns{"risk.bigram_as_published", "attention_sink.on_triggers.0",
                          "attention_sink.as_published.0"};

/// Makes the files of a run those of a version that had one seed for both and fewer columns.
void make_of_one_seed(folder const& here) {
  auto const info = here / "out/run.json";
  replace(info, "\"init-seed\": 0,", "\"seed\": 0,");
  replace(info, "\"data-seed\": 0,", "");
  replace(info, "\"init\": \"dormant\",", "");
  for (auto const* file : {"resume.safetensors", "checkpoint.safetensors"}) { // of the same length
    auto const path = here / "out" / file;
    replace(path, "dormant.checksum", "an.unknown.word.");
    replace(path, "\"data-seed\"", "\"seed\"     ");
    replace(path, "\"init-seed\"", "\"no such 1\"");
    replace(path, "\"init\"", "\"none\"");
  }
  auto const metrics = here / "out/metrics.csv";
  write_lines(metrics, without(lines_of(metrics), later_columns));
}
/// As `check_same_as_in_one_piece`, but for columns that the first rows do not have.
void check_goes_on_as_in_one_piece(folder const& here) {
  for (auto const* file :
       {"checkpoint.safetensors", "resume.safetensors", "bigrams.csv", "attention.0.npy"}) {
    INFO(file);
    CHECK(scratch::read(here / "out" / file) == scratch::read(here / "whole" / file));
  }
  auto const ours = lines_of(here / "out/metrics.csv"),
             whole = lines_of(here / "whole/metrics.csv");
  CHECK(without(ours, later_columns) == without(whole, later_columns));
  CHECK(ours.front() == whole.front());
  CHECK(ours.back() == whole.back());
}

} // namespace

TEST_CASE("a run of the first version goes on", "[programs][slow]") {
  folder const here;
  run_in_one_piece(here);
  REQUIRE(run(here, in("out")).code == 0);
  make_of_one_seed(here);
  // Settings as texts, no checksums, no origin besides versions, and metrics under the old names.
  auto const info = here / "out/run.json";
  for (auto const& [key, value] : {std::pair{"lr", "0.0003"},
                                   {"batch", "2"},
                                   {"seed", "0"},
                                   {"every", "5"},
                                   {"copy", "1"},
                                   {"steps", "20"},
                                   {"weight-decay", "0.0001"},
                                   {"layers", "1"}}) {
    auto const now = "\"" + std::string(key) + "\": ";
    replace(info, now + value, now + "\"" + value + "\"");
  }
  replace(info, "\"shards\": 8,", "");
  replace(info, "\"commit\"", "\"no commit\"");
  replace(info, "\"flags\"", "\"no flags\"");
  auto lines = lines_of(here / "out/metrics.csv");
  lines[0] = "step,loss,bigram_risk,backcopy_risk,attention_on_bos_0,"
             "attention_on_bos_from_non_triggers_0,sink_logit_gap_0,sink_logit_gap_p10_0,"
             "sink_logit_gap_p90_0,value_norm_bos_0,value_norm_other_0,residual_norm_bos_0,"
             "residual_norm_other_0\n";
  write_lines(here / "out/metrics.csv", lines);
  auto const found = run(here, going_on);
  CHECK(found.err.empty());
  CHECK(found.code == 0);
  check_goes_on_as_in_one_piece(here);
}

TEST_CASE("a run that has one seed for its parameters and its data goes on", "[programs][slow]") {
  folder const here;
  run_in_one_piece(here);
  REQUIRE(run(here, in("out")).code == 0);
  make_of_one_seed(here);
  CHECK_THAT(
      programs::mistake(run(here, {"--resume", "out", "--data-seed", "7"}), "bigram_backcopy", 2),
      Contains("has --data-seed 0, so it cannot go on with --data-seed 7"));
  auto const found = run(here, going_on);
  CHECK(found.err.empty());
  CHECK(found.code == 0);
  check_goes_on_as_in_one_piece(here);
  CHECK_THAT(scratch::read(here / "out/run.json"),
             Contains("\"init-seed\": 0") && Contains("\"data-seed\": 0"));
}
