// SPDX-License-Identifier: MIT
// Effective ranks of a head's circuits (Elhage et al. 2021), from its weights: W_Q^T W_K, which
// says where it looks, and W_O W_V, which says what it writes.
#pragma once

#include "dormant/error.hpp"
#include "dormant/probe/spectrum.hpp"

#include <cstddef>
#include <string_view>

namespace dormant {

struct circuit_ranks {
  double qk = 0; ///< of W_Q^T W_K, between 1 and D
  double ov = 0; ///< of W_O W_V
};

/// See `effective_rank`. What stands between the matrices, as rotary embedding and gains of norms
/// do, is not in it. Takes about C D^2 operations. Needs Eigen.
/// \throws error for a layer or head that the model does not have, or
///   one without these four matrices
template <class Net>
[[nodiscard]] circuit_ranks circuit_rank(Net const& net, std::size_t layer, std::size_t head) {
  auto const matrix = [&](std::string_view name) {
    return net.parameter(sentence({"layers.", layer, ".attention.", name, ".weight"}));
  };
  auto const wq = matrix("wq"), wk = matrix("wk"), wv = matrix("wv"), wo = matrix("wo");
  std::size_t const heads = net.shape.heads;
  if (head >= heads) {
    refuse({"circuit_rank: there is no head ", head, "; the model has ", heads, " in a layer"});
  }
  std::size_t const width = wq.shape(0) / heads, kv_heads = wk.shape(0) / width;
  std::size_t const query = head * width, key = head / (heads / kv_heads) * width;
  auto const of_q = [&](std::size_t d, std::size_t c) { return wq(query + d, c); };
  auto const of_k = [&](std::size_t d, std::size_t c) { return wk(key + d, c); };
  auto const of_v = [&](std::size_t d, std::size_t c) { return wv(key + d, c); };
  auto const of_o = [&](std::size_t d, std::size_t c) { return wo(c, query + d); };
  return {effective_rank(spectrum_of_product(width, wq.shape(1), of_q, of_k)),
          effective_rank(spectrum_of_product(width, wv.shape(1), of_o, of_v))};
}

} // namespace dormant
