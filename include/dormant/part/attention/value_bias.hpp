// SPDX-License-Identifier: MIT
// softmax over [s, 0] and [v, v*]: one more key that is zero, so that its
// score is 0, with a learned value.
#pragma once

#include "dormant/part/attention/extra_key.hpp"

namespace dormant {

/// The value begins at 0, where softmax is `softmax_n<>`. A value bias without a place in the
/// softmax, as that of arXiv 2410.10781 may be, is z + v* and so a bias of W_O; see `biases`.
using value_bias = basic_extra_key<false, true>;

} // namespace dormant
