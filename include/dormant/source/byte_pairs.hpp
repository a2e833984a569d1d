// SPDX-License-Identifier: MIT
// Byte-pair encoding (arXiv 1508.07909) as tokenizers of language models have it: of two neighbours
// the pair with the lowest rank is merged first, the leftmost of equals.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/plain_words.hpp"
#include "dormant/io/utf8.hpp"
#include "dormant/shape.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dormant {

/// Pieces and their ids, and which two make a third.
struct byte_pairs {
  struct merge {
    std::size_t rank = 0;
    token made = 0;
  };
  std::map<std::string, token, std::less<>> ids;
  std::map<std::pair<token, token>, merge> merges;
  bool byte_fallback = false; ///< bytes of a character that is no piece are pieces `<0xAB>`
  bool whole_first = false;   ///< a word that is a piece is that piece, whatever the merges
  std::optional<token> unknown;

  [[nodiscard]] std::optional<token> find(std::string_view piece) const {
    auto const found = ids.find(piece);
    if (found == ids.end()) return std::nullopt;
    return found->second;
  }

  /// Adds the tokens of a word to `out`.
  /// \throws error for a character that no token stands for
  void encode(std::string_view word, std::vector<token>& out) const {
    if (auto const whole = whole_first ? find(word) : std::nullopt) {
      out.push_back(*whole);
      return;
    }
    struct link {
      token id;
      std::size_t before, after;
      bool alive = true;
    };
    constexpr std::size_t none = static_cast<std::size_t>(-1);
    std::vector<link> chain;
    for (token const id : characters(word)) {
      chain.push_back({id, chain.empty() ? none : chain.size() - 1, chain.size() + 1});
    }
    if (chain.empty()) return;
    chain.back().after = none;
    // What could be merged: rank and place of the left one; checked again when its turn comes.
    struct candidate {
      std::size_t rank, at;
      token left, right;
      bool operator>(candidate const& o) const {
        return std::pair(rank, at) > std::pair(o.rank, o.at);
      }
    };
    std::priority_queue<candidate, std::vector<candidate>, std::greater<>> next;
    auto const consider = [&](std::size_t at) {
      if (at == none || chain[at].after == none) return;
      auto const pair = std::pair(chain[at].id, chain[chain[at].after].id);
      if (auto const found = merges.find(pair); found != merges.end()) {
        next.push({found->second.rank, at, pair.first, pair.second});
      }
    };
    for (std::size_t i = 0; i < chain.size(); ++i) consider(i);
    while (!next.empty()) {
      auto const c = next.top();
      next.pop();
      auto& left = chain[c.at];
      if (!left.alive || left.id != c.left || left.after == none) continue;
      auto& right = chain[left.after];
      if (right.id != c.right) continue;
      left.id = merges.find({c.left, c.right})->second.made;
      right.alive = false;
      left.after = right.after;
      if (left.after != none) chain[left.after].before = c.at;
      consider(left.before);
      consider(c.at);
    }
    for (std::size_t i = 0; i != none; i = chain[i].after) out.push_back(chain[i].id);
  }

private:
  [[nodiscard]] std::vector<token> characters(std::string_view word) const {
    std::vector<token> out;
    bool fused = false; // whether the last token is an unknown one, which takes those after it in
    while (!word.empty()) {
      std::size_t const bytes = std::max<std::size_t>(1, io::first_character(word).bytes);
      auto const character = word.substr(0, bytes);
      word.remove_prefix(bytes);
      if (auto const id = find(character)) {
        out.push_back(*id);
        fused = false;
      } else if (!add_bytes(character, out)) {
        if (!unknown) {
          refuse({"the tokenizer has no token for ", io::in_quotes(character),
                  ", and none for what is unknown"});
        }
        if (!fused) out.push_back(*unknown);
        fused = true;
      } else {
        fused = false;
      }
    }
    return out;
  }
  bool add_bytes(std::string_view character, std::vector<token>& out) const {
    if (!byte_fallback) return false;
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::vector<token> bytes;
    for (char const c : character) {
      auto const byte = static_cast<unsigned char>(c);
      auto const id = find(std::string("<0x") + digits[byte / 16U] + digits[byte % 16U] + '>');
      if (!id) return false;
      bytes.push_back(*id);
    }
    out.insert(out.end(), bytes.begin(), bytes.end());
    return true;
  }
};

} // namespace dormant
