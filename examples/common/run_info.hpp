// SPDX-License-Identifier: MIT
// What a result depends on besides its settings: versions, compiler, SIMD width.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace program {

/// e.g. "g++ 12.2.0"
[[nodiscard]] std::string compiler();
/// e.g. "avx512bw, 512 bits"
[[nodiscard]] std::string simd();
/// By name: dormant, compiler, simd, xsimd, xtensor, boost.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> versions();

} // namespace program
