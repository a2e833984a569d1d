// SPDX-License-Identifier: MIT
// What else could have been done to a head, or to its layer, at the same cost:
// controls for what its removal does.
#pragma once

#include <dormant/pass/team.hpp>
#include <dormant/source/model_folder.hpp>
#include <dormant/task/batch.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace language_model {

namespace dm = dormant;

enum class control {
  other_head, ///< another head of its layer is removed, one that is drawn
  random_key, ///< its queries attend to one key that is drawn for each row, not token 0
  mean,       ///< its output is its mean over all positions of all rows of the domain
  swap        ///< its output is that in another row of the domain, position by position
};
inline constexpr std::string_view control_names[] = {"other_head", "random_key", "mean", "swap"};
inline constexpr std::string_view name_of(control c) {
  return control_names[static_cast<std::size_t>(c)];
}

struct head_place {
  std::size_t layer = 0, head = 0;
};

/// Another head of the layer, drawn; the head itself where there is no other.
[[nodiscard]] head_place other_head(head_place of, std::size_t heads, std::uint64_t seed);

/// For each row the number of the row whose outputs it is given; none
/// keeps its own, of two or more.
[[nodiscard]] std::vector<std::size_t> swapped_rows(std::size_t rows, std::uint64_t seed);

/// The losses of all rows, [heads][controls][rows], nats. What is drawn for a row is the same for
/// all heads. `other_head` is not among these: it is a removal.
/// \param done is told how many of the passes are done, and of how many
[[nodiscard]] std::vector<std::vector<std::vector<double>>>
losses_with_controls(dm::model_folder const& folder, dm::batch const& rows, dm::execution how,
                     std::vector<head_place> const& heads, std::vector<control> const& controls,
                     std::uint64_t seed, void (*done)(std::size_t, std::size_t));

} // namespace language_model
