// SPDX-License-Identifier: MIT
// Where a policy's numbers come from: the sizes of the model, or a type that says them.
#pragma once

#include "dormant/plan/sizes.hpp"

namespace dormant {

/// The numbers that stand in `sizes`: read from a model's files, or the defaults. A type of your
/// own overrides those it names: `struct mine : dm::from_sizes { static double clip(dm::sizes
/// const&) { return 3; } };` and then `clip_qkv<mine>`.
struct from_sizes {
  static constexpr rotary_options const& rotary(sizes const& s) { return s.rotary; }
  static constexpr double clip(sizes const& s) { return s.clip; }
  static constexpr double soft_cap(sizes const& s) { return s.soft_cap; }
  static constexpr double temperature(sizes const& s) { return s.temperature; }
  static constexpr std::size_t window(sizes const& s) { return s.window; }
};

} // namespace dormant
