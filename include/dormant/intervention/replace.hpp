// SPDX-License-Identifier: MIT
// The output of a head, an attention, an MLP or a layer becomes one vector at all positions: with
// the mean of that output (probe/mean_output.hpp) this is mean ablation (arXiv 2211.00593).
#pragma once

#include "dormant/error.hpp"
#include "dormant/intervention/ablate.hpp"
#include "dormant/intervention/require.hpp"
#include "dormant/sites.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace dormant {

namespace detail {
/// \throws error unless `value` has the size of what it replaces
inline void require_size(std::string_view who, std::vector<double> const& value, std::size_t size) {
  if (value.size() == size) return;
  refuse({who, ": the value has ", value.size(), " numbers, expected ", size});
}
template <class T>
void fill_rows(std::vector<double> const& value, view<T, 2>& out) {
  for (std::size_t t = 0; t < out.shape(0); ++t) {
    for (std::size_t c = 0; c < out.shape(1); ++c) out(t, c) = static_cast<T>(value[c]);
  }
}
} // namespace detail

/// Replaces what a head sends to W_O. What is replaced is a constant, so no gradient passes it.
struct replace_head {
  std::size_t layer = 0;
  std::size_t head = 0;
  std::vector<double> value; ///< [D]

  template <class T>
  void operator()(site::z at, view<T, 3>& z) const {
    if (at.layer != layer) return;
    for (std::size_t t = 0; t < z.shape(0); ++t) {
      for (std::size_t d = 0; d < z.shape(2); ++d) z(t, head, d) = static_cast<T>(value[d]);
    }
  }
  template <class T>
  void operator()(site::gradient_of<site::z> at, view<T, 3>& dz) const {
    ablate_head{layer, head}(at, dz);
  }
  template <class Model>
  void require(Model const& model) const {
    detail::require_one(model, "replace_head", layer, head, detail::branch::attention);
    detail::require_size("replace_head", value, model.s.head_width);
  }
};

/// Replaces the output of an attention branch, all its heads and what W_O adds to them.
struct replace_attention {
  std::size_t layer = 0;
  std::vector<double> value; ///< [C]

  template <class T>
  void operator()(site::attn_out at, view<T, 2>& out) const {
    if (at.layer == layer) detail::fill_rows(value, out);
  }
  template <class T>
  void operator()(site::gradient_of<site::attn_out> at, view<T, 2>& dout) const {
    zero_attention{layer}(at, dout);
  }
  template <class Model>
  void require(Model const& model) const {
    detail::require_one(model, "replace_attention", layer, 0, detail::branch::attention);
    detail::require_size("replace_attention", value, model.s.width);
  }
};

/// Replaces the output of an MLP.
struct replace_mlp {
  std::size_t layer = 0;
  std::vector<double> value; ///< [C]

  template <class T>
  void operator()(site::mlp_out at, view<T, 2>& out) const {
    if (at.layer == layer) detail::fill_rows(value, out);
  }
  template <class T>
  void operator()(site::gradient_of<site::mlp_out> at, view<T, 2>& dout) const {
    zero_mlp{layer}(at, dout);
  }
  template <class Model>
  void require(Model const& model) const {
    detail::require_one(model, "replace_mlp", layer, 0, detail::branch::mlp);
    detail::require_size("replace_mlp", value, model.s.width);
  }
};

/// Replaces the outputs of both branches of a layer, so that it adds the same vector everywhere.
struct replace_layer {
  std::size_t layer = 0;
  std::vector<double> attention, mlp; ///< [C] each

  template <class T>
  void operator()(site::attn_out at, view<T, 2>& out) const {
    if (at.layer == layer) detail::fill_rows(attention, out);
  }
  template <class T>
  void operator()(site::gradient_of<site::attn_out> at, view<T, 2>& dout) const {
    zero_attention{layer}(at, dout);
  }
  template <class T>
  void operator()(site::mlp_out at, view<T, 2>& out) const {
    if (at.layer == layer) detail::fill_rows(mlp, out);
  }
  template <class T>
  void operator()(site::gradient_of<site::mlp_out> at, view<T, 2>& dout) const {
    zero_mlp{layer}(at, dout);
  }
  template <class Model>
  void require(Model const& model) const {
    detail::require_one(model, "replace_layer", layer, 0, detail::branch::attention);
    detail::require_one(model, "replace_layer", layer, 0, detail::branch::mlp);
    detail::require_size("replace_layer", attention, model.s.width);
    detail::require_size("replace_layer", mlp, model.s.width);
  }
};

} // namespace dormant
