// SPDX-License-Identifier: MIT
// Whether a curve grows linearly, logarithmically or as a power of the step.
#pragma once

#include "common/published.hpp"
#include "common/runs.hpp"

#include <dormant/line_fit.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace paper {

/// How a law fits: its slope, and the root mean square of what it leaves of y.
struct law_fit {
  double slope = std::numeric_limits<double>::quiet_NaN();
  double off_by = std::numeric_limits<double>::quiet_NaN();
};

/// How a curve goes on from some step: NaN where there are fewer than three points on either side.
struct growth {
  law_fit line{};      ///< y = a + b t
  law_fit logarithm{}; ///< a + b ln t
  law_fit power{};     ///< a t^b, by least squares of logarithms
  /// Of the line, relative to y at its beginning.
  double rise = std::numeric_limits<double>::quiet_NaN();
  /// Slope of the line over that of the line before; 1 where growth is linear throughout.
  double over_earlier = std::numeric_limits<double>::quiet_NaN();
};

inline growth growth_of(std::span<double const> steps, std::span<double const> values,
                        double from) {
  std::vector<double> t, y, log_t, log_y, early_t, early_y;
  for (std::size_t n = 0; n < steps.size(); ++n) {
    if (steps[n] < from || steps[n] < 1) {
      early_t.push_back(steps[n]);
      early_y.push_back(values[n]);
      continue;
    }
    t.push_back(steps[n]);
    y.push_back(values[n]);
    log_t.push_back(std::log(t.back()));
    log_y.push_back(std::log(y.back()));
  }
  if (t.size() < 3 || early_t.size() < 3) return {}; // two points are on a curve of each kind
  auto const fit = [&](auto const& x, auto const& fitted, auto const& back) {
    auto const line = dm::fit_line(x, fitted);
    dm::running_mean squares;
    for (std::size_t i = 0; i < x.size(); ++i) {
      squares.add(std::pow(y[i] - back(line.intercept + line.slope.middle * x[i]), 2));
    }
    return law_fit{line.slope.middle, std::sqrt(squares.mean())};
  };
  auto const as_it_is = [](double v) { return v; };
  growth out{.line = fit(t, y, as_it_is),
             .logarithm = fit(log_t, y, as_it_is),
             .power = fit(log_t, log_y, [](double v) { return std::exp(v); })};
  out.rise = out.line.slope * (t.back() - t.front()) / y.front();
  out.over_earlier = out.line.slope / dm::fit_line(early_t, early_y).slope.middle;
  return out;
}

/// The later half of a published curve up to some step.
inline growth published_growth(std::string_view run, std::string_view column, double until) {
  auto there = published::over_training(run, column);
  there.end_at(until);
  return growth_of(there.steps, there.values, until / 2);
}

/// The growth of a column from one step on, as columns of the last row.
inline void add_growth_laws(curve& rows, std::string_view column, std::uint64_t from) {
  std::vector<double> steps, values;
  for (auto const& row : rows) {
    steps.push_back(row["step"]);
    values.push_back(row[column]);
  }
  auto const found = growth_of(steps, values, static_cast<double>(from));
  auto& last = rows.back();
  for (auto const& [law, of] :
       {std::pair{"line", found.line}, {"logarithm", found.logarithm}, {"power", found.power}}) {
    last.add(std::string(law) + " slope", of.slope);
    last.add(std::string(law) + " off by", of.off_by);
  }
  last.add("rise", found.rise);
  last.add("slope over the earlier one's", found.over_earlier);
}

} // namespace paper
