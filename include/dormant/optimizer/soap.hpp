// SPDX-License-Identifier: MIT
// SOAP: Adam in the eigenbasis of Shampoo's factors (arXiv 2409.11321, algorithm 3). Needs Eigen,
// and so is in no umbrella header.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/kernels/matrix_steps.hpp"
#include "dormant/kernels/sandwich.hpp"
#include "dormant/optimizer/axes.hpp"
#include "dormant/optimizer/eigenbasis.hpp"
#include "dormant/optimizer/rates.hpp"
#include "dormant/tensor.hpp"
#include "dormant/tensor_spec.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace dormant {

/// For a matrix: L = beta2 L + (1 - beta2) g g^T, R = beta2 R + (1 - beta2) g^T g, Q_L and Q_R
/// their eigenvectors, v that of Adam for Q_L^T g Q_R; p -= lr Q_L (Q_L^T m^ Q_R / (sqrt v^ + eps))
/// Q_R^T. The eigenvectors are found anew every `refresh` steps, after the step (the authors'
/// code takes one QR iteration there after the first time). The first step is AdamW's, and its
/// gradient gives the first eigenvectors: in them it is diagonal but for rounding, of which Adam
/// would take the sign. (The authors' code leaves that step out.) Vectors get AdamW; an axis
/// longer than `widest` stays as it is.
struct soap {
  static constexpr std::string_view name = "soap";
  static constexpr bool decoupled_decay = true;

  double lr = 3e-3;
  double beta1 = 0.95;
  double beta2 = 0.95; ///< of the second moment, and of the factors
  double eps = 1e-8;
  double weight_decay = 0.01; ///< decoupled, see `adamw`
  std::uint64_t refresh = 10;
  std::size_t widest = 4096;
  group_rates rates{};

  /// The first moment in the original basis, the second in that of the factors.
  template <class T>
  struct state {
    state(soap const& hyper, std::span<tensor_spec const> tensors, std::size_t parameters)
        : mean(parameters), square(parameters), axes(tensors, hyper.widest, false),
          factors(axes.size()), bases(axes.size()), inverses(axes.size()), turned(parameters),
          moment(parameters), spare(parameters) {
      for (auto const& a : axes.all()) {
        auto& both = solvers.emplace_back();
        for (std::size_t const n : {a.left_size, a.right_size}) both.emplace_back(n);
      }
    }
    void each(auto f) {
      f("exp_avg", mean);
      f("exp_avg_sq", square);
    }
    void each_flat(auto f) {
      f("shampoo_factors", factors);
      f("shampoo_bases", bases);
    }
    arena<T> mean, square;
    detail::axis_layout axes;
    arena<T> factors, bases, inverses;
    arena<T> turned, moment, spare;
    std::vector<std::vector<detail::eigenbasis>> solvers; // in the order of the axes
  };

  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t t) const {
    auto const& a = s.axes.at(p.offset);
    double const steps = static_cast<double>(t);
    kernels::adamw_step h{.lr = lr * p.rate_scale,
                          .beta1 = beta1,
                          .beta2 = beta2,
                          .eps = eps,
                          .weight_decay = weight_decay,
                          .bias1 = 1 - std::pow(beta1, steps),
                          .bias2 = 1 - std::pow(beta2, steps)};
    std::size_t const n = p.parameters.size();
    T* const mean = s.mean.data() + p.offset;
    T* const square = s.square.data() + p.offset;
    if (a.left_size == 0 && a.right_size == 0) {
      kernels::adamw<Arch, T>(p.parameters.data(), p.gradients.data(), mean, square, n, h);
      return;
    }
    if (!has_basis(s, a)) {
      kernels::adamw<Arch, T>(p.parameters.data(), p.gradients.data(), mean, square, n, h);
      learn<Arch>(s, a, p, true);
      T* const turned = s.turned.data() + p.offset;
      kernels::sandwich<Arch, T>(p.gradients.data(), a.left_of(s.bases.data()),
                                 a.right_of(s.bases.data()), p.rows, p.cols, turned,
                                 s.spare.data() + p.offset);
      for (std::size_t i = 0; i < n; ++i)
        square[i] = static_cast<T>(1 - beta2) * turned[i] * turned[i];
      return;
    }

    T* const turned = s.turned.data() + p.offset;
    T* const moment = s.moment.data() + p.offset;
    T* const spare = s.spare.data() + p.offset;
    T const* const left = a.left_of(s.bases.data());
    T const* const right = a.right_of(s.bases.data());
    kernels::decay_and_move<Arch, T>(mean, p.gradients.data(), n, beta1, 1 - beta1);
    kernels::sandwich<Arch, T>(mean, left, right, p.rows, p.cols, moment, spare);
    kernels::sandwich<Arch, T>(p.gradients.data(), left, right, p.rows, p.cols, turned, spare);
    h.beta1 = 1; // the moment is there already
    kernels::adam_direction<Arch, T>(turned, moment, square, turned, n, h);
    T* const left_inverse = a.left_of(s.inverses.data());
    T* const right_inverse = a.right_of(s.inverses.data());
    if (left != nullptr) kernels::transposed(left, a.left_size, a.left_size, left_inverse);
    if (right != nullptr) kernels::transposed(right, a.right_size, a.right_size, right_inverse);
    kernels::sandwich<Arch, T>(turned, left_inverse, right_inverse, p.rows, p.cols, moment, spare);
    kernels::decay_and_move<Arch, T>(p.parameters.data(), moment, n, 1 - h.lr * weight_decay, 1);

    learn<Arch>(s, a, p, t % std::max<std::uint64_t>(refresh, 1) == 0);
  }

private:
  // A basis that was found has no row of zeros. (The step does not say: a tensor may have rested.)
  template <class T>
  static bool has_basis(state<T> const& s, detail::tensor_axes const& a) {
    std::size_t const n = a.left_size != 0 ? a.left_size : a.right_size;
    T const* const row = s.bases.data() + (a.left_size != 0 ? a.left : a.right);
    return std::any_of(row, row + n, [](T x) { return x != 0; });
  }

  /// Adds the gradient to the factors, and finds their eigenvectors.
  template <class Arch, class T>
  void learn(state<T>& s, detail::tensor_axes const& a, parameter_segment<T> const& p,
             bool find) const {
    auto const axis = [&](std::size_t n, std::size_t at, std::size_t which, T const* across,
                          std::size_t depth) { // the gradient as [depth, n]
      if (n == 0) return;
      T* const factor = s.factors.data() + at;
      T* const outer = s.inverses.data() + at;
      kernels::clear<Arch, T>(outer, n * n);
      kernels::multiply_transposed<Arch, T>({across, depth, n, n}, {across, depth, n, n},
                                            {outer, n, n, n});
      kernels::decay_and_move<Arch, T>(factor, outer, n * n, beta2, 1 - beta2);
      auto const place = static_cast<std::size_t>(&a - s.axes.all().data());
      if (find) s.solvers[place][which].of(factor, s.bases.data() + at);
    };
    T* const spare = s.spare.data() + p.offset;
    kernels::transposed(p.gradients.data(), p.rows, p.cols, spare);
    axis(a.left_size, a.left, 0, spare, p.cols);
    axis(a.right_size, a.right, 1, p.gradients.data(), p.rows);
  }
};
static_assert(optimizer<soap>);

} // namespace dormant
