// SPDX-License-Identifier: MIT
// Interventions during training that break one side of the loop between sink and drain
// (arXiv 2410.13835, section 2.3), each with the backward pass that belongs to it. In every head of
// every layer that has attention.
#pragma once

#include "dormant/shape.hpp"
#include "dormant/sites.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

namespace paper {

namespace dm = dormant;

/// No drain: v_0 keeps its direction and a norm that training cannot change, in each head. With one
/// head and W_O = 1 that is the norm that reaches the residual stream.
struct hold_value_norm {
  double norm = 1;

  struct saved {
    explicit saved(dm::shape const& s) : scale(s.heads), direction(s.width) {}
    std::vector<double> scale;     // [H] norm / ||v_0||
    std::vector<double> direction; // [H, D] v_0 / ||v_0||
  };

  template <class T>
  void operator()(dm::site::v, dm::view<T, 3>& v, saved& kept) const {
    for (std::size_t h = 0; h < v.shape(1); ++h) {
      double square = 0;
      for (std::size_t d = 0; d < v.shape(2); ++d)
        square += std::pow(static_cast<double>(v(0, h, d)), 2);
      kept.scale[h] = norm / std::sqrt(square);
      for (std::size_t d = 0; d < v.shape(2); ++d) {
        kept.direction[h * v.shape(2) + d] = static_cast<double>(v(0, h, d)) / std::sqrt(square);
        v(0, h, d) *= static_cast<T>(kept.scale[h]);
      }
    }
  }
  template <class T>
  void operator()(dm::site::gradient_of<dm::site::v>, dm::view<T, 3>& dv, saved const& kept) const {
    for (std::size_t h = 0; h < dv.shape(1); ++h) {
      double const* const direction = kept.direction.data() + h * dv.shape(2);
      double along = 0;
      for (std::size_t d = 0; d < dv.shape(2); ++d) {
        along += static_cast<double>(dv(0, h, d)) * direction[d];
      }
      for (std::size_t d = 0; d < dv.shape(2); ++d) {
        double const across = static_cast<double>(dv(0, h, d)) - along * direction[d];
        dv(0, h, d) = static_cast<T>(kept.scale[h] * across);
      }
    }
  }
};

/// <s> has the value state of the first character: attention on it is not harmless any more.
struct borrow_value {
  template <class T>
  void operator()(dm::site::v, dm::view<T, 3>& v) const {
    if (v.shape(0) < 2) return;
    each_element(v, [&](std::size_t h, std::size_t d) { v(0, h, d) = v(1, h, d); });
  }
  template <class T>
  void operator()(dm::site::gradient_of<dm::site::v>, dm::view<T, 3>& dv) const {
    if (dv.shape(0) < 2) return;
    each_element(dv, [&](std::size_t h, std::size_t d) {
      dv(1, h, d) += dv(0, h, d);
      dv(0, h, d) = 0;
    });
  }

private:
  template <class View, class F>
  static void each_element(View const& v, F f) {
    for (std::size_t h = 0; h < v.shape(1); ++h) {
      for (std::size_t d = 0; d < v.shape(2); ++d) f(h, d);
    }
  }
};

/// No gradient reaches v_0: what attends to <s> cannot shrink it. Not the gradient of any loss.
struct stop_value_gradient {
  template <class T>
  void operator()(dm::site::gradient_of<dm::site::v>, dm::view<T, 3>& dv) const {
    for (std::size_t h = 0; h < dv.shape(1); ++h) {
      for (std::size_t d = 0; d < dv.shape(2); ++d) dv(0, h, d) = 0;
    }
  }
};

/// No sink: the score of <s> is the mean score of the other visible keys, whatever is learnt.
struct hold_sink_logit {
  template <class T>
  void operator()(dm::site::scores, dm::view<T, 3>& scores) const {
    for (std::size_t h = 0; h < scores.shape(0); ++h) {
      for (std::size_t q = 1; q < scores.shape(1); ++q) {
        double others = 0;
        for (std::size_t k = 1; k <= q; ++k) others += static_cast<double>(scores(h, q, k));
        scores(h, q, 0) = static_cast<T>(others / static_cast<double>(q));
      }
    }
  }
  template <class T>
  void operator()(dm::site::gradient_of<dm::site::scores>, dm::view<T, 3>& dscores) const {
    for (std::size_t h = 0; h < dscores.shape(0); ++h) {
      for (std::size_t q = 1; q < dscores.shape(1); ++q) {
        T const share = dscores(h, q, 0) / static_cast<T>(q);
        for (std::size_t k = 1; k <= q; ++k) dscores(h, q, k) += share;
        dscores(h, q, 0) = 0;
      }
    }
  }
};

} // namespace paper
