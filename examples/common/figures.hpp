// SPDX-License-Identifier: MIT
// Figures drawn by gnuplot: line charts, comparisons and attention maps, one below the other, as
// SVG and PNG. A figure is as wide as a telephone's screen and its letters large enough for one.
#pragma once

#include "dormant/error.hpp"

#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace figures {

/// Figures could not be drawn; the numbers are not affected.
struct not_drawn : dormant::error {
  using error::error;
};

enum class dash { none, dashed, dotted };

/// Points joined by a line, with a band around them where one is given. NaN leaves a gap.
struct line {
  std::string label{}; ///< in the legend; none if empty
  std::vector<double> x{}, y{};
  /// Number in the palette, which decides the symbol too; its place among the lines if unset.
  std::size_t colour = static_cast<std::size_t>(-1);
  figures::dash dash = figures::dash::none;
  std::vector<double> low{}, high{}; ///< of the band, as long as `x` or empty
};

struct axis {
  std::string label{};
  bool log = false;     ///< numbers that are not above 0 are left out
  double linear_to = 0; ///< above 0: linear to about there and logarithmic beyond; `log` is ignored
  double least = std::numeric_limits<double>::quiet_NaN(); ///< NaN: chosen by the data
  double most = std::numeric_limits<double>::quiet_NaN();
};

struct chart {
  std::string title{};
  axis x{}, y{};
  std::vector<line> lines{};
};

/// Medians with their spread, a row for each category.
struct comparison {
  /// One value and its range for each category; NaN leaves a gap.
  struct series {
    std::string label{}; ///< in the legend; none if empty
    std::vector<double> middle{}, low{}, high{};
  };
  std::string title{};
  std::vector<std::string> categories{};
  axis y{}; ///< of the values
  std::vector<series> lines{};
  double guide = std::numeric_limits<double>::quiet_NaN(); ///< a level to compare with, if any
};

/// Attention weights: a row a query, a column a key; what lies in the future is left empty.
struct attention_map {
  std::string title{};
  std::vector<std::string> tokens{}; ///< [T] what the sequence reads
  std::vector<double> weights{};     ///< [T query, T key]
};

using panel = std::variant<chart, comparison, attention_map>;

struct figure {
  std::vector<panel> panels{}; ///< from top to bottom
  std::string name = "figure"; ///< of the files; keeps ids apart where several SVGs share one page
};

/// The figure as the text of an SVG. Throws `not_drawn` where gnuplot is missing or fails.
[[nodiscard]] std::string svg(figure const& f);
/// The figure as the bytes of a PNG.
[[nodiscard]] std::string png(figure const& f);
/// Writes NAME.svg and NAME.png into a folder.
void save(figure const& f, std::filesystem::path const& folder);

/// A script in gnuplot's words, which begins after `set output`. Each element that it plots has a
/// title, of which the SVG makes a hint.
struct drawing {
  std::string name;     ///< keeps ids apart where several SVGs share one page
  std::string title;    ///< of the whole
  double width, height; ///< pixels
  std::string script;
};
/// \param white background, or none
[[nodiscard]] std::string svg(drawing const& d, bool white = true);

} // namespace figures
