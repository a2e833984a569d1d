// SPDX-License-Identifier: MIT
// Short words for the structures of the paper (arXiv 2410.13835, section 2 and appendix): every
// switch is a type. What they stand for are parts; block.hpp and structure.hpp spell them out.
#pragma once

#include "dormant/part/attention/places.hpp"
#include "dormant/part/projection/projection.hpp"

namespace dormant {

// Instead of an attention rule: the block has no attention branch.
struct no_attention {};
// Switches of one block.
struct linear {};            ///< the MLP is one [C, C] matrix
struct no_mlp {};            ///< no MLP branch
struct no_attention_norm {}; ///< no norm before (post-norm: after) the attention branch
struct no_mlp_norm {};       ///< the same for the MLP branch
// Policies of the attention part are words too, see places.hpp.
/// W_V is the identity, not a parameter
struct identity_wv {
  using place = place::values;
  using part = identity;
};
/// W_O is the identity, not a parameter
struct identity_wo {
  using place = place::outputs;
  using part = identity;
};
/// W_V keeps its initial value
struct frozen_wv {
  using place = place::values;
  using part = untrained<projection>;
};
/// W_O keeps its initial value
struct frozen_wo {
  using place = place::outputs;
  using part = untrained<projection>;
};
// Switches of the whole model.
struct post_norm {};     ///< x = N(x + F(x)) instead of x + F(N(x))
struct no_final_norm {}; ///< the output reads the last residual as it is
/// This norm before the output, instead of `layer_norm`.
template <class Norm>
struct last_norm {
  using place = dormant::place::final_norm;
  using part = Norm;
};
struct tied_output {};                ///< the output matrix is the token embedding
struct sincos_positions {};           ///< fixed sin/cos table instead of learned positions
struct frozen_token_embeddings {};    ///< keep their initial value
struct frozen_position_embeddings {}; ///< keep their initial value
struct frozen_embeddings {};          ///< both of the above
struct frozen_output {};              ///< the output matrix keeps its initial value
/// Kernels for another SIMD width than the compiler's best, e.g. `on<xsimd::sse2>`.
template <class Arch>
struct on {};

} // namespace dormant
