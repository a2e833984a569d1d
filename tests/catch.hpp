// SPDX-License-Identifier: MIT
// Catch2 under one name: version 2 has one header, version 3 many, and other places for some names.
// Tests are written in the words of version 2.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>

#include <concepts>
#include <string>

namespace Catch {
namespace Matchers {
/// What version 3 calls ContainsSubstring; its own Contains looks for an element.
template <std::convertible_to<std::string> Text>
[[nodiscard]] StringContainsMatcher Contains(Text&& text) {
  return ContainsSubstring(std::string(text));
}
} // namespace Matchers
using namespace Matchers;
} // namespace Catch
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
