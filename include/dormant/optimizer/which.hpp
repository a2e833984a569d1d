// SPDX-License-Identifier: MIT
// Which tensors an optimizer is for, as functions of a segment: for `by_group`, and for Muon.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/tensor_spec.hpp"

#include <concepts>
#include <cstddef>

namespace dormant {

/// The tensors of some groups: `groups{group::attention, group::mlp}`. One group alone is one too.
class groups {
public:
  template <std::same_as<group>... Group>
    requires(sizeof...(Group) > 0)
  constexpr groups(Group... which) // NOLINT: a group converts
      : bits_((bit(which) | ...)) {}

  template <class T>
  [[nodiscard]] constexpr bool operator()(parameter_segment<T> const& p) const {
    return (bits_ & bit(p.group)) != 0;
  }

private:
  static constexpr unsigned bit(group which) { return 1U << static_cast<unsigned>(which); }
  unsigned bits_;
};

/// The matrices between embedding and output: of attention and MLPs, more than one row and column.
/// Not embeddings, the output, norms, biases and gains.
struct hidden_matrices {
  template <class T>
  [[nodiscard]] constexpr bool operator()(parameter_segment<T> const& p) const {
    bool const hidden = p.group == group::attention || p.group == group::mlp;
    return hidden && p.rows > 1 && p.cols > 1;
  }
};

/// What is no matrix: gains, biases and learned scalars, which many leave without decay.
struct vectors {
  template <class T>
  [[nodiscard]] constexpr bool operator()(parameter_segment<T> const& p) const {
    return p.rows == 1 || p.cols == 1;
  }
};

} // namespace dormant
