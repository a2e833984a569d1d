// SPDX-License-Identifier: MIT
// Pictures by gnuplot in the demo's colours: as files with a white background, and as parts of a
// page, where colours follow the reader's light or dark theme.
#pragma once

#include "common/figures.hpp"
#include "demo/colours.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

/// The colour for gnuplot, `share` of 1 being opaque.
inline std::string shade(colour const& c, double share) {
  return fmt::format("'#{:02x}{}'", static_cast<unsigned>(255 * (1 - share) + 0.5),
                     c.light.substr(1));
}
inline std::string shade(colour const& c) { return fmt::format("'{}'", c.light); }

/// Text as gnuplot takes it literally.
inline std::string quoted(std::string_view text) {
  std::string out = "'";
  for (char const c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

/// Numbers as a block of data: each column one list. A row with NaN makes a gap.
inline std::string data_block(std::string_view name,
                              std::vector<std::span<double const>> const& lists) {
  std::string out = fmt::format("${} << EOD\n", name);
  for (std::size_t i = 0; i < lists.front().size(); ++i) {
    for (auto const& list : lists) out += fmt::format("{} ", list[i]);
    out += '\n';
  }
  return out + "EOD\n";
}

/// Quiet axes: two lines, few tics, a faint grid to read heights from.
inline std::string quiet_axes() {
  return fmt::format("set border 3 lc rgb {0}\nset tics nomirror scale 0.5 textcolor rgb {0}\n"
                     "set grid ytics lc rgb {1} dt 1 lw 1\nunset key\n",
                     shade(muted), shade(rule));
}
inline std::string title(std::string_view words) {
  return fmt::format("set title {} textcolor rgb {} font ',15' offset 0,-0.3\n", quoted(words),
                     shade(ink));
}

/// A picture, panel below panel, to be read on a telephone too.
using picture = figures::drawing;
inline constexpr double picture_width = 560; ///< pixels

/// Room above and below the plots of a picture, and between them, in pixels.
struct room {
  double above, between, below;
};
/// Panels one below the other, of the same height.
inline std::string stacked(std::size_t panels, double height, room const& r) {
  return fmt::format(
      "set multiplot layout {},1 margins {:.4f},0.97,{:.4f},{:.4f} spacing 0,{:.4f}\n", panels,
      64 / picture_width, r.below / height, 1 - r.above / height, r.between / height);
}
/// The stories' names and symbols in their colours, side by side at the top of a picture.
inline std::string story_legend(std::span<std::string_view const> titles, double height) {
  std::string out;
  for (std::size_t s = 0; s < titles.size(); ++s) {
    out += fmt::format("set label {} {} at screen {:.4f},{:.4f} left textcolor rgb {} point pt {} "
                       "ps 1.1 lc rgb {} offset character 1.5,-0.2\n",
                       900 + s, quoted(titles[s]), 0.07 + 0.33 * static_cast<double>(s),
                       1 - 18 / height, shade(story_colours[s]), story_symbols[s],
                       shade(story_colours[s]));
  }
  return out;
}
/// Round numbers for ratios on a logarithmic axis.
inline constexpr std::string_view ratio_tics =
    "(0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.4, 2, 3, 5, 7, 10, 20, 50, 100, 1000)";
/// `plot` and its elements, each of which ends in a comma.
inline std::string plotted(std::string elements) {
  elements.resize(elements.rfind(','));
  return "plot " + elements + "\n";
}

namespace detail {
inline void replace_all(std::string& text, std::string_view old, std::string_view fresh) {
  for (auto at = text.find(old); at != std::string::npos; at = text.find(old, at + fresh.size())) {
    text.replace(at, old.size(), fresh);
  }
}
inline unsigned channel(colour const& c, std::size_t which) {
  return static_cast<unsigned>(
      std::strtoul(std::string(c.light.substr(1 + 2 * which, 2)).c_str(), nullptr, 16));
}
} // namespace detail

/// An SVG file of its own. Throws `figures::not_drawn` where gnuplot is missing or fails.
inline std::string draw(picture const& p, bool white = true) {
  auto svg = figures::svg(p, white);
  detail::replace_all(svg, "font-family=\":Bold\"",
                      "font-family=\"sans-serif\" font-weight=\"bold\"");
  return svg;
}

/// The picture as an element of a page: colours by name, ids of its own.
/// \param words what a reader who cannot see it is told
inline std::string for_page(picture const& p, std::string_view words) {
  auto svg = draw(p, false);
  svg.erase(0, svg.find("<svg"));
  detail::replace_all(svg, "<svg", fmt::format("<svg role=\"img\" aria-label=\"{}\"", words));
  for (std::string_view const id : {"gpDot", "gpPt", "textbox", "greybox", "gnuplot_canvas"}) {
    detail::replace_all(svg, fmt::format("id='{}", id), fmt::format("id='{}-{}", p.name, id));
    detail::replace_all(svg, fmt::format("id=\"{}", id), fmt::format("id=\"{}-{}", p.name, id));
    detail::replace_all(svg, fmt::format("'#{}", id), fmt::format("'#{}-{}", p.name, id));
  }
  for (auto const& c : palette) {
    auto const [r, g, b] =
        std::array{detail::channel(c, 0), detail::channel(c, 1), detail::channel(c, 2)};
    auto const name = fmt::format("var(--{})", c.name);
    detail::replace_all(svg, fmt::format("rgb({:3}, {:3}, {:3})", r, g, b), name);
    detail::replace_all(svg, fmt::format("rgb({},{},{})", r, g, b), name);
  }
  return svg;
}

} // namespace demo
