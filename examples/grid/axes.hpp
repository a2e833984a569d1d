// SPDX-License-Identifier: MIT
// What a grid can be made of besides attentions, which register
// themselves: names as they stand in files.
#pragma once

#include <string>
#include <vector>

namespace grid {

/// Those that a half-hour grid has beside softmax: the others are near to one of them.
inline std::vector<std::string> const half_hour_attentions = {
    "relu",       "sigmoid",         "sink_logit",    "softpick",        "stick_breaking",
    "forgetting", "extra_key_value", "per_head_gate", "value_state_gate"};
/// A norm and its place, see cell.hpp.
inline std::vector<std::string> const norm_names = {"pre_layer_norm", "pre_rms_norm",
                                                    "post_layer_norm", "sandwich_rms_norm", "dyt"};
/// See optimizers.hpp.
inline std::vector<std::string> const optimizer_names = {
    "adamw",      "sgd", "sign_sgd", "signum", "lion", "muon", "muon_without_newton_schulz",
    "ortho_adam", "soap"};
/// One layer, and MLP | attention + MLP | MLP, the smallest structure with all three phenomena.
inline std::vector<std::string> const depth_names = {"minimal", "1"};

} // namespace grid
