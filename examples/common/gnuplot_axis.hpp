// SPDX-License-Identifier: MIT
// Axes in gnuplot's words: their ranges come from what they show, not
// from 0 to the next round number.
#pragma once

#include "common/gnuplot_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace figures {

/// The smallest and the largest number that an axis shows.
struct extent {
  bool positive_only = false;
  double least = std::numeric_limits<double>::infinity(), most = -least;

  [[nodiscard]] bool shows(double value) const {
    return std::isfinite(value) && (!positive_only || value > 0);
  }
  void add(double value) {
    if (!shows(value)) return;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  /// The end of a spread that does not reach beyond what is shown.
  [[nodiscard]] double within(double value) const { return std::clamp(value, least, most); }
};
inline extent extent_on(axis const& a) { return {.positive_only = a.log && a.linear_to <= 0}; }

/// Where a number lies on an axis, in a measure in which equal distances are drawn equally long.
inline double along(axis const& a, double value) {
  if (a.linear_to > 0) return std::asinh(2 * value / a.linear_to);
  return a.log ? std::log(value) : value;
}

/// 1, 2 and 5 in each decade of a range, more in a short one.
inline std::string round_numbers(double least, double most) {
  std::vector<double> digits = {1, 2, 5};
  if (most < 6 * least) digits = {1, 1.5, 2, 3, 4, 5, 7};
  std::string tics;
  for (double decade = std::pow(10, std::floor(std::log10(least))); decade <= most; decade *= 10) {
    for (double const digit : digits) {
      if (digit * decade < least * 0.999 || digit * decade > most * 1.001) continue;
      tics += fmt::format("{}{:.6g}", tics.empty() ? "" : ",", digit * decade);
    }
  }
  return tics;
}

/// Label, range, scale and tics.
/// \param margin share of the range that is left free beyond the data
inline std::string describe(char letter, axis const& a, extent seen, double margin) {
  auto out = fmt::format("set {0}label {1}\nset format {0} '%g'\n", letter, literal(a.label));
  if (seen.least > seen.most) { // a short run may leave no points at all
    seen.least = seen.positive_only ? 1 : 0;
    seen.most = seen.positive_only ? 10 : 1;
  }
  // Within a factor of 1.5 the two scales look alike, and a logarithmic one has no round numbers.
  bool const log = seen.positive_only && seen.most > 1.5 * seen.least;
  double const span = log ? std::log(seen.most / seen.least) : seen.most - seen.least;
  double const free = (span > 0 ? span : 1) * margin + (span > 0 ? 0 : 1e-3);
  double const least = !std::isnan(a.least) ? a.least
                       : log                ? seen.least / std::exp(free)
                                            : seen.least - free;
  double const most =
      !std::isnan(a.most)
          ? a.most
          : std::max(log ? seen.most * std::exp(free) : seen.most + free, least + 1e-9);
  if (a.linear_to > 0) {
    out += fmt::format("set nonlinear {0} via asinh({0}/{1}) inverse {1}*sinh({0})\n"
                       "set {0}tics (0,{2})\n",
                       letter, a.linear_to / 2, round_numbers(a.linear_to / 3, most));
  } else if (log) {
    out += fmt::format("set logscale {}\n", letter);
    if (most / least < 200) {
      out += fmt::format("set {}tics ({})\n", letter, round_numbers(least, most));
    } else if (most / least > 1e8) { // labels such as 1e+10 would run into each other
      out += fmt::format("set {}tics {:g}\n", letter,
                         std::pow(10, std::ceil(std::log10(most / least) / 5)));
    }
  }
  return out + fmt::format("set {}range [{}:{}]\n", letter, least, most);
}

} // namespace figures
