// SPDX-License-Identifier: MIT
// The names by which programs offer models and policies; models.hpp and by_name.hpp say what for.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace program {

inline std::vector<std::string> const shape_names = {"demo", "paper"};
/// Depths, and the smallest structure with all three phenomena: MLP | attention + MLP | MLP.
inline std::vector<std::string> const layers_names = {"1", "2", "3", "minimal"};
/// Those with parameters of their own last.
inline std::vector<std::string> const attention_names = {"softmax",   "relu",       "sigmoid",
                                                         "softmax_n", "sink_logit", "output_gate"};
inline std::vector<std::string> const optimizer_names = {"adamw", "sgd", "sign_sgd"};

/// Tokens of both shapes: 65 characters, `<s>` and a delimiter.
inline constexpr std::size_t vocabulary = 67;

} // namespace program
