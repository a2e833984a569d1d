// SPDX-License-Identifier: MIT
// Bigram tables: what makes one usable, and how its characters are shown.
#include "dormant/task/bigram_table.hpp"

#include "catch.hpp"
#include "io/scratch.hpp"
#include "task/tables.hpp"

using namespace dormant;
using Catch::Matchers::Equals;

TEST_CASE("characters are shown so that one can see them", "[task][bigram_table]") {
  CHECK(printable(U'a') == "a");
  CHECK(printable(U' ') == "␠");
  CHECK(printable(U'\n') == "\\n");
  CHECK(printable(U'\t') == "\\t");
  CHECK(printable(U'\r') == "\\r");
  CHECK(printable(U'é') == "é");
  CHECK(printable(U'€') == "€");
  CHECK(printable(U'😀') == "😀");
  CHECK(printable(U'\x07') == "U+0007");
  CHECK(printable(U'\xAD') == "U+00AD");
  CHECK(printable(U'\xFEFF') == "U+FEFF");
  CHECK(printable(char32_t{0xD800}) == "U+D800");
  CHECK(printable(char32_t{0x110000}) == "U+110000");
}

TEST_CASE("an unusable table is refused with the reason", "[task][bigram_table]") {
  auto const reason = [](bigram_table const& table) {
    return error_of([&] { check(table, "the table"); });
  };
  CHECK_THAT(reason(tables::three()), Equals(""));
  CHECK_THAT(reason({}), Equals("the table has no characters"));

  auto short_row = tables::three();
  short_row.bigrams.pop_back();
  CHECK_THAT(reason(short_row),
             Equals("the table has 3 characters, so it needs as many unigram counts and 9 bigram "
                    "counts, but it has 3 and 8"));

  auto nothing = tables::three();
  nothing.unigrams = {0, 0, 0};
  CHECK_THAT(reason(nothing), Equals("the table has no unigram count above zero"));

  CHECK_THAT(
      reason(tables::letters({{1, 2}, {0, 0}})),
      Equals("the table gives no law for the character 'b' (id 1): nothing ever follows it"));
}
