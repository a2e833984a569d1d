// SPDX-License-Identifier: MIT
// Where things are in a figure, in pixels, and what colours, symbols and words look like: every
// panel has its title, then its legend, then its plot, so that nothing covers anything.
#pragma once

#include "common/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace figures {

inline constexpr double width = 560, left = 74, right = width - 28;
inline constexpr double under_title = 38, legend_row = 24, sample = 52, under_plot = 64;

// Okabe and Ito's colours, which most kinds of colour blindness tell apart, each with a symbol.
struct look {
  std::string_view colour;
  int symbol;
};
inline constexpr std::array<look, 8> looks = {{{"#0072b2", 7},
                                               {"#d55e00", 5},
                                               {"#009e73", 9},
                                               {"#cc79a7", 13},
                                               {"#e69f00", 11},
                                               {"#56b4e9", 6},
                                               {"#000000", 4},
                                               {"#777777", 8}}};
inline look look_of(std::size_t number, std::size_t place) {
  return looks[(number < looks.size() ? number : place) % looks.size()];
}
inline std::string_view in_gnuplot(dash d) {
  constexpr std::array<std::string_view, 3> patterns = {"1", "(4,2.5)", "(1.5,2)"};
  return patterns[static_cast<std::size_t>(d)];
}

/// Text as gnuplot takes it literally; labels of tics are format strings, hence `%%`.
inline std::string literal(std::string_view text, bool is_format = false) {
  std::string_view const space = "␠";
  std::string out = "'";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with(space)) {
      out += "␣"; // which fonts have
      i += space.size() - 1;
      continue;
    }
    char const c = text[i];
    out += c;
    if (c == '\'' || (is_format && c == '%')) out += c;
  }
  return out + "'";
}

/// Bytes that begin a character.
inline std::size_t letters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// Pixels from the top left corner of the whole figure as gnuplot's `screen` coordinates.
struct sheet {
  double height;
  [[nodiscard]] static std::string x(double pixels) {
    return fmt::format("screen {:.5f}", pixels / width);
  }
  [[nodiscard]] std::string y(double pixels) const {
    return fmt::format("screen {:.5f}", 1 - pixels / height);
  }
};

struct entry {
  std::string label;
  look shown;
  std::string_view pattern; ///< of the line; none for symbols alone
};

/// Symbols and words above a plot.
struct legend {
  std::vector<entry> entries{};

  void add(std::string const& label, look shown, std::string_view pattern) {
    if (!label.empty()) entries.push_back({label, shown, pattern});
  }
  [[nodiscard]] std::size_t columns() const {
    auto const fits = [&](std::size_t most) {
      return std::ranges::all_of(entries, [=](auto const& e) { return letters(e.label) <= most; });
    };
    return fits(11) ? 3 : fits(21) ? 2 : 1;
  }
  [[nodiscard]] double height() const {
    auto const rows = (entries.size() + columns() - 1) / columns();
    return legend_row * static_cast<double>(rows);
  }
  [[nodiscard]] std::string draw(sheet const& s, double top) const {
    std::string out;
    double const step = (right - left) / static_cast<double>(columns());
    for (std::size_t i = 0; i < entries.size(); ++i) {
      auto const& e = entries[i];
      double const x = left + sample / 2 + step * static_cast<double>(i % columns());
      double const y = top + legend_row * (static_cast<double>(i / columns()) + 0.5);
      if (!e.pattern.empty()) {
        // Gnuplot's SVG joins arrows of one colour and width to one path, which has one pattern.
        double const own_width = 2.5 + (i % 2 == 0 ? 0 : 0.02);
        out += fmt::format("set arrow from {},{} to {},{} nohead lw {} lc rgb '{}' dt {}\n",
                           sheet::x(x - sample / 2), s.y(y), sheet::x(x + sample / 2), s.y(y),
                           own_width, e.shown.colour, e.pattern);
      }
      out += fmt::format("set label {} at {},{} left point pt {} ps 1.1 lc rgb '{}' offset "
                         "character {},-0.2\n",
                         literal(e.label), sheet::x(x), s.y(y), e.shown.symbol, e.shown.colour,
                         e.pattern.empty() ? 1.5 : 3.4);
    }
    return out;
  }
};

/// What every panel begins with: its title, its legend, and where its plot lies.
inline std::string frame(sheet const& s, double top, std::string_view title, legend const& words,
                         double from, double plot_height) {
  double const plot_top = top + under_title + words.height();
  return fmt::format("reset\nunset key\nset border lc rgb '#444444'\nset tics nomirror\n"
                     "set label {} at {},{} left font ',16'\n",
                     literal(title), sheet::x(14), s.y(top + 20)) +
         words.draw(s, top + under_title - 6) +
         fmt::format("set lmargin at {}\nset rmargin at {}\nset tmargin at {}\nset bmargin at {}\n",
                     sheet::x(from), sheet::x(right), s.y(plot_top), s.y(plot_top + plot_height));
}

} // namespace figures
