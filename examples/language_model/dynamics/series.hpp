// SPDX-License-Identifier: MIT
// What was measured of the checkpoints of one training, each kept in a file as soon as it is done.
#pragma once

#include "language_model/measure.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace language_model {

/// A folder with a model of some step.
struct checkpoint {
  std::filesystem::path folder;
  std::uint64_t step = 0; ///< the last number in the folder's name, or its place among the others
};
/// Folders as they are if they hold a config.json, else those below them that do; by step.
/// \throws error naming a folder without any, or two of one step
[[nodiscard]] std::vector<checkpoint> find_checkpoints(std::string const& folders);

/// The numbers of one checkpoint; of layers [L], of heads [L, H].
struct snapshot {
  std::uint64_t step = 0;
  std::size_t layers = 0, heads = 0;
  double loss = 0;                                              ///< nats a token
  std::vector<double> attention, attention_low, attention_high; ///< on token 0, and 95% over rows
  std::vector<double> gap;   ///< score of token 0 minus the mean over visible keys
  std::vector<double> drain; ///< value norm at token 0, as a share of the others'
  std::vector<double> norm;  ///< of the residual stream at token 0, after each layer
  std::vector<double> peak;  ///< the same as a multiple of the others'
  [[nodiscard]] std::size_t head(std::size_t l, std::size_t h) const { return l * heads + h; }
};
[[nodiscard]] snapshot snapshot_of(measurement const& m, std::uint64_t step, std::size_t rows);

/// What a file is kept for: the same words, the same numbers.
struct identity {
  std::string model, texts;
  std::uint64_t context = 0, rows = 0;
  std::int64_t written = 0; ///< when the model's config.json was
};
void keep(std::filesystem::path const& file, snapshot const& m, identity const& of);
/// Nothing if there is no such file, or it is of something else.
/// \throws error naming a file that is damaged
[[nodiscard]] std::optional<snapshot> kept(std::filesystem::path const& file, identity const& of);

/// The step from which on all values, up to the last, are on that side; nothing if the last is not.
[[nodiscard]] std::optional<std::size_t> formed_at(std::vector<double> const& values, double bound,
                                                   bool above);

} // namespace language_model
