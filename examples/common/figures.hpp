// SPDX-License-Identifier: MIT
// Figures drawn by gnuplot: line charts, comparisons and attention maps, side by side, as SVG and
// PNG.
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

/// Points joined by a line, with a band around them where one is given. NaN leaves a gap.
struct line {
  std::string label{}; ///< in the legend; none if empty
  std::vector<double> x{}, y{};
  std::size_t colour = static_cast<std::size_t>(-1); ///< number in the palette; its place if unset
  bool dashed = false;
  std::vector<double> low{}, high{}; ///< of the band, as long as `x` or empty
};

struct axis {
  std::string label{};
  bool log = false;
  double linear_to = 0; ///< above 0: linear to about there and logarithmic beyond; `log` is ignored
  double least = std::numeric_limits<double>::quiet_NaN(); ///< NaN: chosen by the data
  double most = std::numeric_limits<double>::quiet_NaN();
};

struct chart {
  std::string title{};
  axis x{}, y{};
  std::vector<line> lines{};
  std::string legend = "top right"; ///< where, in gnuplot's words
};

/// Medians with their spread, side by side for each category.
struct comparison {
  /// One value and its range for each category; NaN leaves a gap.
  struct series {
    std::string label{}; ///< in the legend; none if empty
    std::vector<double> middle{}, low{}, high{};
  };
  std::string title{};
  std::vector<std::string> categories{};
  axis y{};
  std::vector<series> lines{};
  std::string legend = "top right";
  double guide = std::numeric_limits<double>::quiet_NaN(); ///< a level to compare with, if any
};

/// Attention weights: a row a query, a column a key; what lies in the future is left empty.
struct attention_map {
  std::string title{};
  std::vector<std::string> tokens{}; ///< [T] what the sequence reads
  std::vector<double> weights{};     ///< [T query, T key]
};

using panel = std::variant<chart, comparison, attention_map>;

/// Panels in rows of `columns`, each `width` x `height` pixels.
struct figure {
  std::vector<panel> panels{};
  std::size_t columns = 1;
  std::size_t width = 560;
  std::size_t height = 380;
  std::string name = "figure"; ///< keeps ids apart where several SVGs share one page
};

/// The figure as the text of an SVG. Throws `not_drawn` where gnuplot is missing or fails.
[[nodiscard]] std::string svg(figure const& f);
/// The figure as the bytes of a PNG.
[[nodiscard]] std::string png(figure const& f);
/// Writes NAME.svg and NAME.png into a folder.
void save(figure const& f, std::filesystem::path const& folder);

namespace detail {
/// A temporary folder, removed at the end.
class scratch {
public:
  scratch();
  scratch(scratch const&) = delete;
  scratch& operator=(scratch const&) = delete;
  ~scratch();
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
    return folder_ / name;
  }

private:
  std::filesystem::path folder_;
};

/// Runs `gnuplot script` with its messages in a file.
void run_gnuplot(std::string script_file, std::string const& messages);
} // namespace detail

} // namespace figures
