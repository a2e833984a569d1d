// SPDX-License-Identifier: MIT
// Runs compared where they have learnt as much: their numbers over the risk that they have reached.
#pragma once

#include "common/runs.hpp"

#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <vector>

namespace paper {

/// A number of a run where its backcopy risk first is as low as `risk`, nats; between two
/// measurements, where a straight line over the log of the risk meets it.
/// \returns NaN if the run does not get there
[[nodiscard]] inline double when_risk_is(double risk, curve const& rows, std::string_view column) {
  for (std::size_t r = 0; r < rows.size(); ++r) {
    double const here = rows[r]["risk.backcopy"], value = rows[r][column];
    if (!(here <= risk)) continue;
    if (r == 0) return value;
    double const above = rows[r - 1]["risk.backcopy"], before = rows[r - 1][column];
    return before + (value - before) * std::log(above / risk) / std::log(above / here);
  }
  return std::numeric_limits<double>::quiet_NaN();
}

/// The same for every seed of a variant.
[[nodiscard]] inline std::vector<double> when_risk_is(double risk, runs const& all, std::size_t v,
                                                      std::string_view column) {
  std::vector<double> out;
  for (auto const& rows : all[v]) out.push_back(when_risk_is(risk, rows, column));
  return out;
}

/// Those that are numbers: of runs that got there.
[[nodiscard]] inline std::vector<double> reached(std::vector<double> values) {
  std::erase_if(values, [](double x) { return std::isnan(x); });
  return values;
}

/// A number over the risks reached: median and band of the runs that got there, a gap where fewer
/// than half did, for these would be the fast ones only.
[[nodiscard]] inline figures::line over_risk(std::vector<double> const& risks, runs const& all,
                                             std::size_t v, std::string_view column,
                                             std::string label) {
  figures::line out{.label = std::move(label), .x = risks};
  for (double const risk : risks) {
    auto const there = reached(when_risk_is(risk, all, v, column));
    bool const most = 2 * there.size() >= all[v].size();
    auto const over = most ? dm::band_of(there) : dm::band{};
    out.y.push_back(over.middle);
    out.low.push_back(over.low);
    out.high.push_back(over.high);
  }
  return out;
}

} // namespace paper
