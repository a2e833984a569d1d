// SPDX-License-Identifier: MIT
// OrthoAdam: Adam in a basis that is drawn once and stays, so that no channel is its own (arXiv
// 2410.17174). Decay in the original basis.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/kernels/matrix_steps.hpp"
#include "dormant/kernels/sandwich.hpp"
#include "dormant/optimizer/axes.hpp"
#include "dormant/optimizer/rates.hpp"
#include "dormant/optimizer/rotation.hpp"
#include "dormant/random.hpp"
#include "dormant/tensor.hpp"
#include "dormant/tensor_spec.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace dormant {

/// With g' = L^T g R, m and v as Adam's of g': p -= lr L (m^ / (sqrt v^ + eps)) R^T. To turn a
/// tensor as a whole takes a matrix of its size squared; here its rows are turned by L and its
/// columns by R, each of its own draw, vectors by R alone. Both axes, since the channels of
/// the residual stream are the columns of what reads it and the rows of what writes to it. An
/// axis longer than `widest` stays.
template <class Rotation>
struct basic_ortho_adam {
  static constexpr std::string_view name = Rotation::name;
  static constexpr bool decoupled_decay = true;

  double lr = 3e-4;
  double beta1 = 0.9;
  double beta2 = 0.99;
  double eps = 1e-8;
  double weight_decay = 1e-4; ///< decoupled, see `adamw`
  std::uint64_t seed = 0;     ///< of the rotations; a resumed run must have the same
  std::size_t widest = 4096;
  group_rates rates{};

  /// Moments in the turned basis. The rotations are made of the seed, so no checkpoint keeps them.
  template <class T>
  struct state {
    state(basic_ortho_adam const& hyper, std::span<tensor_spec const> tensors,
          std::size_t parameters)
        : mean(parameters), square(parameters), axes(tensors, hyper.widest, true),
          bases(axes.size()), inverses(axes.size()), turned(parameters), back(parameters),
          spare(parameters) {
      for (auto const& a : axes.all()) {
        draw(hyper.seed, a.tensor, 0, a.left_of(bases.data()), a.left_of(inverses.data()),
             a.left_size);
        draw(hyper.seed, a.tensor, 1, a.right_of(bases.data()), a.right_of(inverses.data()),
             a.right_size);
      }
    }
    void each(auto f) {
      f("exp_avg", mean);
      f("exp_avg_sq", square);
    }
    arena<T> mean, square;
    detail::axis_layout axes;
    arena<T> bases, inverses;
    arena<T> turned, back, spare;

  private:
    static void draw(std::uint64_t seed, std::size_t tensor, std::uint64_t axis, T* basis,
                     T* inverse, std::size_t n) {
      if (basis == nullptr) return;
      Rotation::fill(basis, n, random_stream(seed, stream::user, tensor, axis));
      kernels::transposed(basis, n, n, inverse);
    }
  };

  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t t) const {
    auto const& a = s.axes.at(p.offset);
    std::size_t const n = p.parameters.size();
    T* const turned = s.turned.data() + p.offset;
    T* const back = s.back.data() + p.offset;
    T* const spare = s.spare.data() + p.offset;
    double const steps = static_cast<double>(t);
    kernels::sandwich<Arch, T>(p.gradients.data(), a.left_of(s.bases.data()),
                               a.right_of(s.bases.data()), p.rows, p.cols, turned, spare);
    kernels::adam_direction<Arch, T>(turned, s.mean.data() + p.offset, s.square.data() + p.offset,
                                     turned, n,
                                     {.lr = lr * p.rate_scale,
                                      .beta1 = beta1,
                                      .beta2 = beta2,
                                      .eps = eps,
                                      .weight_decay = 0,
                                      .bias1 = 1 - std::pow(beta1, steps),
                                      .bias2 = 1 - std::pow(beta2, steps)});
    kernels::sandwich<Arch, T>(turned, a.left_of(s.inverses.data()), a.right_of(s.inverses.data()),
                               p.rows, p.cols, back, spare);
    kernels::decay_and_move<Arch, T>(p.parameters.data(), back, n,
                                     1 - lr * p.rate_scale * weight_decay, 1);
  }
};

using ortho_adam = basic_ortho_adam<haar>;
/// Adam in a permuted basis with other signs, which is Adam: what there is to see of `ortho_adam`
/// is not here.
using permuted_adam = basic_ortho_adam<signed_permutation>;
static_assert(optimizer<ortho_adam> && optimizer<permuted_adam>);

} // namespace dormant
