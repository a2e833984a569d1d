// SPDX-License-Identifier: MIT
// Counts the characters of a text and the pairs of adjacent ones into a CSV of bigram counts.
// The built-in English table was counted by this program:
//   bible -f 'gen1:1-rev22:21' | cut -d' ' -f2- | fmt -s -w 24 > bible.txt
//   count_bigrams --corpus bible.txt --out bible.csv
#include "dormant/error.hpp"
#include "dormant/task/bigram_csv.hpp"
#include "dormant/task/corpus.hpp"

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>

namespace dm = dormant;

int main(int argc, char** argv) {
  std::string corpus;
  std::string out;
  std::size_t most = 65;
  CLI::App app("Counts the characters of a text and the pairs of adjacent ones.");
  app.add_option("--corpus", corpus, "a text file in UTF-8")->required();
  app.add_option("--out", out, "the CSV of counts to write")->required();
  app.add_option("--characters", most, "the most distinct characters to accept")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  try {
    auto const table = dm::count_bigrams(corpus, most);
    dm::write_bigrams_csv(out, table,
                          "counts of adjacent characters; row = first, column = second");
    fmt::print("{} distinct characters counted, written to {}\n", table.size(), out);
    return 0;
  } catch (std::exception const& problem) {
    fmt::print(stderr, "count_bigrams: {}\n", problem.what());
    return 1;
  }
}
