// SPDX-License-Identifier: MIT
// Attention whose projections have biases.
#pragma once

#include "dormant/part/attention/inputs.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/projection/biased.hpp"

namespace dormant {

/// q, k, v and the output (GPT-2, GPT-NeoX).
struct biases {
  using place = dormant::place::projections;
  using part = biased;
};
/// q, k and v alone (Qwen 2).
struct input_biases {
  using place = dormant::place::inputs;
  using part = separate_inputs<biased, biased>;
};

} // namespace dormant
