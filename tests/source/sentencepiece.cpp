// SPDX-License-Identifier: MIT
// tokenizer.model, on a vocabulary that SentencePiece itself learns here.
#include "dormant/source/sentencepiece.hpp"
#include "catch.hpp"
#include "io/scratch.hpp"

#include <sentencepiece_trainer.h>

#include <fstream>
#include <string>
#include <vector>

namespace dm = dormant;

namespace {
std::string learnt(scratch::folder const& here, std::string const& more) {
  std::ofstream text(here.path() / "text.txt");
  for (int i = 0; i < 50; ++i) text << "the cat sat on the mat\nthe dog ate the cat\n";
  text.close();
  auto const prefix = (here.path() / "tokenizer").string();
  auto const done = sentencepiece::SentencePieceTrainer::Train(
      "--input=" + (here.path() / "text.txt").string() + " --model_prefix=" + prefix +
      " --vocab_size=40 --model_type=bpe --minloglevel=2 --hard_vocab_limit=false " + more);
  REQUIRE(done.ok());
  return prefix + ".model";
}
} // namespace

TEST_CASE("a tokenizer.model begins a text with <s>, once, and reads back", "[source]") {
  scratch::folder const here;
  auto const words = dm::sentencepiece_tokenizer::open(learnt(here, ""));
  REQUIRE(words.before_text().size() == 1);
  auto const ids = words.encode("the cat sat");
  REQUIRE(ids.size() > 1);
  CHECK(ids[0] == words.before_text()[0]);
  CHECK(words.label(ids[0]) == "<s>");
  CHECK(words.label(ids[1]).starts_with(" t"));
  CHECK(words.encode("<s>the cat sat") == ids);
  CHECK(words.encode("the cat sat", false) == std::vector(ids.begin() + 1, ids.end()));
  CHECK(words.decode(ids) == "the cat sat");
  CHECK_THROWS_AS(words.label(1000), dm::error);
  CHECK_THROWS_AS(words.label(-1), dm::error);
}

TEST_CASE("a vocabulary without <s> puts nothing before a text", "[source]") {
  scratch::folder const here;
  auto const words = dm::sentencepiece_tokenizer::open(learnt(here, "--bos_id=-1"));
  CHECK(words.before_text().empty());
  CHECK(words.encode("the cat") == words.encode("the cat", false));
}

TEST_CASE("a file that is no model of SentencePiece is refused by name", "[source]") {
  scratch::folder const here;
  auto const path = here.path() / "tokenizer.model";
  for (std::string const bytes : {"", "no model", "{}", "\x0a\xff\xff\xff\xff\x0f"}) {
    std::ofstream(path, std::ios::binary) << bytes;
    CHECK_THROWS_WITH(dm::sentencepiece_tokenizer::open(path), Catch::Contains("tokenizer.model"));
  }
  CHECK_THROWS_AS(dm::sentencepiece_tokenizer::open(here.path() / "absent"), dm::error);
}
