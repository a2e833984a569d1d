// SPDX-License-Identifier: MIT
// A learning rate that changes: `with_rate{adamw{.lr = 1e-3}, cosine_decay{.warm_up = 100, .steps =
// 1000}}`. A schedule is a function of the step alone, so a resumed run goes on as it would have.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/error.hpp"
#include "dormant/optimizer/wrapped.hpp"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <numbers>
#include <string_view>

namespace dormant {

/// Multiplies the learning rate of step 0, 1, 2, ... by `rate(step)`: one of the schedules below,
/// or your own function. It is called from several threads.
template <class Optimizer, class Rate>
struct with_rate : Optimizer {
  static_assert(
      std::regular_invocable<Rate const&, std::uint64_t>,
      "dormant::with_rate: the rate must be a function of the step: (std::uint64_t) const "
      "-> double");
  using wrapped = Optimizer;
  Rate rate;

  template <class Arch, class T>
  void step(typename Optimizer::template state<T>& s, parameter_segment<T> p,
            std::uint64_t t) const {
    p.rate_scale *= static_cast<double>(rate(t - 1));
    Optimizer::template step<Arch, T>(s, p, t);
  }
  /// \throws error if the schedule ends before it begins
  template <class Model>
  void require(Model const& model) const {
    if constexpr (requires { rate.require(); }) rate.require();
    detail::require_of<Optimizer>(*this, model);
  }
};
template <class Optimizer, class Rate>
with_rate(Optimizer, Rate) -> with_rate<Optimizer, Rate>;

/// 1/n, 2/n, ..., 1, and 1 from then on.
struct warm_up {
  std::uint64_t steps = 0;

  [[nodiscard]] double operator()(std::uint64_t step) const {
    return step < steps ? static_cast<double>(step + 1) / static_cast<double>(steps) : 1;
  }
};

namespace detail {
/// How far a decay has come: 0 at the end of the warm-up, 1 at `steps` and after.
[[nodiscard]] inline double decayed(std::uint64_t step, std::uint64_t warm_up,
                                    std::uint64_t steps) {
  if (step >= steps) return 1;
  return static_cast<double>(step - warm_up) / static_cast<double>(steps - warm_up);
}
inline void require_decay(std::string_view who, std::uint64_t warm_up, std::uint64_t steps) {
  if (steps <= warm_up) {
    refuse({who, ": steps must be more than warm_up, ", warm_up, ", found ", steps});
  }
}
} // namespace detail

/// From 1 down to `floor` along half a cosine (arXiv 1608.03983, without restarts).
struct cosine_decay {
  std::uint64_t warm_up = 0; ///< steps of linear growth before it
  std::uint64_t steps = 0;   ///< in all: the floor is reached at this step and kept
  double floor = 0;

  [[nodiscard]] double operator()(std::uint64_t step) const {
    if (step < warm_up) return dormant::warm_up{warm_up}(step);
    double const angle = std::numbers::pi * detail::decayed(step, warm_up, steps);
    return floor + (1 - floor) * (1 + std::cos(angle)) / 2;
  }
  void require() const { detail::require_decay("cosine_decay", warm_up, steps); }
};

/// From 1 down to `floor` in equal steps.
struct linear_decay {
  std::uint64_t warm_up = 0; ///< steps of linear growth before it
  std::uint64_t steps = 0;   ///< in all: the floor is reached at this step and kept
  double floor = 0;

  [[nodiscard]] double operator()(std::uint64_t step) const {
    if (step < warm_up) return dormant::warm_up{warm_up}(step);
    return 1 - (1 - floor) * detail::decayed(step, warm_up, steps);
  }
  void require() const { detail::require_decay("linear_decay", warm_up, steps); }
};

} // namespace dormant
