// SPDX-License-Identifier: MIT
// Interventions during training that break one side of the loop between sink and drain
// (arXiv 2410.13835, section 2.3), each with the backward pass that belongs to it. One head.
#pragma once

#include "dormant/sites.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

namespace paper {

namespace dm = dormant;

/// No drain: v_0 keeps its direction and a norm that training cannot change. With W_O = 1 that is
/// the norm that reaches the residual stream.
struct hold_value_norm {
  double norm = 1;

  template <class T>
  void operator()(dm::site::v, dm::view<T, 3>& v) const {
    double square = 0;
    for (std::size_t d = 0; d < v.shape(2); ++d)
      square += std::pow(static_cast<double>(v(0, 0, d)), 2);
    last.scale = norm / std::sqrt(square);
    last.direction.resize(v.shape(2));
    for (std::size_t d = 0; d < v.shape(2); ++d) {
      last.direction[d] = static_cast<double>(v(0, 0, d)) / std::sqrt(square);
      v(0, 0, d) *= static_cast<T>(last.scale);
    }
  }
  template <class T>
  void operator()(dm::site::gradient_of<dm::site::v>, dm::view<T, 3>& dv) const {
    double along = 0;
    for (std::size_t d = 0; d < dv.shape(2); ++d) {
      along += static_cast<double>(dv(0, 0, d)) * last.direction[d];
    }
    for (std::size_t d = 0; d < dv.shape(2); ++d) {
      double const across = static_cast<double>(dv(0, 0, d)) - along * last.direction[d];
      dv(0, 0, d) = static_cast<T>(last.scale * across);
    }
  }

private:
  struct forward {
    double scale;
    std::vector<double> direction;
  };
  static inline thread_local forward last; // a sequence goes back right after it went forward
};

/// <s> has the value state of the first character: attention on it is not harmless any more.
struct borrow_value {
  template <class T>
  void operator()(dm::site::v, dm::view<T, 3>& v) const {
    for (std::size_t d = 0; v.shape(0) > 1 && d < v.shape(2); ++d) v(0, 0, d) = v(1, 0, d);
  }
  template <class T>
  void operator()(dm::site::gradient_of<dm::site::v>, dm::view<T, 3>& dv) const {
    for (std::size_t d = 0; dv.shape(0) > 1 && d < dv.shape(2); ++d) {
      dv(1, 0, d) += dv(0, 0, d);
      dv(0, 0, d) = 0;
    }
  }
};

/// No gradient reaches v_0: what attends to <s> cannot shrink it. Not the gradient of any loss.
struct stop_value_gradient {
  template <class T>
  void operator()(dm::site::gradient_of<dm::site::v>, dm::view<T, 3>& dv) const {
    for (std::size_t d = 0; d < dv.shape(2); ++d) dv(0, 0, d) = 0;
  }
};

/// No sink: the score of <s> is the mean score of the other visible keys, whatever is learnt.
struct hold_sink_logit {
  template <class T>
  void operator()(dm::site::scores, dm::view<T, 3>& scores) const {
    for (std::size_t q = 1; q < scores.shape(1); ++q) {
      double others = 0;
      for (std::size_t k = 1; k <= q; ++k) others += static_cast<double>(scores(0, q, k));
      scores(0, q, 0) = static_cast<T>(others / static_cast<double>(q));
    }
  }
  template <class T>
  void operator()(dm::site::gradient_of<dm::site::scores>, dm::view<T, 3>& dscores) const {
    for (std::size_t q = 1; q < dscores.shape(1); ++q) {
      T const share = dscores(0, q, 0) / static_cast<T>(q);
      for (std::size_t k = 1; k <= q; ++k) dscores(0, q, k) += share;
      dscores(0, q, 0) = 0;
    }
  }
};

} // namespace paper
