// SPDX-License-Identifier: MIT
// Counts the characters of a text and the pairs of adjacent ones into a CSV of bigram counts.
// The built-in English table was counted by this program:
//   bible -f 'gen1:1-rev22:21' | cut -d' ' -f2- | fmt -s -w 24 > bible.txt
//   count_bigrams --corpus bible.txt --out bible.csv
#include "common/command_line.hpp"
#include "dormant/task/bigram_csv.hpp"
#include "dormant/task/corpus.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace dm = dormant;

int main(int argc, char** argv) {
  std::string corpus, out;
  std::uint64_t most = 65;
  program::command_line options("count_bigrams",
                                "Counts the characters of a text and the pairs of adjacent ones.");
  options.text("--corpus", corpus, "a text file in UTF-8", "FILE.txt");
  options.text("--out", out, "the CSV of counts to write", "FILE.csv");
  for (auto const* flag : {"--corpus", "--out"}) options.required(flag);
  options.count("--characters", most, "the most distinct characters to accept", {.most = 4096});
  return options.run(argc, argv, [&] {
    auto const table = dm::count_bigrams(corpus, most);
    dm::write_bigrams_csv(out, table,
                          "counts of adjacent characters; row = first, column = second");
    fmt::print("{} distinct characters counted, written to {}\n", table.size(), out);
    return program::success;
  });
}
