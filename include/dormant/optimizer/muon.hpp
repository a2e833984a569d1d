// SPDX-License-Identifier: MIT
// Muon: the Nesterov momentum of a hidden matrix, made orthogonal, is its step (Jordan et al. 2024,
// https://kellerjordan.github.io/posts/muon); AdamW elsewhere. And the same without the
// orthogonalisation.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/kernels/matrix_steps.hpp"
#include "dormant/kernels/newton_schulz.hpp"
#include "dormant/optimizer/adamw.hpp"
#include "dormant/optimizer/rates.hpp"
#include "dormant/optimizer/which.hpp"
#include "dormant/tensor.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace dormant {

namespace detail {
/// Five Newton-Schulz iterations, in the precision of the model.
struct newton_schulz_direction {
  static constexpr std::string_view name = "muon";

  template <class T>
  struct memory {
    explicit memory(std::size_t parameters)
        : turned(parameters), gram(parameters), square(parameters) {}
    arena<T> turned, gram, square;
  };
  template <class Arch, class T>
  static void turn(memory<T>& m, parameter_segment<T> const& p, T* direction) {
    kernels::newton_schulz<Arch, T>(
        direction, p.rows, p.cols, 5,
        {m.turned.data() + p.offset, m.gram.data() + p.offset, m.square.data() + p.offset});
  }
};
/// The momentum as it is.
struct momentum_direction {
  static constexpr std::string_view name = "muon_without_newton_schulz";

  template <class T>
  struct memory {
    explicit memory(std::size_t) {}
  };
  template <class Arch, class T>
  static void turn(memory<T>&, parameter_segment<T> const&, T*) {}
};
} // namespace detail

/// v = momentum v + g; p -= lr sqrt(max(1, rows / cols)) turned(g + momentum v), for
/// `hidden_matrices`. Everything else is left to `elsewhere`. The defaults are the author's, who
/// has no decay.
template <class Direction>
struct basic_muon {
  static constexpr std::string_view name = Direction::name;

  double lr = 0.02;
  double momentum = 0.95;
  double weight_decay = 0; ///< decoupled, of hidden matrices
  adamw elsewhere{};       ///< with its own rate, decay and `rates`
  group_rates rates{};     ///< of both

  /// Muon's momentum and AdamW's moments, each for all parameters; and, in no checkpoint, what the
  /// products need.
  template <class T>
  struct state {
    explicit state(std::size_t parameters)
        : velocity(parameters), elsewhere(parameters), direction(parameters), turning(parameters) {}
    void each(auto f) {
      f("momentum_buffer", velocity);
      elsewhere.each(f);
    }
    arena<T> velocity;
    adamw::state<T> elsewhere;
    arena<T> direction;
    typename Direction::template memory<T> turning;
  };

  template <class Arch, class T>
  void step(state<T>& s, parameter_segment<T> p, std::uint64_t t) const {
    if (!hidden_matrices{}(p)) {
      p.rate_scale *= elsewhere.rates.of(p.group);
      elsewhere.template step<Arch, T>(s.elsewhere, p, t);
      return;
    }
    std::size_t const n = p.parameters.size();
    T* const direction = s.direction.data() + p.offset;
    kernels::nesterov<Arch, T>(p.gradients.data(), s.velocity.data() + p.offset, direction, n,
                               momentum);
    Direction::template turn<Arch, T>(s.turning, p, direction);
    double const rate = lr * p.rate_scale;
    double const tall = static_cast<double>(p.rows) / static_cast<double>(p.cols);
    kernels::decay_and_move<Arch, T>(p.parameters.data(), direction, n, 1 - rate * weight_decay,
                                     -rate * std::sqrt(std::max(1.0, tall)));
  }
};

/// Every hidden matrix moves by a nearly orthogonal matrix: by the same amount in all directions.
using muon = basic_muon<detail::newton_schulz_direction>;
/// What is left of Muon without the orthogonalisation, to tell the two apart: Nesterov's momentum
/// on hidden matrices, with Muon's factor of the shape, AdamW elsewhere.
using muon_without_newton_schulz = basic_muon<detail::momentum_direction>;
static_assert(optimizer<muon> && optimizer<muon_without_newton_schulz>);

} // namespace dormant
