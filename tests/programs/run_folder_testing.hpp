// SPDX-License-Identifier: MIT
// Short runs of the main experiment in folders, and what tests do to their files.
#pragma once

#include "catch.hpp"
#include "programs/program.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace run_folders {

namespace fs = std::filesystem;
using Catch::Contains;
using scratch::folder;
using words = std::vector<std::string>;

inline programs::outcome run(folder const& here, words const& arguments) {
  return programs::run(here.path(), "bigram_backcopy", arguments);
}
inline std::string failure(folder const& here, words const& arguments) {
  return programs::mistake(run(here, arguments), "bigram_backcopy", 1);
}
/// A short run in the folder of that name, which is at step 20 when it ends.
inline words in(std::string const& out, words more = {}) {
  words all{"--batch", "2", "--every", "5", "--steps", "20", "--no-figures", "--out", out};
  all.insert(all.end(), more.begin(), more.end());
  return all;
}
inline words const going_on{"--resume", "out", "--steps", "30", "--no-figures"};

/// A run of 30 steps in one piece, in the folder `whole`.
inline void run_in_one_piece(folder const& here) {
  auto arguments = in("whole");
  *std::ranges::find(arguments, "20") = "30";
  REQUIRE(run(here, arguments).code == 0);
}
inline void check_same_as_in_one_piece(folder const& here, std::string const& out = "out") {
  for (auto const* file : {"checkpoint.safetensors", "resume.safetensors", "metrics.csv",
                           "bigrams.csv", "attention.0.npy"}) {
    INFO(file);
    CHECK(scratch::read(here / out / file) == scratch::read(here / "whole" / file));
  }
}

/// Every file with its contents and the time it was written, and the folder itself.
inline std::map<std::string, std::pair<std::string, fs::file_time_type>>
snapshot(fs::path const& path) {
  std::map<std::string, std::pair<std::string, fs::file_time_type>> all;
  all["."] = {"", fs::last_write_time(path)};
  for (auto const& entry : fs::directory_iterator(path)) {
    all[entry.path().filename().string()] = {scratch::read(entry.path()), entry.last_write_time()};
  }
  return all;
}

inline void replace(fs::path const& file, std::string const& old, std::string const& now) {
  auto text = scratch::read(file);
  auto const at = text.find(old);
  REQUIRE(at != std::string::npos);
  scratch::write(file, text.replace(at, old.size(), now));
}
inline std::vector<std::string> lines_of(fs::path const& file) {
  std::vector<std::string> lines;
  std::ifstream from(file);
  for (std::string line; std::getline(from, line);) lines.push_back(line + "\n");
  return lines;
}
inline void write_lines(fs::path const& file, std::vector<std::string> const& lines) {
  std::string text;
  for (auto const& line : lines) text += line;
  scratch::write(file, text);
}

} // namespace run_folders
