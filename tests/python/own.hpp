// SPDX-License-Identifier: MIT
// A header of the user's, with a word for a model's type: softmax, so that its bits are known.
#pragma once

using my_rule = dormant::softmax;
