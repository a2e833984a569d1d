// SPDX-License-Identifier: MIT
// The version of the library, written here only, and what it asks of the compiler.
#pragma once

/// 10000 * major + 100 * minor + patch, for `#if`: 100 is 0.1.0. The library's one macro.
#define DORMANT_VERSION 100

#if __cplusplus < 202002L
#error "dormant needs C++20: compile with -std=c++20, on g++ 12 or clang 16 or newer"
#endif
#ifndef __cpp_exceptions
#error "dormant reports mistakes as exceptions: compile without -fno-exceptions"
#endif

/// Small transformers, and what their attention heads do. Start at `transformer`, `train` and the
/// concepts `probe` and `intervention`.
namespace dormant {

/// The version of these headers as numbers. A change of the minor version may change names, a
/// change of the patch version does not.
struct version_numbers {
  int major = DORMANT_VERSION / 10000;
  int minor = DORMANT_VERSION / 100 % 100;
  int patch = DORMANT_VERSION % 100;
};
inline constexpr version_numbers version{};

} // namespace dormant
