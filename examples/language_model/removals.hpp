// SPDX-License-Identifier: MIT
// Every head, attention, MLP and layer of a pretrained model removed, one at a time, each pass
// begun with the residual streams that were kept before the layer it concerns.
#pragma once

#include <dormant/pass/team.hpp>
#include <dormant/source/model_folder.hpp>
#include <dormant/task/batch.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace language_model {

namespace dm = dormant;

enum class part { head, attention, mlp, layer };
/// What stands in the place of a part's output.
enum class substitute {
  zero,
  mean,  ///< of the same output over all positions of all rows
  to_bos ///< what a head puts out where all its queries attend to token 0 alone
};
inline constexpr std::string_view name_of(part p) {
  constexpr std::string_view names[] = {"head", "attention", "mlp", "layer"};
  return names[static_cast<std::size_t>(p)];
}
inline constexpr std::string_view name_of(substitute s) {
  constexpr std::string_view names[] = {"zero", "mean", "to_bos"};
  return names[static_cast<std::size_t>(s)];
}

/// What a layer shows, the mean over rows.
struct layer_state {
  double attention;   ///< on token 0, over its heads and the queries after it
  double norm_0;      ///< of the residual stream as the layer leaves it, at token 0
  double norm_others; ///< and at all other positions
};
struct pass_found {
  std::vector<double> losses;      ///< nats a token, of each row that has a second one
  std::vector<layer_state> layers; ///< of all layers; those before the removed part are left zero
};
struct removed_part {
  std::size_t layer = 0;
  part what = part::head;
  std::size_t head = 0; ///< of a `part::head`
  substitute by = substitute::zero;
  pass_found found;
};
struct all_removals {
  std::size_t layers = 0, heads = 0;
  double loss = 0;         ///< nats a token
  pass_found without = {}; ///< any removal
  std::vector<removed_part> parts = {};
};
/// \param done is told how many removals are done, and of how many
[[nodiscard]] all_removals measure_removals(dm::model_folder const& folder, dm::batch const& rows,
                                            dm::execution how,
                                            void (*done)(std::size_t, std::size_t));

} // namespace language_model
