// SPDX-License-Identifier: MIT
// What an attention rule works on: the causal scores of one query, and their gradient.
#pragma once

#include "dormant/detail/arithmetic.hpp"

#include <cstddef>

namespace dormant {

/// The visible keys of one query of one head: `row[j]` for j = 0 .. query.
/// `forward` finds scores s[j] here and leaves attention weights A[j].
template <class T, class Arch>
struct attention_row {
  using scalar = T;
  using arch = Arch;

  T* data;             ///< [keys]
  std::size_t keys;    ///< visible keys, which is the 1-based position of the query
  std::size_t context; ///< T of the model's shape, whatever the length of this sequence
  T const* parameters; ///< this head's learned scalars, see `scalars_per_head`

  [[nodiscard]] T& operator[](std::size_t j) const { return data[j]; }
  [[nodiscard]] T* begin() const { return data; }
  [[nodiscard]] T* end() const { return data + keys; }
  [[nodiscard]] std::size_t size() const { return keys; }
};

/// The gradient that belongs to an `attention_row`: `backward` finds dL/dA[j] here and leaves
/// dL/ds[j]. Gradients of learned scalars are added to `dparameters`.
template <class T, class Arch>
struct attention_row_gradient {
  using scalar = T;
  using arch = Arch;

  T* data;          ///< [keys]
  std::size_t keys; ///< as in the row
  T const* scores;  ///< [keys] the s[j] of the forward pass if the rule `needs_scores`, else null
  T* dparameters;   ///< this head's learned scalars, accumulated

  [[nodiscard]] T& operator[](std::size_t j) const { return data[j]; }
  [[nodiscard]] T* begin() const { return data; }
  [[nodiscard]] T* end() const { return data + keys; }
  [[nodiscard]] std::size_t size() const { return keys; }
};

} // namespace dormant
