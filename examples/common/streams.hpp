// SPDX-License-Identifier: MIT
// The standard streams, whatever the shell made of them: descriptors 0 to 2 are open before `main`,
// no message is a reason to abort, and output that did not arrive is a failure. streams.cpp is
// linked into every program, so that none has to ask for it.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>

namespace program {

/// Writes on stderr. Where that is impossible nothing happens: there is nobody left to tell.
void tell(std::string_view text) noexcept;
template <class First, class... Words>
void tell(fmt::format_string<First, Words...> text, First&& first, Words&&... words) noexcept {
  try {
    tell(std::string_view(
        fmt::format(text, std::forward<First>(first), std::forward<Words>(words)...)));
  } catch (...) { // no memory for the words
  }
}

/// Why a part of what was written on stdout did not arrive; empty if all of it did. Programs that
/// do not ask are asked when they end, and fail if something is lost.
[[nodiscard]] std::string lost_output();

} // namespace program
