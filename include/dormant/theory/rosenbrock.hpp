// SPDX-License-Identifier: MIT
// One step of an implicit method for stiff gradient flows (Rosenbrock, order 4: Hairer and Wanner,
// Solving Ordinary Differential Equations II, RODAS), to be steered by Boost.Odeint.
#pragma once

#include "dormant/detail/arithmetic.hpp"

#include <boost/numeric/odeint/stepper/rosenbrock4.hpp>
#include <boost/numeric/odeint/util/state_wrapper.hpp>

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace dormant::theory {

/// The solution of A x = b by elimination with pivots.
class dense_solver {
public:
  /// \param a A [n, n] row by row, overwritten by its factors
  void factorise(std::vector<double>& a, std::size_t n) {
    a_ = &a;
    pivots_.resize(n);
    for (std::size_t k = 0; k < n; ++k) {
      auto& pivot = pivots_[k] = k;
      for (std::size_t r = k + 1; r < n; ++r) {
        if (std::abs(a[r * n + k]) > std::abs(a[pivot * n + k])) pivot = r;
      }
      for (std::size_t c = 0; c < n; ++c) std::swap(a[k * n + c], a[pivot * n + c]);
      for (std::size_t r = k + 1; r < n; ++r) {
        double const factor = a[r * n + k] /= a[k * n + k];
        if (factor == 0) continue; // a held parameter has an empty row
        for (std::size_t c = k + 1; c < n; ++c) a[r * n + c] -= factor * a[k * n + c];
      }
    }
  }
  /// Replaces b [n] by x.
  void solve(std::vector<double>& b) const {
    auto const& a = *a_;
    auto const n = pivots_.size();
    for (std::size_t k = 0; k < n; ++k) std::swap(b[k], b[pivots_[k]]);
    for (std::size_t r = 0; r < n; ++r) {
      for (std::size_t c = 0; c < r; ++c) b[r] -= a[r * n + c] * b[c];
    }
    for (std::size_t r = n; r-- > 0;) {
      for (std::size_t c = r + 1; c < n; ++c) b[r] -= a[r * n + c] * b[c];
      b[r] /= a[r * n + r];
    }
  }

private:
  std::vector<double>* a_ = nullptr;
  std::vector<std::size_t> pivots_;
};

/// Stands in for `odeint::rosenbrock4`, whose matrices (uBLAS in Boost 1.74) are not valid C++20;
/// coefficients, step control and interpolation are Odeint's. The system says `rate(x, dx)`, the
/// right-hand side, which does not depend on time, and `jacobian(x, j)`, its derivative [n, n].
class rosenbrock_step {
public:
  using value_type = double;
  using state_type = std::vector<double>;
  using deriv_type = state_type;
  using time_type = double;
  using wrapped_state_type = boost::numeric::odeint::state_wrapper<state_type>;
  using wrapped_deriv_type = wrapped_state_type;
  using resizer_type = boost::numeric::odeint::initially_resizer;
  using stepper_category = boost::numeric::odeint::stepper_tag;

  /// From x to `out` in `dt`; `error` is the difference from a solution of order 3.
  template <class System>
  void do_step(System const& system, state_type const& x, double /*t*/, state_type& out, double dt,
               state_type& error) {
    auto const n = x.size();
    matrix_.resize(n * n);
    slope_.resize(n);
    at_.resize(n);
    system.jacobian(x, matrix_);
    for (auto& a : matrix_) a = -a;
    for (std::size_t i = 0; i < n; ++i) matrix_[i * n + i] += 1 / (c_.gamma * dt);
    solver_.factorise(matrix_, n);

    // Stage s: g_s = A^-1 (f(x + sum_k a_k g_k) + sum_k c_k g_k / dt)
    auto const stage = [&](state_type& g, std::initializer_list<double> a,
                           std::initializer_list<double> c) {
      at_ = x;
      for (std::size_t k = 0; k < a.size(); ++k) add(at_, a.begin()[k], g_[k]);
      system.rate(at_, slope_);
      g = slope_;
      for (std::size_t k = 0; k < c.size(); ++k) add(g, c.begin()[k] / dt, g_[k]);
      solver_.solve(g);
    };
    stage(g_[0], {}, {});
    stage(g_[1], {c_.a21}, {c_.c21});
    stage(g_[2], {c_.a31, c_.a32}, {c_.c31, c_.c32});
    stage(g_[3], {c_.a41, c_.a42, c_.a43}, {c_.c41, c_.c42, c_.c43});
    stage(g_[4], {c_.a51, c_.a52, c_.a53, c_.a54}, {c_.c51, c_.c52, c_.c53, c_.c54});
    stage(error, {c_.a51, c_.a52, c_.a53, c_.a54, 1}, {c_.c61, c_.c62, c_.c63, c_.c64, c_.c65});
    out = at_;
    add(out, 1, error);
  }

  void prepare_dense_output() {
    third_.assign(g_[0].size(), 0);
    fourth_ = third_;
    double const d2[] = {c_.d21, c_.d22, c_.d23, c_.d24, c_.d25};
    double const d3[] = {c_.d31, c_.d32, c_.d33, c_.d34, c_.d35};
    for (std::size_t k = 0; k < 5; ++k) {
      add(third_, d2[k], g_[k]);
      add(fourth_, d3[k], g_[k]);
    }
  }
  /// The state at a time within the last step.
  void calc_state(double t, state_type& x, state_type const& before, double t_before,
                  state_type const& after, double t_after) const {
    double const s = (t - t_before) / (t_after - t_before);
    for (std::size_t i = 0; i < x.size(); ++i) {
      double const bent = after[i] + (1 - s) * (third_[i] + s * fourth_[i]);
      x[i] = (1 - s) * before[i] + s * bent;
    }
  }

private:
  static void add(state_type& to, double factor, state_type const& from) {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] += factor * from[i];
  }

  boost::numeric::odeint::default_rosenbrock_coefficients<double> c_;
  state_type g_[5], at_, slope_, third_, fourth_;
  std::vector<double> matrix_; // [n, n]
  dense_solver solver_;
};

} // namespace dormant::theory
