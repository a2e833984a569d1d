// SPDX-License-Identifier: MIT
// Gradient flow of the minimal model, dx/dt = -dloss/dx, by Boost.Odeint.
#pragma once

#include "dormant/theory/minimal_model.hpp"
#include "dormant/theory/rosenbrock.hpp"
#include "dormant/theory/trajectory.hpp"

#include <boost/numeric/odeint/integrate/integrate_times.hpp>
#include <boost/numeric/odeint/stepper/rosenbrock4_controller.hpp>
#include <boost/numeric/odeint/stepper/rosenbrock4_dense_output.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace dormant::theory {

struct flow_options {
  moving what = moving::both;
  double from = 1;          ///< the first observed time; the flow starts at 0
  double until = 1e6;       ///< the last
  std::size_t times = 61;   ///< how many observations, evenly spaced in ln t; at least 2
  double tolerance = 1e-10; ///< of the error a step makes in any parameter
};

namespace detail {
// The right-hand side of the flow and its derivative; held parameters have neither.
struct descent {
  minimal_model const& model;
  std::span<context const> contexts;
  moving what = moving::both;

  [[nodiscard]] bool held(std::size_t i) const {
    return what != moving::both && (what == moving::alpha) == (i >= model.queries().size());
  }
  void rate(std::vector<double> const& x, std::vector<double>& dx) const {
    model.gradient(x, contexts, dx);
    for (std::size_t i = 0; i < dx.size(); ++i) dx[i] = held(i) ? 0 : -dx[i];
  }
  void jacobian(std::vector<double> const& x, std::vector<double>& j) const {
    model.hessian(x, contexts, j);
    auto const n = x.size();
    for (std::size_t i = 0; i < n * n; ++i) j[i] = held(i / n) || held(i % n) ? 0 : -j[i];
  }
};
} // namespace detail

/// The flow of the loss averaged over the given contexts from x at time 0. The method is implicit
/// (Rosenbrock, order 4, adaptive), with the exact Hessian: rare tokens make rates that differ by
/// many powers of ten, and alpha has to be followed over as many.
[[nodiscard]] inline trajectory gradient_flow(minimal_model const& model,
                                              std::span<context const> contexts,
                                              std::vector<double> const& x,
                                              flow_options const& how = {}) {
  namespace odeint = boost::numeric::odeint;
  trajectory out;
  auto state = x;
  auto times = log_spaced(how.from, how.until, how.times);
  times.insert(times.begin(), 0.0);
  odeint::rosenbrock4_controller<rosenbrock_step> const controlled(how.tolerance, 0.0);
  odeint::integrate_times(odeint::rosenbrock4_dense_output(controlled),
                          detail::descent{model, contexts, how.what}, state, times.begin(),
                          times.end(), how.from / 10, [&](std::vector<double> const& at, double t) {
                            if (t == 0) return;
                            out.times.push_back(t);
                            out.states.push_back(at);
                          });
  return out;
}

} // namespace dormant::theory
