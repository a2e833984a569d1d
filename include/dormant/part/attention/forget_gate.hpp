// SPDX-License-Identifier: MIT
// s_ij + sum_{l = j + 1 .. i} log f_l, f = sigmoid(x w_h + b_h):
// forgetting attention (arXiv 2503.02130).
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/projection/biased.hpp"
#include "dormant/plan/plan.hpp"

#include <cmath>
#include <cstddef>

namespace dormant {

/// One gate a head and position: what a query sees of a key fades by the gates between them.
struct forget_gate {
  using place = dormant::place::scores;
  using part = forget_gate;

  biased w;           // [H, C]
  buffer a;           // [T, H] x w + b
  buffer sums;        // [T, H] log f_1 + .. + log f_t
  borrowed_buffer da; // [T, H]

  constexpr forget_gate(plan d, sizes const& s)
      : w(d.in("forget_gate"), s.heads, s.width, group::attention), a(d.keep(s.heads)),
        sums(d.keep(s.heads)), da(d.borrow(s.heads)) {}

  template <class Pass, class Grid, class Keys>
  void forward(Pass const& p, typename Pass::matrix x, Grid s, Keys keys) const {
    using T = typename Pass::T;
    auto const gates = p[a], sum = p[sums];
    w.forward(p, x, gates);
    for (std::size_t h = 0; h < s.heads; ++h) {
      T so_far = 0;
      for (std::size_t t = 0; t < p.length; ++t) {
        so_far += log_sigmoid(gates.data[t * gates.stride + h]);
        sum.data[t * sum.stride + h] = so_far;
      }
      for (std::size_t i = 0; i < p.length; ++i) {
        T* const row = s.data + h * s.head + i * s.stride;
        T const here = sum.data[i * sum.stride + h];
        for (std::size_t j = keys.first(i); j < i; ++j)
          row[j] += here - sum.data[j * sum.stride + h];
      }
    }
  }
  template <class Pass, class Grid, class Keys>
  void backward(Pass const& p, typename Pass::matrix x, Grid d, Keys keys,
                typename Pass::matrix dx) const {
    using T = typename Pass::T;
    auto const gates = p[a], g = p.zeroed(da);
    for (std::size_t h = 0; h < d.heads; ++h) {
      // g: the gradient of the sums,
      for (std::size_t i = 0; i < p.length; ++i) {
        T const* const row = d.data + h * d.head + i * d.stride;
        for (std::size_t j = keys.first(i); j < i; ++j) {
          g.data[i * g.stride + h] += row[j];
          g.data[j * g.stride + h] -= row[j];
        }
      }
      // then of what went into them: d log sigmoid(a) = 1 - sigmoid(a)
      T after = 0;
      for (std::size_t t = p.length; t-- > 0;) {
        after += g.data[t * g.stride + h];
        g.data[t * g.stride + h] = after / (T{1} + std::exp(gates.data[t * gates.stride + h]));
      }
    }
    w.backward(p, x, g, dx);
  }

private:
  template <class T>
  static T log_sigmoid(T a) { // without overflow on either side
    return a < 0 ? a - std::log1p(std::exp(a)) : -std::log1p(std::exp(-a));
  }
};

} // namespace dormant
