// SPDX-License-Identifier: MIT
// The tokenizer that a model's folder has: tokenizer.json, or else tokenizer.model.
#pragma once

#include <dormant/source/model_folder.hpp>
#include <dormant/source/sentencepiece.hpp>
#include <dormant/source/tokenizer.hpp>

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace language_model {

namespace dm = dormant;

class text_tokenizer {
public:
  /// Nothing for a folder that has none.
  /// \throws dormant::error naming a file that is damaged, or what it asks for and is not supported
  [[nodiscard]] static std::optional<text_tokenizer> of(dm::model_folder const& folder) {
    if (auto const json = folder.path() / "tokenizer.json"; std::filesystem::exists(json)) {
      return text_tokenizer(dm::tokenizer::open(json));
    }
    if (auto const model = folder.path() / "tokenizer.model"; std::filesystem::exists(model)) {
      return text_tokenizer(dm::sentencepiece_tokenizer::open(model));
    }
    return std::nullopt;
  }

  [[nodiscard]] std::vector<dm::token> encode(std::string_view text, bool whole) const {
    return std::visit([&](auto const& t) { return t.encode(text, whole); }, which_);
  }
  [[nodiscard]] std::string label(dm::token id) const {
    return std::visit([&](auto const& t) { return t.label(id); }, which_);
  }
  [[nodiscard]] std::span<dm::token const> before_text() const {
    return std::visit([](auto const& t) { return t.before_text(); }, which_);
  }

private:
  explicit text_tokenizer(auto which) : which_(std::move(which)) {}

  std::variant<dm::tokenizer, dm::sentencepiece_tokenizer> which_;
};

} // namespace language_model
