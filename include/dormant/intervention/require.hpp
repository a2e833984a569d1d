// SPDX-License-Identifier: MIT
// Sentences for interventions that name a layer or a head which the model does not have.
#pragma once

#include "dormant/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

namespace dormant {

inline constexpr std::size_t every_layer = static_cast<std::size_t>(-1); ///< in a `layer`
inline constexpr std::size_t every_head = static_cast<std::size_t>(-1);  ///< in a `head`

namespace detail {
/// Whether an intervention on `wanted` concerns `here`.
[[nodiscard]] constexpr bool concerns(std::size_t wanted, std::size_t here) {
  return wanted == every_layer || wanted == here;
}

enum class branch { attention, mlp, any };

/// \throws error unless layer `layer` of the model exists and has the branch
void require_branch(auto const& model, std::string_view who, std::size_t layer, branch what) {
  if (layer == every_layer) return;
  if (layer >= model.s.layers) {
    refuse(
        {who, ": the model has no layer ", layer, "; it has ", model.s.layers, ", counted from 0"});
  }
  if constexpr (requires { model.first_layer; }) {
    if (layer < model.first_layer || layer >= model.end_layer) {
      refuse({who, ": layer ", layer, " is not run; the pass begins before layer ",
              model.first_layer, " and ends before layer ", model.end_layer});
    }
  }
  using Model = typename std::remove_cvref_t<decltype(model)>::model;
  auto const look = [&]<class Block>(std::size_t l) {
    if (l != layer) return;
    if (what == branch::attention && !Block::has_attention) {
      refuse({who, ": layer ", l, " has no attention"});
    }
    if (what == branch::mlp && !Block::has_mlp) {
      refuse({who, ": layer ", l, " has no MLP"});
    }
  };
  Model::each_layer(look, model.s.layers);
}

/// \throws error unless the model's layers have a head `head`
void require_head(auto const& model, std::string_view who, std::size_t head) {
  if (head != every_head && head >= model.s.heads) {
    refuse({who, ": the model has no head ", head, "; each layer has ", model.s.heads,
            ", counted from 0"});
  }
}

/// The same for an intervention whose value belongs to one layer and head.
/// \throws error for `every_layer` and `every_head` too
void require_one(auto const& model, std::string_view who, std::size_t layer, std::size_t head,
                 branch what) {
  if (layer == every_layer || head == every_head) {
    refuse({who, ": its value is that of one layer and head, not of every one"});
  }
  require_branch(model, who, layer, what);
  require_head(model, who, head);
}
} // namespace detail

} // namespace dormant
