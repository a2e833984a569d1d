// SPDX-License-Identifier: MIT
// The fields of a tokenizer.json as steps that can be taken.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/plain_words.hpp"
#include "dormant/source/byte_letters.hpp"
#include "dormant/source/byte_pairs.hpp"
#include "dormant/source/text_steps.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dormant::detail {

/// A tokenizer as what it does.
struct tokenizer_parts {
  using normalizer = std::function<std::string(std::string const&)>;
  using splitter = std::function<std::vector<std::string>(std::string const&, bool first)>;

  byte_pairs model;
  std::vector<std::string> pieces;                     // by id
  std::vector<std::pair<std::string, token>> specials; // longest first
  std::vector<normalizer> normalizers;
  std::vector<splitter> splitters;
  std::vector<token> before_text;
  bool byte_level = false, drops_first_space = false;

  [[nodiscard]] bool is_special(token id) const {
    return std::any_of(specials.begin(), specials.end(),
                       [&](auto const& s) { return s.second == id; });
  }
};

/// Reads a tokenizer.json; the state is what error messages need.
class tokenizer_reader {
  using json = nlohmann::json;

public:
  explicit tokenizer_reader(std::string file) : file_(std::move(file)) {}

  tokenizer_parts read(json const& all) {
    if (!all.is_object()) fail({"the file is not a JSON object"});
    read_model(field(all, "model"));
    read_added(all);
    for (auto const& step : steps(all, "normalizer", "normalizers")) add_normalizer(step);
    for (auto const& step : steps(all, "pre_tokenizer", "pretokenizers")) add_splitter(step);
    for (auto const& step : steps(all, "decoder", "decoders")) {
      auto const type = text(step, "type");
      if (type == "Strip" || type == "Metaspace") parts_.drops_first_space = true;
    }
    for (auto const& step : steps(all, "post_processor", "processors")) add_template(step);
    return std::move(parts_);
  }

private:
  void read_model(json const& model) {
    if (auto const type = model.contains("type") ? text(model, "type") : "BPE"; type != "BPE") {
      fail({"the model is ", io::in_quotes(type), ", expected 'BPE'"});
    }
    auto const& vocabulary = field(model, "vocab");
    if (!vocabulary.is_object()) fail({"vocab is no object"});
    for (auto const& [piece, id] : vocabulary.items()) add_piece(piece, id);
    parts_.model.byte_fallback = flag(model, "byte_fallback");
    parts_.model.whole_first = flag(model, "ignore_merges");
    if (model.contains("unk_token") && !model["unk_token"].is_null()) {
      parts_.model.unknown = parts_.model.find(text(model, "unk_token"));
    }
    for (auto const* const name : {"continuing_subword_prefix", "end_of_word_suffix"}) {
      if (model.contains(name) && !model[name].is_null() && model[name] != "") {
        fail({name, " is there, which is not supported"});
      }
    }
    auto const& merges = field(model, "merges");
    if (!merges.is_array()) fail({"merges is no list"});
    for (auto const& merge : merges) add_merge(merge);
  }
  void add_piece(std::string const& piece, json const& id) {
    if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= most_pieces) {
      fail({"the id of piece ", io::in_quotes(piece), " is no number below ", most_pieces});
    }
    auto const place = id.get<std::size_t>();
    if (place >= parts_.pieces.size()) parts_.pieces.resize(place + 1);
    auto const [at, fresh] = parts_.model.ids.emplace(piece, static_cast<token>(place));
    if (!fresh && at->second != static_cast<token>(place)) {
      fail({"piece ", io::in_quotes(piece), " has two ids"});
    }
    parts_.pieces[place] = piece;
  }
  void add_merge(json const& merge) {
    std::string left, right;
    if (merge.is_string()) {
      auto const& both = merge.get_ref<std::string const&>();
      auto const space = both.find(' ', 1); // a piece may be a space
      left = both.substr(0, space);
      right = space == std::string::npos ? "" : both.substr(space + 1);
    } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
               merge[1].is_string()) {
      left = merge[0].get<std::string>();
      right = merge[1].get<std::string>();
    }
    auto const a = parts_.model.find(left), b = parts_.model.find(right);
    auto const made = parts_.model.find(left + right);
    if (!a || !b || !made) {
      fail({"merge ", parts_.model.merges.size(),
            " is not of two pieces of the vocabulary that make "
            "a third"});
    }
    parts_.model.merges.emplace(std::pair(*a, *b),
                                byte_pairs::merge{parts_.model.merges.size(), *made});
  }
  void read_added(json const& all) {
    if (!all.contains("added_tokens")) return;
    for (auto const& added : all["added_tokens"]) {
      auto const content = text(added, "content");
      if (content.empty()) fail({"an added token is empty"});
      if (flag(added, "lstrip") || flag(added, "rstrip")) {
        fail({"added token ", io::in_quotes(content),
              " takes spaces beside it with it, which is not "
              "supported"});
      }
      add_piece(content, field(added, "id"));
      parts_.specials.emplace_back(content, *parts_.model.find(content));
    }
    std::stable_sort(parts_.specials.begin(), parts_.specials.end(),
                     [](auto const& a, auto const& b) { return a.first.size() > b.first.size(); });
  }

  void add_normalizer(json const& step) {
    auto const type = text(step, "type");
    if (type == "Prepend") {
      parts_.normalizers.emplace_back([prefix = text(step, "prepend")](std::string const& s) {
        return s.empty() ? s : prefix + s;
      });
    } else if (type == "Replace") {
      auto const& pattern = field(step, "pattern");
      auto const old =
          pattern.is_object() && pattern.contains("String") ? text(pattern, "String") : "";
      if (old.empty()) fail({"a Replace of a pattern that is no text is not supported"});
      parts_.normalizers.emplace_back([old, fresh = text(step, "content")](std::string const& s) {
        return replaced(s, old, fresh);
      });
    } else if (type == "NFC" || type == "NFKC") {
      parts_.normalizers.emplace_back([compatible = type == "NFKC"](std::string const& s) {
        return normal_form(s, compatible);
      });
    } else {
      fail({"normalizer ", io::in_quotes(type), " is not supported"});
    }
  }
  void add_splitter(json const& step) {
    auto const type = text(step, "type");
    if (type == "ByteLevel") {
      parts_.byte_level = true;
      if (flag(step, "add_prefix_space")) {
        parts_.splitters.emplace_back([](std::string const& s, bool first) {
          return std::vector{first && !s.starts_with(' ') ? " " + s : s};
        });
      }
      if (!step.contains("use_regex") || flag(step, "use_regex")) {
        add_pattern("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|"
                    "\\s+",
                    cut::isolated);
      }
    } else if (type == "Split") {
      if (flag(step, "invert")) fail({"a Split that is inverted is not supported"});
      auto const& pattern = field(step, "pattern");
      if (!pattern.is_object() || !pattern.contains("Regex")) {
        fail({"a Split by a pattern that is no Regex is not supported"});
      }
      add_pattern(text(pattern, "Regex"), cut_named(text(step, "behavior")));
    } else if (type == "Digits") {
      add_pattern(flag(step, "individual_digits") ? "\\p{Nd}" : "\\p{Nd}+", cut::isolated);
    } else {
      fail({"pre_tokenizer ", io::in_quotes(type), " is not supported"});
    }
  }
  void add_pattern(std::string const& regex, cut how) {
    auto const pattern = std::make_shared<text_pattern const>(regex, file_);
    parts_.splitters.emplace_back(
        [pattern, how](std::string const& s, bool) { return pattern->split(s, how); });
  }
  [[nodiscard]] cut cut_named(std::string const& name) const {
    if (name == "Isolated") return cut::isolated;
    if (name == "Removed") return cut::removed;
    if (name == "MergedWithPrevious") return cut::with_previous;
    if (name == "MergedWithNext") return cut::with_next;
    if (name == "Contiguous") return cut::contiguous;
    fail({"behavior ", io::in_quotes(name), " of a Split is not supported"});
  }
  // What TemplateProcessing puts before a text.
  void add_template(json const& step) {
    auto const type = text(step, "type");
    if (type == "ByteLevel") return; // it only changes offsets
    if (type != "TemplateProcessing")
      fail({"post_processor ", io::in_quotes(type), " is not supported"});
    for (auto const& part : field(step, "single")) {
      if (part.contains("Sequence")) break;
      auto const name = text(field(part, "SpecialToken"), "id");
      auto const id = parts_.model.find(name);
      if (!id) fail({"the post_processor names ", io::in_quotes(name), ", which is no token"});
      parts_.before_text.push_back(*id);
    }
  }

  // A step, or the steps of a Sequence; none if the field is null.
  [[nodiscard]] std::vector<json> steps(json const& all, char const* name, char const* list) const {
    if (!all.contains(name) || all[name].is_null()) return {};
    auto const& step = all[name];
    if (text(step, "type") != "Sequence") return {step};
    auto const& found = field(step, list);
    if (!found.is_array()) fail({list, " of the ", name, " is no list"});
    return {found.begin(), found.end()};
  }
  [[nodiscard]] json const& field(json const& of, char const* name) const {
    if (of.is_object() && of.contains(name)) return of.at(name);
    fail({"field ", io::in_quotes(name), " is missing"});
  }
  [[nodiscard]] std::string text(json const& of, char const* name) const {
    auto const& found = field(of, name);
    if (!found.is_string()) fail({"field ", io::in_quotes(name), " is no text"});
    return found.get<std::string>();
  }
  [[nodiscard]] bool flag(json const& of, char const* name) const {
    if (!of.is_object() || !of.contains(name) || of.at(name).is_null()) return false;
    if (!of.at(name).is_boolean())
      fail({"field ", io::in_quotes(name), " is neither true nor false"});
    return of.at(name).get<bool>();
  }
  [[noreturn]] void fail(words what) const { refuse({file_, ": "}, what); }

  static constexpr std::size_t most_pieces = 1'000'000; // the largest vocabularies have a quarter
  std::string file_;
  tokenizer_parts parts_;
};

[[nodiscard]] inline tokenizer_parts read_tokenizer(std::string_view text, std::string_view name) {
  auto const tree = nlohmann::json::parse(text, nullptr, false);
  if (tree.is_discarded()) refuse({io::in_quotes(name), ": the file is not valid JSON"});
  return tokenizer_reader(io::in_quotes(name)).read(tree);
}

} // namespace dormant::detail
