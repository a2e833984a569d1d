// SPDX-License-Identifier: MIT
// Pictures by gnuplot in the demo's colours: as files with a white background, and as parts of a
// page, where colours follow the reader's light or dark theme.
#pragma once

#include "common/figures.hpp"
#include "demo/colours.hpp"
#include "dormant/io/atomic_file.hpp"

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
  return fmt::format("set title {} textcolor rgb {} font ',13' offset 0,-0.3\n", quoted(words),
                     shade(ink));
}
/// The stories' names in their colours, side by side at the top of a figure.
inline std::string story_legend(std::span<std::string_view const> titles) {
  std::string out;
  double const step = 0.21;
  double at = 0.5 - step * static_cast<double>(titles.size() - 1) / 2;
  for (std::size_t s = 0; s < titles.size(); ++s, at += step) {
    out +=
        fmt::format("set label {} {} at screen {},0.955 center textcolor rgb {} font ':Bold,14'\n",
                    900 + s, quoted(titles[s]), at, shade(story_colours[s]));
  }
  return out;
}

/// A picture: gnuplot's words for what to draw, and how large it is.
struct picture {
  std::string name;   ///< keeps ids apart on a page that holds several
  std::size_t width;  ///< pixels
  std::size_t height; ///< pixels
  std::string script;
};

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
  figures::detail::scratch const here;
  auto const drawn = here / "drawn";
  dormant::write_file_atomically(
      here / "script", fmt::format("set terminal svg noenhanced size {},{} font 'sans-serif,12' "
                                   "name '{}'{}\nset output '{}'\nset encoding utf8\n{}",
                                   p.width, p.height, p.name, white ? " background '#ffffff'" : "",
                                   drawn.string(), p.script));
  figures::detail::run_gnuplot((here / "script").string(), (here / "messages").string());
  auto svg = dormant::read_file(drawn);
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
