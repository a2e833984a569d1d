// SPDX-License-Identifier: MIT
// What both files of the consumer know: a model.
#pragma once

#include <dormant/dormant.hpp>

inline constexpr dormant::shape tiny{
    .layers = 1, .heads = 1, .width = 16, .vocab = 67, .context = 16};
using net_type = dormant::transformer<tiny, dormant::softmax>;
