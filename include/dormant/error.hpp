// SPDX-License-Identifier: MIT
// The one exception type: a sentence that names the file or argument, what was expected and found.
#pragma once

#include "dormant/detail/arithmetic.hpp"
#include "dormant/version.hpp"

#include <charconv>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

namespace dormant {

/// Bad outside data or a bad argument. `what()` is one sentence, fit
/// to be shown to a user as it is.
struct error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

namespace detail {
/// A part of a sentence: a number, or text, which has to outlive the making of the sentence.
class word {
public:
  word(std::string_view text) : text_(text) {}
  word(std::string const& text) : text_(text) {}
  word(char const* text) : text_(text) {}
  word(std::unsigned_integral auto number) : kind_(kind::size), size_(number) {}
  word(std::signed_integral auto number) : kind_(kind::integer), integer_(number) {}
  word(double number) : kind_(kind::real), real_(number) {}

  void append_to(std::string& out) const {
    char digits[32]; // the longest double in its shortest form has 24
    char* end = digits;
    switch (kind_) {
    case kind::text: out.append(text_); return;
    case kind::size: end = std::to_chars(digits, digits + sizeof digits, size_).ptr; break;
    case kind::integer: end = std::to_chars(digits, digits + sizeof digits, integer_).ptr; break;
    case kind::real: end = std::to_chars(digits, digits + sizeof digits, real_).ptr; break;
    }
    out.append(digits, end);
  }

private:
  enum class kind : std::uint8_t { text, size, integer, real };
  kind kind_ = kind::text;
  union { // small, because every place that checks something is compiled to make some
    std::string_view text_;
    std::uint64_t size_;
    std::int64_t integer_;
    double real_;
  };
};
using words = std::initializer_list<word>;
} // namespace detail

/// The parts one after the other. One function for all messages: chains of + would be compiled into
/// every place that checks something, and take a user's compiler twice as long.
[[nodiscard, gnu::noinline]] inline std::string sentence(detail::words parts) {
  std::string out;
  for (auto const& part : parts) part.append_to(out);
  return out;
}

/// Throws `dormant::error` with a sentence: `refuse({"expected ", n, " tokens, found ", m})`.
[[noreturn, gnu::noinline]] inline void refuse(detail::words parts) {
  throw error(sentence(parts));
}
/// The same with a sentence made of two lists of parts.
[[noreturn, gnu::noinline]] inline void refuse(detail::words start, detail::words rest) {
  throw error(sentence(start) + sentence(rest));
}

} // namespace dormant
