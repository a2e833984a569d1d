// SPDX-License-Identifier: MIT
// What a tokenizer does to a text before its words become tokens: normal forms, and where words
// begin and end. Unicode's tables and regular expressions are ICU's.
#pragma once

#include "dormant/error.hpp"

#include <unicode/normalizer2.h>
#include <unicode/regex.h>
#include <unicode/unistr.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dormant::detail {

/// How the text that a pattern finds is cut out.
enum class cut : std::uint8_t { isolated, removed, with_previous, with_next, contiguous };

/// A regular expression, compiled.
class text_pattern {
public:
  /// \throws error naming `file` if it is no regular expression
  text_pattern(std::string const& pattern, std::string const& file) {
    UErrorCode status = U_ZERO_ERROR;
    pattern_.reset(icu::RegexPattern::compile(icu::UnicodeString::fromUTF8(pattern), 0, status));
    if (U_FAILURE(status) || pattern_ == nullptr) {
      refuse({file, ": the pattern of a pre_tokenizer is no regular expression that ICU knows (",
              u_errorName(status), ")"});
    }
  }

  /// The words of `text`, in order; all of it is in them, save what is removed.
  [[nodiscard]] std::vector<std::string> split(std::string_view text, cut how) const {
    struct piece {
      int32_t begin, end;
      bool found;
    };
    auto const all = icu::UnicodeString::fromUTF8(
        icu::StringPiece(text.data(), static_cast<int32_t>(text.size())));
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::RegexMatcher> const matcher(pattern_->matcher(all, status));
    if (U_FAILURE(status))
      refuse({"a regular expression cannot be run (", u_errorName(status), ")"});
    matcher->setTimeLimit(5000, status); // some seconds: a hostile pattern takes for ever
    std::vector<piece> pieces;
    int32_t last = 0;
    while (matcher->find(status) && U_SUCCESS(status)) {
      int32_t const begin = matcher->start(status), end = matcher->end(status);
      if (begin == end) continue;
      if (begin > last) pieces.push_back({last, begin, false});
      pieces.push_back({begin, end, true});
      last = end;
    }
    if (U_FAILURE(status)) {
      refuse({"a regular expression gave up on a text (", u_errorName(status), ")"});
    }
    if (last < all.length()) pieces.push_back({last, all.length(), false});
    return joined(all, pieces, how);
  }

private:
  template <class Pieces>
  static std::vector<std::string> joined(icu::UnicodeString const& all, Pieces const& pieces,
                                         cut how) {
    std::vector<std::string> out;
    bool open = false; // whether the next piece belongs to the last word
    bool last_found = false;
    for (auto const& p : pieces) {
      if (how == cut::removed && p.found) continue;
      bool const joins = (how == cut::with_previous && p.found && !out.empty() && !last_found) ||
                         (how == cut::with_next && open) ||
                         (how == cut::contiguous && !out.empty() && p.found == last_found);
      if (!joins) out.emplace_back();
      all.tempSubStringBetween(p.begin, p.end).toUTF8String(out.back());
      open = p.found;
      last_found = p.found;
    }
    return out;
  }

  std::unique_ptr<icu::RegexPattern> pattern_;
};

/// The text in the normal form NFC or NFKC.
[[nodiscard]] inline std::string normal_form(std::string const& text, bool compatible) {
  UErrorCode status = U_ZERO_ERROR;
  auto const* const form = compatible ? icu::Normalizer2::getNFKCInstance(status)
                                      : icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status)) refuse({"ICU has no table of normal forms (", u_errorName(status), ")"});
  auto const made = form->normalize(icu::UnicodeString::fromUTF8(text), status);
  if (U_FAILURE(status)) refuse({"a text has no normal form (", u_errorName(status), ")"});
  std::string out;
  return made.toUTF8String(out);
}

} // namespace dormant::detail
