// SPDX-License-Identifier: MIT
// What a grid can be made of besides attentions, which register themselves: names as they stand in files.
#pragma once

#include <string>
#include <vector>

namespace grid {

/// A norm and its place, see cell.hpp.
inline std::vector<std::string> const norm_names = {"pre_layer_norm", "pre_rms_norm",
                                                    "post_layer_norm", "sandwich_rms_norm", "dyt"};
/// See optimizers.hpp.
inline std::vector<std::string> const optimizer_names = {"adamw", "sgd", "sign_sgd"};
/// One layer, and MLP | attention + MLP | MLP, the smallest structure with all three phenomena.
inline std::vector<std::string> const depth_names = {"minimal", "1"};

} // namespace grid
