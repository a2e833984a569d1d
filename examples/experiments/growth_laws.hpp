// SPDX-License-Identifier: MIT
// Whether a curve grows linearly, logarithmically or as a power of the step.
#pragma once

#include "common/runs.hpp"

#include <dormant/line_fit.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace paper {

/// Fits y = a + b t ("line"), a + b ln t ("logarithm") and a t^b ("power", by least squares of
/// logarithms) to a column from one step on. The last row gets each b, the root mean square of
/// what each law leaves of y, the "rise" of the line relative to y at its beginning, and its "slope
/// over the earlier one's", before that step, which is 1 where growth is linear throughout. NaN where
/// there are fewer than three points on either side.
inline void add_growth_laws(curve& rows, std::string_view column, std::uint64_t from) {
  std::vector<double> t, y, log_t, log_y, early_t, early_y;
  for (auto const& row : rows) {
    if (row["step"] < static_cast<double>(from) || row["step"] < 1) {
      early_t.push_back(row["step"]);
      early_y.push_back(row[column]);
      continue;
    }
    t.push_back(row["step"]);
    y.push_back(row[column]);
    log_t.push_back(std::log(t.back()));
    log_y.push_back(std::log(y.back()));
  }
  if (t.size() < 3 || early_t.size() < 3) { // two points are on a curve of each kind
    for (auto const* name :
         {"line slope", "line off by", "logarithm slope", "logarithm off by", "power slope",
          "power off by", "rise", "slope over the earlier one's"}) {
      rows.back().add(name, std::numeric_limits<double>::quiet_NaN());
    }
    return;
  }
  auto const fit = [&](std::string const& law, auto const& x, auto const& fitted,
                       auto const& back) {
    auto const line = dm::fit_line(x, fitted);
    dm::running_mean squares;
    for (std::size_t i = 0; i < x.size(); ++i) {
      squares.add(std::pow(y[i] - back(line.intercept + line.slope.middle * x[i]), 2));
    }
    rows.back().add(law + " slope", line.slope.middle);
    rows.back().add(law + " off by", std::sqrt(squares.mean()));
  };
  auto const as_it_is = [](double v) { return v; };
  fit("line", t, y, as_it_is);
  fit("logarithm", log_t, y, as_it_is);
  fit("power", log_t, log_y, [](double v) { return std::exp(v); });
  rows.back().add("rise", rows.back()["line slope"] * (t.back() - t.front()) / y.front());
  rows.back().add("slope over the earlier one's",
                  rows.back()["line slope"] / dm::fit_line(early_t, early_y).slope.middle);
}

} // namespace paper
