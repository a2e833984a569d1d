// SPDX-License-Identifier: MIT
// Take something out of the residual stream: a head, an MLP, a whole layer
// (arXiv 2410.13835, section 3: interventions).
#pragma once

#include "dormant/intervention/require.hpp"
#include "dormant/sites.hpp"

#include <cstddef>

namespace dormant {

/// Zeroes what a head sends to W_O. A dormant head is not missed; an active one is.
struct ablate_head {
  std::size_t layer = 0; ///< or `every_layer`
  std::size_t head = 0;  ///< or `every_head`

  template <class T>
  void operator()(site::z at, view<T, 3>& z) const {
    zero(at.layer, z);
  }
  template <class T>
  void operator()(site::gradient_of<site::z> at, view<T, 3>& dz) const {
    zero(at.layer, dz);
  }
  template <class Model>
  void require(Model const& model) const {
    detail::require_branch(model, "ablate_head", layer, detail::branch::attention);
    detail::require_head(model, "ablate_head", head);
  }

private:
  template <class View>
  void zero(std::size_t l, View& z) const {
    if (!detail::concerns(layer, l)) return;
    for (std::size_t t = 0; t < z.shape(0); ++t) {
      for (std::size_t h = 0; h < z.shape(1); ++h) {
        if (!detail::concerns(head, h)) continue;
        for (std::size_t d = 0; d < z.shape(2); ++d) z(t, h, d) = 0;
      }
    }
  }
};

/// Zeroes the output of an attention branch, all its heads and what W_O adds to them.
struct zero_attention {
  std::size_t layer = 0; ///< or `every_layer`

  template <class T>
  void operator()(site::attn_out at, view<T, 2>& out) const {
    if (detail::concerns(layer, at.layer)) out.fill(T{0});
  }
  template <class T>
  void operator()(site::gradient_of<site::attn_out> at, view<T, 2>& dout) const {
    if (detail::concerns(layer, at.layer)) dout.fill(T{0});
  }
  template <class Model>
  void require(Model const& model) const {
    detail::require_branch(model, "zero_attention", layer, detail::branch::attention);
  }
};

/// Zeroes the output of an MLP.
struct zero_mlp {
  std::size_t layer = 0; ///< or `every_layer`

  template <class T>
  void operator()(site::mlp_out at, view<T, 2>& out) const {
    if (detail::concerns(layer, at.layer)) out.fill(T{0});
  }
  template <class T>
  void operator()(site::gradient_of<site::mlp_out> at, view<T, 2>& dout) const {
    if (detail::concerns(layer, at.layer)) dout.fill(T{0});
  }
  template <class Model>
  void require(Model const& model) const {
    detail::require_branch(model, "zero_mlp", layer, detail::branch::mlp);
  }
};

/// Zeroes both branches of a layer, so that the residual stream passes it unchanged.
struct zero_layer {
  std::size_t layer = 0; ///< or `every_layer`

  template <class T>
  void operator()(site::attn_out at, view<T, 2>& out) const {
    zero_attention{layer}(at, out);
  }
  template <class T>
  void operator()(site::gradient_of<site::attn_out> at, view<T, 2>& dout) const {
    zero_attention{layer}(at, dout);
  }
  template <class T>
  void operator()(site::mlp_out at, view<T, 2>& out) const {
    zero_mlp{layer}(at, out);
  }
  template <class T>
  void operator()(site::gradient_of<site::mlp_out> at, view<T, 2>& dout) const {
    zero_mlp{layer}(at, dout);
  }
  template <class Model>
  void require(Model const& model) const {
    detail::require_branch(model, "zero_layer", layer, detail::branch::any);
  }
};

} // namespace dormant
