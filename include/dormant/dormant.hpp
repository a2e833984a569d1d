// SPDX-License-Identifier: MIT
// Everything for training and measuring in memory. Files are apart: <dormant/checkpoint.hpp> and
// <dormant/io/...> bring a JSON parser along; so are <dormant/variants.hpp> (Boost.Hana),
// <dormant/testing/...> and the tasks beside Bigram-Backcopy, <dormant/task/...>.
#pragma once

#include "dormant/version.hpp" // first, so that what it refuses is said first

#include "dormant/cadence.hpp"                    // IWYU pragma: export
#include "dormant/concepts.hpp"                   // IWYU pragma: export
#include "dormant/evaluate.hpp"                   // IWYU pragma: export
#include "dormant/fast/bf16.hpp"                  // IWYU pragma: export
#include "dormant/fast/factored_embedding.hpp"    // IWYU pragma: export
#include "dormant/fast/merged_projections.hpp"    // IWYU pragma: export
#include "dormant/intervention/ablate.hpp"        // IWYU pragma: export
#include "dormant/intervention/cap_attention.hpp" // IWYU pragma: export
#include "dormant/intervention/pattern.hpp"       // IWYU pragma: export
#include "dormant/intervention/silence_value.hpp" // IWYU pragma: export
#include "dormant/model/transformer.hpp"          // IWYU pragma: export
#include "dormant/optimizer/adamw.hpp"            // IWYU pragma: export
#include "dormant/optimizer/clipped.hpp"          // IWYU pragma: export
#include "dormant/optimizer/exact_decay.hpp"      // IWYU pragma: export
#include "dormant/optimizer/frozen.hpp"           // IWYU pragma: export
#include "dormant/optimizer/sgd.hpp"              // IWYU pragma: export
#include "dormant/optimizer/sign_sgd.hpp"         // IWYU pragma: export
#include "dormant/optimizer/with_rate.hpp"        // IWYU pragma: export
#include "dormant/probe/attention_sink.hpp"       // IWYU pragma: export
#include "dormant/probe/record.hpp"               // IWYU pragma: export
#include "dormant/probe/residual_peak.hpp"        // IWYU pragma: export
#include "dormant/probe/risk.hpp"                 // IWYU pragma: export
#include "dormant/probe/sink_logit_gap.hpp"       // IWYU pragma: export
#include "dormant/probe/tensor_norms.hpp"         // IWYU pragma: export
#include "dormant/probe/value_drain.hpp"          // IWYU pragma: export
#include "dormant/progress.hpp"                   // IWYU pragma: export
#include "dormant/rule/rules.hpp"                 // IWYU pragma: export
#include "dormant/shape.hpp"                      // IWYU pragma: export
#include "dormant/side_by_side.hpp"               // IWYU pragma: export
#include "dormant/task/bigram_backcopy.hpp"       // IWYU pragma: export
#include "dormant/train.hpp"                      // IWYU pragma: export
