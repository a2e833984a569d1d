// SPDX-License-Identifier: MIT
// Counting text: what is counted, and what is no text.
#include "dormant/task/corpus.hpp"

#include "catch.hpp"
#include "io/scratch.hpp"

#include <array>
#include <cstdint>
#include <string>

using namespace dormant;
using Catch::Matchers::Equals;
using Catch::Matchers::Matches;

TEST_CASE("characters and adjacent pairs are counted, ids in codepoint order", "[task][corpus]") {
  auto const table = count_text("abba\néa\n", "a text");
  CHECK(table.characters == std::vector<char32_t>{U'\n', U'a', U'b', U'é'});
  CHECK(table.unigrams == std::vector<std::uint64_t>{2, 3, 2, 1});
  CHECK(table.bigrams == std::vector<std::uint64_t>{0, 0, 0, 1,   // \n
                                                    2, 0, 1, 0,   // a
                                                    0, 1, 1, 0,   // b
                                                    0, 1, 0, 0}); // é
}

TEST_CASE("every character survives decoding", "[task][corpus]") {
  std::string bytes;
  std::u32string expected;
  for (char32_t c = 1; c <= 0x10FFFF; ++c) {
    if (!is_character(c)) continue;
    bytes += to_utf8(c);
    expected += c;
  }
  CHECK(detail::decode_text(bytes, "all of Unicode") == expected);
}

TEST_CASE("a file is counted like its text", "[task][corpus]") {
  scratch::folder const here;
  scratch::write(here / "corpus.txt", "abab");
  CHECK(count_bigrams(here / "corpus.txt") == count_text("abab", "a text"));
}

TEST_CASE("what is no text is refused at the byte where that shows", "[task][corpus]") {
  auto const reason = [](std::string const& bytes) {
    return error_of([&] { (void)count_text(bytes, "it"); });
  };
  CHECK_THAT(reason(""), Equals("it is empty"));
  CHECK_THAT(reason(std::string("ab\0a", 4)), Equals("it is not a text: byte 3 is a zero byte"));
  struct broken {
    char const* bytes;
    char const* what;
  };
  for (auto const& [bytes, what] : {
           broken{"ab\x80", "byte 3"},           // continuation without a lead
           broken{"\xC3", "byte 1"},             // cut off
           broken{"a\xC3(", "byte 2"},           // continuation missing
           broken{"\xC0\xAF", "byte 1"},         // overlong
           broken{"\xE0\x80\xAF", "byte 1"},     // overlong
           broken{"\xF0\x80\x80\xAF", "byte 1"}, // overlong
           broken{"a\xED\xA0\x80", "byte 2"},    // surrogate
           broken{"\xF4\x90\x80\x80", "byte 1"}, // beyond U+10FFFF
           broken{"aa\xF8\x88\x80\x80\x80", "byte 3"},
           broken{"\xEF\xBB\xBF"
                  "a\xFF",
                  "byte 5"}, // behind a byte order mark
           broken{"\xFF", "byte 1"},
       }) {
    CHECK_THAT(reason(bytes),
               Equals("it is not a text: " + std::string(what) + " is not valid UTF-8"));
  }
  for (auto const* mark : {"\xFF\xFE", "\xFE\xFF"}) {
    CHECK_THAT(reason(mark), Equals("it is not a text: byte 1 is not valid UTF-8; it begins as "
                                    "UTF-16 does"));
  }
}

TEST_CASE("a byte order mark is no character of a corpus, unless it stands within",
          "[task][corpus]") {
  CHECK(count_text("\xEF\xBB\xBF"
                   "abab",
                   "it") == count_text("abab", "it"));
  CHECK(count_text("ab\xEF\xBB\xBF"
                   "ab",
                   "it")
            .characters.back() == U'\uFEFF');
  CHECK_THAT(error_of([] { (void)count_text("\xEF\xBB\xBF", "it"); }), Equals("it is empty"));
}

TEST_CASE("a corpus that cannot be a law is refused with a sentence", "[task][corpus]") {
  scratch::folder const here;
  auto const reason = [&](std::string const& text) {
    scratch::write(here / "c.txt", text);
    return error_of([&] { (void)count_bigrams(here / "c.txt", 3); });
  };
  CHECK_THAT(error_of([&] { (void)count_bigrams(here / "missing.txt"); }),
             Matches("cannot read '.*missing.txt': no such file or folder"));
  CHECK_THAT(reason(""), Matches("the corpus '.*c.txt' is empty"));
  CHECK_THAT(reason("abcdabcda"),
             Matches("the corpus '.*c.txt' has 4 distinct characters, but at most 3 fit into the "
                     "vocabulary"));
  CHECK_THAT(reason("aaab"), Matches("the corpus '.*c.txt' gives no law for the character 'b' "
                                     "\\(id 1\\): nothing ever follows it"));
  CHECK_THAT(reason("aba"), Equals(""));
}
