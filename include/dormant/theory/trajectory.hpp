// SPDX-License-Identifier: MIT
// What a flow or a descent of the minimal model leaves behind: states at times.
#pragma once

#include "dormant/detail/arithmetic.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace dormant::theory {

/// Parameters that move; the others are held where they start.
enum class moving : std::uint8_t { both, alpha, beta };

/// States at increasing times.
struct trajectory {
  std::vector<double> times;               ///< [N] of a flow: t; of a descent: steps taken
  std::vector<std::vector<double>> states; ///< [N][Q + S], see `minimal_model`

  /// [N] a number of every state: `each([&](auto const& x) { return model.loss(x, contexts); })`.
  template <class F>
  [[nodiscard]] std::vector<double> each(F&& number) const {
    std::vector<double> out(states.size());
    std::ranges::transform(states, out.begin(), number);
    return out;
  }
  /// [N] ln of the times.
  [[nodiscard]] std::vector<double> log_times() const {
    auto out = times;
    for (auto& t : out) t = std::log(t);
    return out;
  }
};

/// `count` (at least 2) numbers from `first` to `last`, evenly spaced in their logarithm.
[[nodiscard]] inline std::vector<double> log_spaced(double first, double last, std::size_t count) {
  std::vector<double> out(count);
  double const ratio = std::log(last / first) / static_cast<double>(count - 1);
  for (std::size_t i = 0; i < count; ++i) out[i] = first * std::exp(ratio * static_cast<double>(i));
  return out;
}

} // namespace dormant::theory
