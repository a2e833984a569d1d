// SPDX-License-Identifier: MIT
// Matrix entropy of the residual stream: -sum p ln p over the eigenvalues of X X^T / tr(X X^T), X
// [T, C]; where a token has a massive norm it falls towards 0 (arXiv 2510.06477).
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/probe/spectrum.hpp"
#include "dormant/sites.hpp"

#include <cmath>
#include <cstddef>

namespace dormant {

/// Of the stream as each layer leaves it, a sequence at a time; nothing is subtracted from it. A
/// stream of zeros is left out. Takes about T^3 operations a layer and sequence. Needs Eigen.
template <class T>
class matrix_entropy_of {
public:
  void operator()(site::resid_post at, view<T const, 2> const& x) {
    auto const squares =
        spectrum_of(x.shape(0), x.shape(1), [&](std::size_t t, std::size_t c) { return x(t, c); });
    if (spectral_norm(squares) == 0) return;
    double const entropy = spectral_entropy(squares);
    seen_[at.layer].entropy.add(entropy);
    seen_[at.layer].rank.add(std::exp(entropy));
  }
  void merge(matrix_entropy_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_); }

  /// Nats, the mean over sequences: 0 where all tokens are multiples of
  /// one vector, ln min(T, C) at most.
  [[nodiscard]] double entropy(std::size_t layer = 0) const {
    return seen_.at(layer).entropy.mean();
  }
  /// exp of it, the mean over sequences.
  [[nodiscard]] double effective_rank(std::size_t layer = 0) const {
    return seen_.at(layer).rank.mean();
  }
  [[nodiscard]] std::size_t layers() const { return seen_.size(); }
  void report(probe_row& row) const {
    for (std::size_t l = 0; l < layers(); ++l) {
      row.add("matrix_entropy.entropy", l, entropy(l));
      row.add("matrix_entropy.effective_rank", l, effective_rank(l));
    }
  }

private:
  struct of_layer {
    running_mean entropy, rank;
    of_layer& operator+=(of_layer const& o) {
      entropy += o.entropy;
      rank += o.rank;
      return *this;
    }
  };
  per_layer<of_layer> seen_;
};
using matrix_entropy = matrix_entropy_of<float>;

} // namespace dormant
