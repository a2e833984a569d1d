// SPDX-License-Identifier: MIT
// Where a pass first met a NaN or an infinity: a look at the values that the pass has kept.
#pragma once

#include "dormant/error.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/model/activations.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dormant::detail {

/// A site of a layer that holds a value which is not finite.
struct spoiled_site {
  std::size_t layer = 0;
  std::string_view name;

  /// e.g. "layer 0, tensor pattern holds a value that is not finite (sequence 3 of the batch)"
  [[nodiscard]] std::string sentence(std::size_t sequence) const {
    return dormant::sentence({"layer ", layer, ", tensor ", name,
                              " holds a value that is not finite (sequence ", sequence,
                              " of the batch)"});
  }
};

template <class Arch, class T>
[[nodiscard, gnu::noinline]] bool all_finite_rows(T const* p, std::size_t rows, std::size_t cols,
                                                  std::size_t stride) {
  for (std::size_t r = 0; r < rows; ++r) {
    if (!kernels::all_finite<Arch, T>(p + r * stride, cols)) return false;
  }
  return true;
}

/// The first such site in the order of the forward pass. Scores have become the pattern by then, and
/// the logits their gradient, which a value that is not finite survives.
template <class Model>
[[nodiscard]] std::optional<spoiled_site> first_spoiled(activations<Model> const& a,
                                                        std::size_t length) {
  using T = typename Model::scalar;
  using stride = strides<Model>;
  constexpr shape s = Model::shape;
  std::optional<spoiled_site> found;
  auto const look = [&](std::size_t layer, std::string_view name, T const* p, std::size_t cols,
                        std::size_t step) {
    if (found || p == nullptr) return;
    if (all_finite_rows<typename Model::arch, T>(p, length, cols, step)) return;
    found = spoiled_site{layer, name};
  };
  auto const row = [&](std::size_t layer, std::string_view name, T const* p) {
    look(layer, name, p, s.width, stride::C);
  };
  row(0, "embed", a.embed);
  for (std::size_t l = 0; l < s.layers; ++l) {
    auto const& kept = a.layers[l];
    row(l, "resid_pre", kept.x);
    row(l, "norm1", kept.y1);
    row(l, "q", kept.q);
    row(l, "k", kept.k);
    row(l, "v", kept.v);
    for (std::size_t h = 0; h < s.heads && kept.pattern != nullptr; ++h) {
      look(l, "pattern", kept.pattern + h * s.context * stride::keys, length, stride::keys);
    }
    row(l, "z", kept.z);
    row(l, "attn_out", kept.attn_out);
    row(l, "resid_mid", kept.mid);
    row(l, "norm2", kept.y2);
    look(l, "mlp_hidden", kept.hidden, s.hidden(), stride::F);
    row(l, "mlp_out", kept.mlp_out);
    row(l, "resid_post", kept.post);
  }
  row(s.layers - 1, "final_norm", a.final);
  look(s.layers - 1, "logits", a.logits, s.vocab, stride::V);
  return found;
}

} // namespace dormant::detail
