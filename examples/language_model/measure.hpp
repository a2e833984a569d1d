// SPDX-License-Identifier: MIT
// What the programs of this folder measure of a pretrained model, whatever its family; compiled once.
#pragma once

#include <dormant/evaluate.hpp>
#include <dormant/probe/attention_entropy.hpp>
#include <dormant/probe/attention_sink.hpp>
#include <dormant/probe/key_mass.hpp>
#include <dormant/probe/massive_activations.hpp>
#include <dormant/probe/residual_peak.hpp>
#include <dormant/probe/score_gap.hpp>
#include <dormant/probe/sequence_loss.hpp>
#include <dormant/probe/value_drain.hpp>
#include <dormant/source/model_folder.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace language_model {

namespace dm = dormant;

/// Everything that one forward pass shows.
struct measurement {
  dm::sizes s{dm::shape{}};
  double loss = 0; ///< nats
  dm::attention_sink sink;
  dm::key_mass mass;
  dm::attention_entropy entropy;
  dm::score_gap gap;
  dm::value_drain drain;
  dm::residual_peak peak;
  dm::massive_activations massive;
  dm::sequence_loss losses;
};
[[nodiscard]] measurement measure(dm::model_folder const& folder, dm::batch const& rows,
                                  dm::execution how);

/// A head, and how its removal is meant.
enum class removal {
  zero,  ///< its output is zero
  to_bos ///< all its queries attend to token 0 alone
};
/// The loss of every row, [layers * heads][rows], nats, with one head removed at a time.
/// \param done is told how many heads are done, and of how many
[[nodiscard]] std::vector<std::vector<double>>
losses_without_heads(dm::model_folder const& folder, dm::batch const& rows, dm::execution how,
                     removal by, void (*done)(std::size_t, std::size_t));

/// Sizes, tokens and family of a folder in a few words; every tensor of it is checked.
[[nodiscard]] std::string described(dm::model_folder const& folder);

} // namespace language_model
