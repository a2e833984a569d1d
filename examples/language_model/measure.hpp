// SPDX-License-Identifier: MIT
// What the programs of this folder measure of a pretrained model,
// whatever its family; compiled once.
#pragma once

#include "language_model/attention_page.hpp"
#include "language_model/secondary_sinks.hpp"
#include "language_model/stream_norms.hpp"

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

/// Attention on token 0 of each head in each row, the mean over the queries from 2 on, as
/// `attention_sink` has it over all rows. NaN for a row that has no such query.
class row_sinks {
public:
  void operator()(dm::site::pattern at, dm::view<float const, 3> const& pattern) {
    std::size_t const heads = pattern.shape(0);
    for (std::size_t h = 0; h < heads; ++h) {
      auto& seen = seen_[at.sequence.index][at.layer * heads + h];
      for (std::size_t q = at.sequence.first_with_choice(); q < pattern.shape(1); ++q) {
        seen.add(static_cast<double>(pattern(h, q, 0)));
      }
    }
  }
  void merge(row_sinks const& later) { seen_ += later.seen_; }
  /// \param head counted through all layers
  [[nodiscard]] double of(std::size_t row, std::size_t head) const {
    return seen_.of(row, head).mean();
  }

private:
  dm::per_head<dm::running_mean> seen_;
};

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
  row_sinks sinks_of_rows;
  stream_norms norms;
  later_mass later;
  first_row_attention first_row;
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

[[nodiscard]] std::size_t heads_of_a_layer(dm::model_folder const& folder);
/// Sizes, tokens and family of a folder in a few words; every tensor of it is checked.
[[nodiscard]] std::string described(dm::model_folder const& folder);

} // namespace language_model
