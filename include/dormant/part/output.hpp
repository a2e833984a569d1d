// SPDX-License-Identifier: MIT
// logits = x W^T: a matrix of its own, or the token embedding.
#pragma once

#include "dormant/part/projection/projection.hpp"
#include "dormant/plan/branch.hpp"

namespace dormant {

/// \tparam Part `projection`, or `untrained<projection>`
template <class Part = projection>
struct own_output : Part {
  constexpr own_output(plan d, sizes const& s, weight /*tokens*/)
      : Part(d.in("output"), s.vocab, s.width, group::output) {}
};

/// The token embedding once more; its gradient is added to that of the embedding.
struct tied : projection {
  constexpr tied(plan d, sizes const&, weight tokens) : projection(d.packed(tokens)) {}
};

} // namespace dormant
