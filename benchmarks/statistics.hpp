// SPDX-License-Identifier: MIT
// What becomes of repeated measurements.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace dormant::benchmarks {

/// The middle value; of measurements, where the best is luck and the mean is noise.
inline double median(std::vector<double> values) {
  auto const middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

} // namespace dormant::benchmarks
