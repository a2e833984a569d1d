// SPDX-License-Identifier: MIT
// A tokenizer.model of SentencePiece, as Llama 1 and 2 have it. Needs SentencePiece
// (libsentencepiece-dev), which this header alone includes.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"
#include "dormant/shape.hpp"

#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#include <sentencepiece_processor.h>
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dormant {

/// The same words as `tokenizer` has for a tokenizer.json.
class sentencepiece_tokenizer {
public:
  static constexpr std::size_t longest = 200'000'000; ///< bytes of a file

  /// \throws error naming a file that cannot be read, or is no model of SentencePiece
  [[nodiscard]] static sentencepiece_tokenizer open(std::filesystem::path const& path) {
    auto const bytes = read_file(path, longest);
    auto made = std::make_shared<sentencepiece::SentencePieceProcessor>();
    if (bytes.empty() || !made->LoadFromSerializedProto(bytes).ok() || made->GetPieceSize() <= 0) {
      refuse({io::shown(path), " is no model of SentencePiece"});
    }
    return sentencepiece_tokenizer(std::move(made));
  }

  /// The ids of a text.
  /// \param whole whether the text begins here: then `<s>` comes first,
  ///   where the vocabulary has one, once
  /// \throws error if SentencePiece refuses the text
  [[nodiscard]] std::vector<token> encode(std::string_view text, bool whole = true) const {
    if (!before_.empty()) {
      auto const& bos = model_->IdToPiece(before_.front());
      if (text.starts_with(bos)) {
        text.remove_prefix(bos.size());
        whole = true;
      }
    }
    std::vector<int> ids;
    if (auto const found = model_->Encode(text, &ids); !found.ok()) {
      refuse({"SentencePiece refuses the text: ", found.error_message()});
    }
    std::vector<token> out;
    if (whole) out.assign(before_.begin(), before_.end());
    out.insert(out.end(), ids.begin(), ids.end());
    return out;
  }
  /// The text of ids, without what begins a text.
  /// \throws error for an id that the vocabulary does not have
  [[nodiscard]] std::string decode(std::span<token const> ids) const {
    std::vector<int> known;
    for (token const id : ids) {
      check(id);
      if (!model_->IsControl(id)) known.push_back(id);
    }
    std::string text;
    if (!model_->Decode(known, &text).ok()) refuse({"SentencePiece cannot decode these tokens"});
    return text;
  }
  /// One token, to be read: a word, with spaces as they are.
  [[nodiscard]] std::string label(token id) const {
    check(id);
    std::string piece = model_->IdToPiece(id);
    constexpr std::string_view space = "\xE2\x96\x81";
    for (auto at = piece.find(space); at != std::string::npos; at = piece.find(space, at + 1)) {
      piece.replace(at, space.size(), " ");
    }
    return piece;
  }
  [[nodiscard]] std::size_t size() const {
    return static_cast<std::size_t>(model_->GetPieceSize());
  }
  /// What is put before every text.
  [[nodiscard]] std::span<token const> before_text() const { return before_; }

private:
  explicit sentencepiece_tokenizer(
      std::shared_ptr<sentencepiece::SentencePieceProcessor const> model)
      : model_(std::move(model)) {
    if (model_->bos_id() >= 0) before_.push_back(model_->bos_id());
  }
  void check(token id) const {
    if (id < 0 || static_cast<std::size_t>(id) >= size()) {
      refuse({"token ", id, " is outside the tokenizer's vocabulary of ", size()});
    }
  }

  std::shared_ptr<sentencepiece::SentencePieceProcessor const> model_;
  std::vector<token> before_;
};

} // namespace dormant
