// SPDX-License-Identifier: MIT
// The built-in table: what it is, that it suits the task, and that it is what the text gives.
#include "dormant/task/english.hpp"

#include "catch.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/task/corpus.hpp"
#include "dormant/task/oracle.hpp"
#include "io/scratch.hpp"

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <numeric>

using namespace dormant;

TEST_CASE("the English table is consistent and fits a vocabulary of 67", "[task][english]") {
  auto const table = english_bigrams();
  check(table, "the English table");
  CHECK(table.size() == 63);
  std::uint64_t last = 0; // the last character of the text is followed by nothing
  for (std::size_t v = 0; v < table.size(); ++v) {
    auto const row = table.row(v);
    last += table.unigrams[v] - std::accumulate(row.begin(), row.end(), std::uint64_t{0});
  }
  CHECK(last == 1);

  bigram_backcopy<shape{}> const task({.triggers = 5});
  auto const names = [&] {
    std::string out;
    for (auto const t : task.trigger_tokens()) out += task.token_name(t);
    return out;
  };
  CHECK(names() == "␠etha");
}

TEST_CASE("the task on English is about as hard as the paper's", "[task][english]") {
  // Tiny Shakespeare, the paper's text: 25.5% triggers, 2.223 nats elsewhere, 1.655 in all.
  auto const risk = minimum_risk_of(bigram_backcopy<shape{}>());
  CHECK(risk.trigger_share == Approx(0.27185).margin(1e-5));
  CHECK(risk.bigram == Approx(2.18105).margin(1e-5));
  CHECK(risk.backcopy == 0);
  CHECK(risk.total == Approx(1.58813).margin(1e-5));
}

TEST_CASE("the English table is the count of the text it names", "[task][english][slow]") {
  scratch::folder const here;
  auto const text = here / "bible.txt";
  auto const count = "bible -f 'gen1:1-rev22:21' | cut -d' ' -f2- | fmt -s -w 24 >" + text.string();
  if (!std::filesystem::exists("/usr/bin/bible") || std::system(count.c_str()) != 0) {
    WARN("skipped: Debian's package bible-kjv is not installed");
    return;
  }
  CHECK(count_bigrams(text) == english_bigrams());
}
