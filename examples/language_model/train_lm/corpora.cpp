// SPDX-License-Identifier: MIT
#include "language_model/train_lm/settings.hpp"

#include <dormant/io/atomic_file.hpp>
#include <dormant/io/checksum.hpp>
#include <dormant/source/byte_letters.hpp>
#include <dormant/source/token_files.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <span>
#include <string_view>

namespace language_model {

std::string tokenizer_of_bytes() {
  using json = nlohmann::ordered_json;
  constexpr auto bos = "<s>";
  json vocabulary;
  for (std::size_t byte = 0; byte < 256; ++byte) {
    vocabulary[dm::detail::letters_of_bytes()[byte]] = byte;
  }
  vocabulary[bos] = 256;
  json const by_bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  json const before = {{"SpecialToken", {{"id", bos}, {"type_id", 0}}}};
  json const text = {{"Sequence", {{"id", "A"}, {"type_id", 0}}}};
  json const all = {
      {"version", "1.0"},
      {"added_tokens", json::array({{{"id", 256},
                                     {"content", bos},
                                     {"single_word", false},
                                     {"lstrip", false},
                                     {"rstrip", false},
                                     {"normalized", false},
                                     {"special", true}}})},
      {"normalizer", nullptr},
      {"pre_tokenizer", by_bytes},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single", json::array({before, text})},
        {"pair", json::array({before, text, {{"Sequence", {{"id", "B"}, {"type_id", 1}}}}})},
        {"special_tokens",
         {{bos, {{"id", bos}, {"ids", json::array({256})}, {"tokens", json::array({bos})}}}}}}},
      {"decoder", by_bytes},
      {"model", {{"type", "BPE"}, {"vocab", vocabulary}, {"merges", json::array()}}}};
  return all.dump(1);
}

namespace {
// The last part of a text, begun after a line's end where there is one.
std::size_t training_part(std::string_view text) {
  std::size_t const at = text.size() - text.size() / 20;
  auto const line = text.find('\n', at);
  return line == std::string_view::npos ? at : line + 1;
}
void read_text(std::string const& path, dm::tokenizer const& words, corpus& to) {
  auto const text = dm::read_file(path, std::size_t{4} << 30U);
  auto const cut = training_part(text);
  try {
    to.training = words.encode(std::string_view(text).substr(0, cut), false);
    to.validation = words.encode(std::string_view(text).substr(cut), false);
  } catch (dm::error const& e) {
    dm::refuse({dm::io::in_quotes(path), ": ", e.what()});
  }
  to.bytes_of_a_token =
      static_cast<double>(text.size() - cut) / static_cast<double>(to.validation.size());
}
/// Ids that the tokenizer made before, row after row.
void read_ids(std::string const& path, dm::tokenizer const& words, corpus& to) {
  std::vector<dm::token> all;
  for (auto const& row : dm::read_token_file(path)) {
    for (auto const id : row) {
      if (id < 0 || static_cast<std::size_t>(id) >= words.size()) {
        dm::refuse({dm::io::in_quotes(path), ": token ", id, " is outside the vocabulary of ",
                    words.size(), "; --tokenizer names the tokenizer.json that made the ids"});
      }
      all.push_back(id);
    }
  }
  auto const cut = all.end() - static_cast<std::ptrdiff_t>(all.size() / 20);
  to.training.assign(all.begin(), cut);
  to.validation.assign(cut, all.end());
  to.bytes_of_a_token = static_cast<double>(words.decode(to.validation).size()) /
                        static_cast<double>(to.validation.size());
}
} // namespace

corpora read_corpora(training_settings const& s) {
  corpora all;
  all.tokenizer = s.tokenizer.empty() ? tokenizer_of_bytes() : dm::read_file(s.tokenizer);
  auto const words =
      dm::tokenizer::parse(all.tokenizer, s.tokenizer.empty() ? "the bytes" : s.tokenizer);
  all.vocab = words.size();
  if (!words.before_text().empty()) all.bos = words.before_text().front();
  for (std::size_t begin = 0; begin <= s.texts.size();) {
    auto const end = std::min(s.texts.find(',', begin), s.texts.size());
    auto const path = s.texts.substr(begin, end - begin);
    begin = end + 1;
    corpus c;
    c.name = std::filesystem::path(path).stem().string();
    auto const kind = std::filesystem::path(path).extension();
    (kind == ".npy" || kind == ".json" ? read_ids : read_text)(path, words, c);
    if (c.validation.size() < s.context) {
      dm::refuse({dm::io::in_quotes(path),
                  ": a twentieth of it, which is kept for validation, has ", c.validation.size(),
                  " tokens, fewer than the ", s.context, " of a row"});
    }
    bool const same = std::any_of(all.texts.begin(), all.texts.end(),
                                  [&](corpus const& other) { return other.name == c.name; });
    if (same) dm::refuse({"two texts are called ", dm::io::in_quotes(c.name)});
    all.texts.push_back(std::move(c));
  }
  return all;
}

dm::run_identity identity_of(training_settings const& s, corpora const& from) {
  auto const shape = s.shape(from.vocab);
  dm::run_identity words{
      {"model", s.model},
      {"attention", s.attention},
      {"sizes",
       fmt::format("{} layers, {} heads, width {}, MLP {}, vocabulary {}, context {}", shape.layers,
                   shape.heads, shape.width, shape.hidden(), shape.vocab, shape.context)},
      {"batch", fmt::to_string(s.batch)},
      {"steps", fmt::to_string(s.steps)},
      {"seed", fmt::to_string(s.seed)},
      {"optimizer", fmt::format("adamw, lr {}, warm-up {}, weight decay {}, clip {}", s.lr,
                                s.warm_up, s.weight_decay, s.clip)},
      {"measured every", fmt::to_string(s.measure_every)}};
  for (auto const& text : from.texts) {
    dm::io::checksum sum;
    sum.add(std::as_bytes(std::span(text.training)));
    words["text " + text.name] = fmt::format("{} tokens, {}", text.training.size(), sum.text());
  }
  return words;
}

} // namespace language_model
