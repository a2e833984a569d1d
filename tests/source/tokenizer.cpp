// SPDX-License-Identifier: MIT
// Text becomes the ids that the model's own tokenizer gives, and text again.
#include "dormant/source/tokenizer.hpp"
#include "dormant/source/token_files.hpp"

#include "catch.hpp"
#include "error_of.hpp"
#include "source/shared_models.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

using namespace dormant;
using ids = std::vector<token>;

namespace {

/// Llama's kind: spaces are pieces, bytes fall back.
std::string llama_json() {
  nlohmann::json t;
  auto& vocab = t["model"]["vocab"];
  int id = 0;
  for (auto const* piece : {"<unk>", "<s>", "\xE2\x96\x81", "a", "b", "ab",
                            "\xE2\x96\x81"
                            "ab"}) {
    vocab[piece] = id++;
  }
  for (int byte = 0; byte < 256; ++byte) {
    char name[8];
    std::snprintf(name, sizeof name, "<0x%02X>", static_cast<unsigned>(byte));
    vocab[name] = id++;
  }
  t["model"]["type"] = "BPE";
  t["model"]["byte_fallback"] = true;
  t["model"]["merges"] = {"a b", "\xE2\x96\x81 ab"};
  t["added_tokens"] = {{{"id", 1}, {"content", "<s>"}}};
  t["normalizer"] = {
      {"type", "Sequence"},
      {"normalizers",
       {{{"type", "Prepend"}, {"prepend", "\xE2\x96\x81"}},
        {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\xE2\x96\x81"}}}}};
  t["decoder"] = {{"type", "Strip"}};
  t["post_processor"] = {
      {"type", "TemplateProcessing"},
      {"single", {{{"SpecialToken", {{"id", "<s>"}}}}, {{"Sequence", {{"id", "A"}}}}}}};
  return t.dump();
}

/// GPT-2's kind: every byte a letter, words by a regular expression.
nlohmann::json bytes_json() {
  nlohmann::json t;
  int id = 0;
  for (auto const& letter : detail::letters_of_bytes()) t["model"]["vocab"][letter] = id++;
  auto const space = detail::letters_of_bytes()[' '];
  t["model"]["vocab"]["he"] = id++;
  t["model"]["vocab"][space + "he"] = id++;
  t["model"]["vocab"]["1234"] = id++; // reached by no merge
  auto& merges = t["model"]["merges"] = nlohmann::json::array();
  merges.push_back(std::vector<std::string>{"h", "e"});
  merges.push_back(std::vector<std::string>{space, "he"});
  t["pre_tokenizer"] = {{"type", "ByteLevel"}, {"add_prefix_space", false}};
  return t;
}

} // namespace

TEST_CASE("the texts of a trained Llama become its ids", "[source]") {
  if (shared_models::absent()) return;
  auto const words = tokenizer::open(shared_models::model("stories260k") / "bf16/tokenizer.json");
  CHECK(words.size() == 512);
  auto const known =
      nlohmann::json::parse(read_file(shared_models::folder / "golden/stories260k_tokens.json"));
  CHECK(known.size() == 12);
  for (auto const& [name, text] : known.items()) {
    INFO(name);
    CHECK(words.encode(text["text"].get<std::string>()) == text["ids"].get<ids>());
    CHECK(words.decode(text["ids"].get<ids>()) == text["text"].get<std::string>());
  }
}

TEST_CASE("pieces are merged by rank, bytes stand in for what is no piece", "[source]") {
  auto const t = tokenizer::parse(llama_json(), "t.json");
  CHECK(t.encode("ab a", false) == ids{6, 2, 3});
  CHECK(t.encode("aab", false) == ids{2, 3, 5});
  CHECK(t.encode("\xC3\xA9", false) == ids{2, 7 + 0xC3, 7 + 0xA9});
  CHECK(t.decode(ids{6, 2, 3}) == "ab a");
  CHECK(t.label(6) == " ab");
}

TEST_CASE("what begins a text is put there once, and only if the text begins", "[source]") {
  auto const t = tokenizer::parse(llama_json(), "t.json");
  CHECK(t.encode("ab") == ids{1, 6});
  CHECK(t.encode("<s>ab") == ids{1, 6});
  CHECK(t.encode("ab", false) == ids{6});
  CHECK(t.encode("") == ids{1});
  CHECK(t.decode(ids{1, 6}) == "ab");
  CHECK(tokenizer::parse(bytes_json().dump(), "t.json").encode("he") == ids{256});
}

TEST_CASE("bytes as letters, words by a regular expression", "[source]") {
  auto const t = tokenizer::parse(bytes_json().dump(), "t.json");
  CHECK(t.encode("he he") == ids{256, 257});
  // The last space of several belongs to the word.
  CHECK(t.encode("he  he").size() == 3);
  for (std::string const text :
       {"", "a", " he's \xC3\xA9\xE2\x82\xAC \xF0\x9F\x98\x80\n\n x1234", "\t"}) {
    INFO(text);
    CHECK(t.decode(t.encode(text)) == text);
  }
  auto digits = bytes_json();
  digits["pre_tokenizer"] = {
      {"type", "Sequence"},
      {"pretokenizers",
       {{{"type", "Split"}, {"pattern", {{"Regex", "\\p{N}{1,3}"}}}, {"behavior", "Isolated"}},
        {{"type", "ByteLevel"}, {"use_regex", false}}}}};
  digits["model"]["ignore_merges"] = true;
  CHECK(tokenizer::parse(digits.dump(), "t.json").encode("1234").size() == 4); // 123 and 4
  digits["pre_tokenizer"] = {{"type", "ByteLevel"}, {"use_regex", false}};
  CHECK(tokenizer::parse(digits.dump(), "t.json").encode("1234") == ids{258});
}

TEST_CASE("a tokenizer that would be read wrongly is refused by name", "[source]") {
  auto const said = [](std::string const& field, nlohmann::json value) {
    auto t = bytes_json();
    t[nlohmann::json::json_pointer(field)] = std::move(value);
    return error_of([&] { (void)tokenizer::parse(t.dump(), "t.json"); });
  };
  CHECK(said("/model/type", "Unigram") == "'t.json': the model is 'Unigram', expected 'BPE'");
  CHECK(said("/model/merges", std::vector<std::string>{"q zz"}) ==
        "'t.json': merge 0 is not of two pieces of the vocabulary that make a third");
  CHECK(said("/model/vocab/he", -3) == "'t.json': the id of piece 'he' is no number below 1000000");
  CHECK(said("/normalizer", {{"type", "BertNormalizer"}}) ==
        "'t.json': normalizer 'BertNormalizer' is not supported");
  CHECK(said("/pre_tokenizer", {{"type", "Whitespace"}}) ==
        "'t.json': pre_tokenizer 'Whitespace' is not supported");
  CHECK(said("/pre_tokenizer",
             {{"type", "Split"}, {"pattern", {{"Regex", "("}}}, {"behavior", "Isolated"}}) ==
        "'t.json': the pattern of a pre_tokenizer is no regular expression that ICU knows "
        "(U_REGEX_MISMATCHED_PAREN)");
  CHECK(said("/post_processor", {{"type", "BertProcessing"}}) ==
        "'t.json': post_processor 'BertProcessing' is not supported");
  CHECK(said("/model/vocab", 3) == "'t.json': vocab is no object");
  CHECK(error_of([] { (void)tokenizer::parse("[", "t.json"); }) ==
        "'t.json': the file is not valid JSON");
  auto const t = tokenizer::parse(bytes_json().dump(), "t.json");
  CHECK(error_of([&] { (void)t.encode("a\xFF"); }) == "the text is not UTF-8 at its byte 1");
  CHECK(error_of([&] { (void)t.decode(ids{999}); }) ==
        "token 999 is outside the tokenizer's vocabulary of 259");
}

TEST_CASE("ids are read from JSON in the shapes that tools write", "[source]") {
  CHECK(parse_token_json("[[1, 2], [3]]", "f") == token_rows{{1, 2}, {3}});
  CHECK(parse_token_json("[1, 2]", "f") == token_rows{{1, 2}});
  CHECK(parse_token_json(R"({"input_ids": [[5]]})", "f") == token_rows{{5}});
  auto const said = [](std::string const& text) {
    return error_of([&] { (void)parse_token_json(text, "f.json"); });
  };
  CHECK(said("{") == "'f.json': the file is not valid JSON");
  CHECK(said("3") == "'f.json': expected a list of token ids, or of lists of them");
  CHECK(said("[[1], 2]") == "'f.json': row 1 is no list of token ids");
  CHECK(said("[1, 2.5]") == "'f.json': the token at [0, 1] is no whole number");
  CHECK(said("[1, -2]") == "'f.json': token -2 at [0, 1] is no id");
  CHECK(said("[18446744073709551615]") == "'f.json': token -1 at [0, 0] is no id");
}
