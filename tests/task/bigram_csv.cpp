// SPDX-License-Identifier: MIT
// Bigram counts as CSV: a round trip, and a sentence with line and column for every mistake.
#include "dormant/task/bigram_csv.hpp"

#include "catch.hpp"
#include "dormant/task/english.hpp"
#include "io/scratch.hpp"
#include "task/tables.hpp"

#include <cstdint>
#include <limits>
#include <string>

using namespace dormant;
using Catch::Matchers::Equals;
using Catch::Matchers::Matches;

namespace {

std::string reason(std::string const& text) {
  return error_of([&] { (void)parse_bigrams_csv(text, "'f.csv'"); });
}

std::string const header = "# two letters\nid,codepoint,unigram,0,1\n";

} // namespace

TEST_CASE("a table survives being written and read", "[task][csv]") {
  auto table = tables::three();
  table.characters[1] = U'\n';
  table.bigrams[4] = std::numeric_limits<std::uint64_t>::max();
  scratch::folder const here;
  write_bigrams_csv(here / "counts.csv", table, "first line\nsecond line");
  CHECK(read_bigrams_csv(here / "counts.csv") == table);
  CHECK_THAT(scratch::read(here / "counts.csv"),
             Equals("# first line\n# second line\nid,codepoint,unigram,0,1,2\n"
                    "0,97,6,1,2,3\n1,10,9,4,18446744073709551615,5\n2,99,21,6,7,8\n"));
  CHECK(parse_bigrams_csv(to_csv(english_bigrams()), "a text") == english_bigrams());
}

TEST_CASE("comments, blank lines and DOS line ends are allowed", "[task][csv]") {
  auto const table = parse_bigrams_csv("\r\n#\r\nid,codepoint,unigram,0,1\r\n0,97,3,1,2\r\n"
                                       "# between\r\n1,98,7,3,4",
                                       "a text");
  CHECK(table == tables::letters({{1, 2}, {3, 4}}));
}

TEST_CASE("a malformed table is refused at its line and column", "[task][csv]") {
  CHECK_THAT(reason(""), Equals("'f.csv' is empty: it holds no bigram counts"));
  CHECK_THAT(reason("# only a comment\n\n"), Equals("'f.csv' is empty: it holds no bigram counts"));

  SECTION("header") {
    CHECK_THAT(reason("\xEF\xBB\xBFid,codepoint,unigram,0\n0,97,1,1\n"),
               Equals("'f.csv', line 1: begins with a byte order mark; save it as UTF-8 without "
                      "one"));
    CHECK_THAT(reason("id,character\n"),
               Equals("'f.csv', line 1, column 2: expected 'codepoint', found 'character'"));
    CHECK_THAT(reason("id\n"), Equals("'f.csv', line 1, column 2: expected another value, found "
                                      "the end of the line"));
    CHECK_THAT(reason("id,codepoint,unigram\n"),
               Equals("'f.csv', line 1, column 3: expected a column for each character after "
                      "'unigram', found none"));
    CHECK_THAT(reason("id,codepoint,unigram,0,2\n"),
               Equals("'f.csv', line 1, column 5: expected '1', found '2'"));
    CHECK_THAT(reason("id,codepoint,unigram,0,\n"),
               Equals("'f.csv', line 1, column 5: expected a whole number, found nothing"));
  }
  SECTION("number of lines and values") {
    CHECK_THAT(reason(header + "0,97,3,1,2\n"),
               Equals("'f.csv' ends after 1 of the 2 lines of counts that its header announces"));
    CHECK_THAT(reason(header + "0,97,3,1,2\n1,98,7,3,4\n2,99,1,1,1\n"),
               Equals("'f.csv', line 5: expected nothing after 2 lines of counts, found more"));
    CHECK_THAT(reason(header + "0,97,3,1\n"),
               Equals("'f.csv', line 3, column 5: expected another value, found the end of the "
                      "line"));
    CHECK_THAT(reason(header + "0,97,3,1,2,3\n"),
               Equals("'f.csv', line 3, column 6: expected the end of the line, found more values "
                      "than the header has"));
  }
  SECTION("ids and codepoints") {
    CHECK_THAT(reason(header + "1,97,3,1,2\n"),
               Equals("'f.csv', line 3, column 1: expected the id 0, found '1'; ids must be "
                      "dense"));
    CHECK_THAT(reason(header + "0,97,3,1,2\n1,97,7,3,4\n"),
               Equals("'f.csv', line 4, column 2: the codepoint 97 belongs to id 0 already"));
    for (auto const* code : {"1114112", "55296", "18446744073709551615"}) {
      CHECK_THAT(
          reason(header + "0," + code + ",3,1,2\n"),
          Equals("'f.csv', line 3, column 2: expected the codepoint of a character, found '" +
                 std::string(code) + "'"));
    }
  }
  SECTION("counts") {
    auto const with = [](std::string const& value) {
      return reason(header + "0,97,3,1,2\n1,98,7,3," + value + "\n");
    };
    std::string const where = "'f.csv', line 4, column 5: expected a ";
    CHECK_THAT(with("-3"), Equals(where + "count, which cannot be negative, found '-3'"));
    CHECK_THAT(with("18446744073709551616"),
               Equals(where + "count of at most 64 bits, found '18446744073709551616'"));
    for (auto const* bad : {"x", "1.5", " 4", "4 ", "+4", "1e3", "0x10", "nan", "\"4\""})
      CHECK_THAT(with(bad), Equals(where + "whole number, found '" + std::string(bad) + "'"));
    CHECK_THAT(with(""), Equals(where + "whole number, found nothing"));
    CHECK_THAT(with("\x01"), Equals(where + "whole number, found '?'"));
  }
  SECTION("laws") {
    CHECK_THAT(
        reason(header + "0,97,3,1,2\n1,98,7,0,0\n"),
        Equals("'f.csv' gives no law for the character 'b' (id 1): nothing ever follows it"));
    CHECK_THAT(reason(header + "0,97,0,1,2\n1,98,0,1,0\n"),
               Equals("'f.csv' has no unigram count above zero"));
  }
}

TEST_CASE("a CSV file that is not there is named", "[task][csv]") {
  CHECK_THAT(error_of([] { (void)read_bigrams_csv("/nowhere/f.csv"); }),
             Equals("cannot read '/nowhere/f.csv': no such file or folder"));
  CHECK_THAT(error_of([] { write_bigrams_csv("/nowhere/f.csv", tables::three()); }),
             Matches("cannot write '/nowhere/f.csv': .*"));
}
