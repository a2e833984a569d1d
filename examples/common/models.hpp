// SPDX-License-Identifier: MIT
// The models that programs offer by name: two shapes, four structures.
#pragma once

#include "common/names.hpp"
#include "dormant/fast/bf16.hpp"
#include "dormant/model/structure.hpp"
#include "dormant/model/transformer.hpp"
#include "dormant/shape.hpp"

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace program {

namespace dm = dormant;

/// Small enough to show everything in seconds.
inline constexpr dm::shape demo_shape{.width = 64, .vocab = vocabulary, .context = 64};
/// The paper's (arXiv 2410.13835, section 2).
inline constexpr dm::shape paper_shape{.width = 256, .vocab = vocabulary, .context = 256};

[[nodiscard]] constexpr dm::shape with_layers(dm::shape base, std::size_t layers) {
  base.layers = layers;
  return base;
}

/// Large models round the operands of products where that makes them faster, and only there.
using rounded = std::conditional_t<dm::bf16_is_fast<>, dm::bf16, float>;
/// What a report says of it.
inline constexpr std::string_view products_in_words =
    dm::bf16_is_fast<> ? "operands of products in bf16"
                       : "products in float, as this build has no AVX512_BF16 instructions";

/// The smallest model seen to show all three phenomena: MLP | attention + MLP | MLP.
template <dm::shape Base, class Rule, class... Parts>
using minimal =
    dm::transformer<with_layers(Base, 3),
                    dm::stack<dm::mlp_block<>, dm::block<Rule>, dm::mlp_block<>>, Parts...>;

/// Calls `f.template operator()<Base, Net>()` for the model of these names, `Base` being its shape
/// with one layer.
/// \tparam Parts switches of the whole model, e.g. `double`
template <class Rule, class... Parts, class F>
auto with_model(std::string_view shape, std::string_view layers, F&& f) {
  auto const of_shape = [&]<dm::shape S>() {
    constexpr auto three = with_layers(S, 3);
    if (layers == "1") return f.template operator()<S, dm::transformer<S, Rule, Parts...>>();
    if (layers == "2") {
      return f.template operator()<S, dm::transformer<with_layers(S, 2), Rule, Parts...>>();
    }
    if (layers == "3") return f.template operator()<S, dm::transformer<three, Rule, Parts...>>();
    return f.template operator()<S, minimal<S, Rule, Parts...>>();
  };
  if (shape == "demo") return of_shape.template operator()<demo_shape>();
  return of_shape.template operator()<paper_shape>();
}

} // namespace program
