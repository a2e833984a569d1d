// SPDX-License-Identifier: MIT
// Many tests at once, as of every cell of a grid: p-values made larger, so that those still
// small may be believed together.
#pragma once

#include "dormant/error.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace dormant {

namespace detail {
/// Which entries are tests, the smallest p first. NaN is none.
/// \throws dormant::error if one is not within [0, 1]
[[nodiscard]] inline std::vector<std::size_t> tests_in_order(std::vector<double> const& p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (std::isnan(p[i])) continue;
    if (!(p[i] >= 0 && p[i] <= 1))
      refuse({"a p-value lies between 0 and 1, but number ", i, " is ", p[i]});
    order.push_back(i);
  }
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return p[i]; });
  return order;
}

/// From the largest p to the smallest, none larger than the one before.
/// \param factor 1, or what makes up for tests that hang together
[[nodiscard]] inline std::vector<double> stepped_up(std::vector<double> p, double factor) {
  auto const order = tests_in_order(p);
  double const tests = static_cast<double>(order.size());
  double largest = 1;
  for (auto rank = order.size(); rank > 0; --rank) {
    double& here = p[order[rank - 1]];
    here = largest = std::min(largest, here * factor * tests / static_cast<double>(rank));
  }
  return p;
}
} // namespace detail

// Of all of these: entries keep their places. NaN, a cell whose test could not be done, stays NaN
// and does not count as a test, so a grid does not get stricter by cells that failed; nor does it
// say that there is nothing in them. For p-values outside [0, 1] they throw `dormant::error`.

/// p-values of which those up to a level have any false one among them no more often than that
/// level says, however the tests hang together (Holm 1979): the k-th smallest of m times m - k + 1.
[[nodiscard]] inline std::vector<double> holm(std::vector<double> p) {
  auto const order = detail::tests_in_order(p);
  double smallest = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    double& here = p[order[k]];
    smallest = std::max(smallest, here * static_cast<double>(order.size() - k));
    here = smallest = std::min(smallest, 1.0);
  }
  return p;
}

/// p-values of which those up to a level hold a share of false ones of at most that level, on
/// average (Benjamini and Hochberg 1995): the k-th smallest of m times m / k. Right for tests that
/// are independent or go up and down together.
[[nodiscard]] inline std::vector<double> benjamini_hochberg(std::vector<double> p) {
  return detail::stepped_up(std::move(p), 1);
}

/// The same however the tests hang together (Benjamini and Yekutieli
/// 2001): times 1 + 1/2 + ... + 1/m.
[[nodiscard]] inline std::vector<double> benjamini_yekutieli(std::vector<double> p) {
  double factor = 0, tests = 0;
  for (double const v : p)
    if (!std::isnan(v)) factor += 1 / ++tests;
  return detail::stepped_up(std::move(p), factor);
}

} // namespace dormant
