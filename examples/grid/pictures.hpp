// SPDX-License-Identifier: MIT
// Pictures of a grid as SVG, by hand, because cells have to be links: maps of cells by measures and
// by each other, and which choices take the peak and leave the sink.
#pragma once

#include "grid/analysis.hpp"

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace grid {

/// One square of a map.
struct square {
  double value = 0;    ///< NaN: nothing is drawn
  std::string text{};  ///< in the square
  std::string hint{};  ///< where the pointer rests
  std::string link{};  ///< where a click goes; empty: nowhere
  bool marked = false; ///< a frame around it
};

/// What the ends of the colours stand for.
struct scale {
  double least = 0, most = 1;
  bool log = false; ///< colours follow the logarithm
};

/// Squares in rows and columns.
struct map {
  std::string title{}, row_title{}, column_title{};
  std::vector<std::string> rows{}, columns{};
  std::function<square(std::size_t row, std::size_t column)> at{};
  std::vector<scale> scales{}; ///< one for all, or one for each column
};
[[nodiscard]] std::string drawn(map const& m);

/// Every cell by its sink and its peak, with the levels that tell whether it has one.
[[nodiscard]] std::string decoupling(analysis const& a, std::string_view depth);

/// The scale of a measure in all pictures of a report, from its medians.
[[nodiscard]] scale scale_of(analysis const& a, measured what);

/// Where a cell stands in the table of the report.
[[nodiscard]] std::string anchor_of(configuration const& c);

} // namespace grid
