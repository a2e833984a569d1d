// SPDX-License-Identifier: MIT
// Panels in gnuplot's words.
#include "common/gnuplot_script.hpp"

#include "common/gnuplot_axis.hpp"
#include "common/gnuplot_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace figures {

namespace {

// ---- line charts ------------------------------------------------------------------------------

legend legend_of(chart const& c) {
  legend words;
  for (std::size_t i = 0; i < c.lines.size(); ++i) {
    auto const& l = c.lines[i];
    words.add(l.label, look_of(l.colour, i), in_gnuplot(l.dash));
  }
  return words;
}
double plot_height(chart const&) { return 220; }

/// The points of a line that a reader can tell apart: the first, the lowest and the highest in
/// each of 500 columns, and all gaps.
std::vector<std::size_t> points_to_draw(line const& l, axis const& x, extent const& seen) {
  double const from = along(x, seen.least), column = (along(x, seen.most) - from) / 500;
  auto const place = [&](std::size_t k) { return std::floor((along(x, l.x[k]) - from) / column); };
  std::vector<std::size_t> out;
  for (std::size_t k = 0, end = 0; k < l.x.size(); k = end) {
    std::array<std::size_t, 3> keep = {k, k, k};
    for (end = k + 1; end < l.x.size() && !std::isnan(l.y[end]) && place(end) == place(k); ++end) {
      if (l.y[end] < l.y[keep[1]]) keep[1] = end;
      if (l.y[end] > l.y[keep[2]]) keep[2] = end;
    }
    std::ranges::sort(keep);
    out.insert(out.end(), keep.begin(), std::unique(keep.begin(), keep.end()));
  }
  return out;
}

std::string body(chart const& c, std::size_t number, sheet const&, double) {
  auto across = extent_on(c.x), up = extent_on(c.y);
  for (auto const& l : c.lines) {
    for (std::size_t k = 0; k < l.x.size(); ++k) {
      if (!across.shows(l.x[k]) || !up.shows(l.y[k])) continue;
      across.add(l.x[k]);
      up.add(l.y[k]);
      if (l.low.empty()) continue;
      up.add(l.low[k]);
      up.add(l.high[k]);
    }
  }
  std::string data, plot;
  for (std::size_t i = 0; i < c.lines.size(); ++i) {
    auto const& l = c.lines[i];
    auto const block = fmt::format("$p{}_{}", number, i);
    data += block + " << EOD\n";
    for (auto const k : points_to_draw(l, c.x, across)) {
      bool const shown = across.shows(l.x[k]) && up.shows(l.y[k]);
      data += !shown          ? "\n"
              : l.low.empty() ? fmt::format("{} {}\n", l.x[k], l.y[k])
                              : fmt::format("{} {} {} {}\n", l.x[k], l.y[k], up.within(l.low[k]),
                                            up.within(l.high[k]));
    }
    data += "EOD\n";
    auto const shown = look_of(l.colour, i);
    auto const& name = l.label.empty() ? c.title : l.label;
    if (!l.low.empty()) {
      plot += fmt::format("{} using 1:3:4 with filledcurves fc rgb '{}' fs transparent solid 0.18 "
                          "noborder title {}, ",
                          block, shown.colour, literal(name + ", spread"));
    }
    // A line alone needs no symbol.
    auto const symbols = fmt::format("points pt {} ps 1 pn 7", shown.symbol);
    plot += fmt::format("{} using 1:2 with lines{} lw 2.5 lc rgb '{}' dt {} title {}, ", block,
                        l.label.empty() ? "" : symbols, shown.colour, in_gnuplot(l.dash),
                        literal(name));
  }
  auto y = c.y; // its label stands at the edge, however wide the numbers are
  y.label.clear();
  return data + "set grid lc rgb '#dddddd'\n" +
         fmt::format("set label {} at {}, graph 0.5 center rotate by -270\n", literal(c.y.label),
                     sheet::x(12)) +
         describe('x', c.x, across, 0) + describe('y', y, up, 0.04) + "plot " + plot;
}

// ---- comparisons ------------------------------------------------------------------------------

legend legend_of(comparison const& c) {
  legend words;
  for (std::size_t i = 0; i < c.lines.size(); ++i) words.add(c.lines[i].label, look_of(i, i), "");
  return words;
}
constexpr double beside = 9; // pixels between the symbols of one category
/// How many of the first series have a value in a category.
std::size_t shown_there(comparison const& c, std::size_t category, std::size_t first) {
  auto const is_shown = [&](auto const& l) { return std::isfinite(l.middle[category]); };
  auto const end = c.lines.begin() + static_cast<std::ptrdiff_t>(first);
  return static_cast<std::size_t>(std::count_if(c.lines.begin(), end, is_shown));
}
double row_height(comparison const& c) {
  std::size_t most = 1;
  for (std::size_t k = 0; k < c.categories.size(); ++k) {
    most = std::max(most, shown_there(c, k, c.lines.size()));
  }
  return 11 + beside * static_cast<double>(most);
}
double plot_height(comparison const& c) {
  return row_height(c) * static_cast<double>(std::max<std::size_t>(2, c.categories.size()));
}

/// About five numbers along an axis, however little room the names of categories leave it.
std::string few_tics(comparison const& c, extent const& seen) {
  if (c.y.log || c.y.linear_to > 0 || seen.least > seen.most) return {};
  double const from = std::isnan(c.y.least) ? seen.least : c.y.least;
  double const to = std::isnan(c.y.most) ? seen.most : c.y.most;
  double const step = (to - from) / 5;
  if (!(step > 0)) return {};
  double const decade = std::pow(10, std::floor(std::log10(step)));
  double const round = step > 5 * decade ? 10 : step > 2 * decade ? 5 : 2;
  return fmt::format("set xtics {:g}\n", round * decade);
}

std::string body(comparison const& c, std::size_t number, sheet const&, double) {
  auto across = extent_on(c.y);
  across.add(c.guide);
  for (auto const& l : c.lines) {
    for (std::size_t k = 0; k < l.middle.size(); ++k) {
      for (double const x : {l.middle[k], l.low[k], l.high[k]}) {
        if (across.shows(l.middle[k])) across.add(x);
      }
    }
  }
  std::string data, plot, tics;
  for (std::size_t i = 0; i < c.lines.size(); ++i) {
    auto const& l = c.lines[i];
    auto const block = fmt::format("$p{}_{}", number, i);
    data += block + " << EOD\n";
    for (std::size_t k = 0; k < l.middle.size(); ++k) {
      if (!across.shows(l.middle[k])) continue;
      auto const above = static_cast<double>(shown_there(c, k, i)),
                 all = static_cast<double>(shown_there(c, k, c.lines.size()));
      double const lower = (above - (all - 1) / 2) * beside / row_height(c);
      data += fmt::format("{} {} {} {}\n", l.middle[k], static_cast<double>(k) + lower,
                          across.within(l.low[k]), across.within(l.high[k]));
    }
    data += "EOD\n";
    auto const shown = look_of(i, i);
    plot += fmt::format("{} using 1:2:3:4 with xerrorbars pt {} ps 1.1 lw 2 lc rgb '{}' title {}, ",
                        block, shown.symbol, shown.colour,
                        literal(l.label.empty() ? c.title : l.label));
  }
  for (std::size_t k = 0; k < c.categories.size(); ++k) {
    tics += fmt::format("{}{} {}", k == 0 ? "" : ",", literal(c.categories[k], true), k);
  }
  auto out = data + describe('x', c.y, across, 0.04) + few_tics(c, across) +
             fmt::format("set yrange [{}:-0.5]\nset ytics ({}) scale 0\nset errorbars small\n"
                         "set grid lc rgb '#dddddd'\n",
                         plot_height(c) / row_height(c) - 0.5, tics);
  if (std::isfinite(c.guide)) {
    out += fmt::format("set arrow from first {0},graph 0 to first {0},graph 1 nohead lw 1.5 dt "
                       "(2,4) lc rgb '#444444'\n",
                       c.guide);
  }
  return out + "plot " + plot;
}

// ---- attention maps ---------------------------------------------------------------------------

constexpr double map_side = 420;
legend legend_of(attention_map const&) { return {}; }
double plot_height(attention_map const&) { return map_side; }

std::string body(attention_map const& map, std::size_t number, sheet const& s, double plot_top) {
  auto const n = map.tokens.size();
  double highest = 1e-12;
  auto out = fmt::format("$p{} << EOD\n", number);
  for (std::size_t q = 0; q < n; ++q) {
    for (std::size_t k = 0; k < n; ++k) {
      double const weight = map.weights[q * n + k];
      if (k <= q && std::isfinite(weight)) highest = std::max(highest, weight);
      out += k <= q ? fmt::format("{} ", weight) : "NaN ";
    }
    out += "\n";
  }
  std::string tics;
  auto const most = static_cast<std::size_t>(map_side / 13); // labels that can be read
  std::size_t const stride = (n + most - 1) / most;
  for (std::size_t t = 0; t < n; t += stride) {
    tics += fmt::format("{}{} {}", tics.empty() ? "" : ",", literal(map.tokens[t], true), t);
  }
  return out +
         fmt::format(
             "EOD\nset datafile missing 'NaN'\n"
             "set xtics ({0}) scale 0 font ',12' offset 0,0.3\nset ytics ({0}) scale 0 font ',12'\n"
             "set xrange [-0.5:{1}]\nset yrange [{1}:-0.5]\nset xlabel 'key'\nset ylabel 'query'\n"
             "set cbrange [0:{2}]\nset format cb '%g'\nset rmargin at {3}\n"
             "set colorbox user origin {4},{5} size screen {6},{7}\n"
             "set palette defined (0 '#ffffff', 0.25 '#c6dbef', 0.5 '#6baed6', 0.75 '#2171b5', "
             "1 '#08306b')\n"
             "set object rectangle from graph 0,0 to graph 1,1 fc rgb '#f2f2f2' fs noborder "
             "behind\nplot $p{8} matrix with image title {9}, ",
             tics, static_cast<double>(n) - 0.5, highest > 0.5 && highest <= 1 ? 1.0 : highest,
             sheet::x(left + map_side), sheet::x(left + map_side + 10), s.y(plot_top + map_side),
             12 / width, map_side / s.height, number, literal(map.title));
}

// ---- the whole --------------------------------------------------------------------------------

template <class Panel>
double left_end(Panel const& p) {
  if constexpr (std::is_same_v<Panel, comparison>) {
    std::size_t longest = 0;
    for (auto const& c : p.categories) longest = std::max(longest, letters(c));
    return std::clamp(26 + 9.2 * static_cast<double>(longest), left, 0.55 * width);
  }
  return left;
}

} // namespace

drawing drawing_of(figure const& f) {
  if (f.panels.empty()) throw not_drawn("a figure without panels cannot be drawn");
  auto const height = [](auto const& p) {
    return under_title + legend_of(p).height() + plot_height(p) + under_plot;
  };
  sheet whole{0};
  for (auto const& p : f.panels) whole.height += std::visit(height, p);
  drawing out{f.name, "", width, whole.height, "set encoding utf8\nset multiplot\n"};
  double top = 0;
  for (std::size_t i = 0; i < f.panels.size(); ++i) {
    auto const draw = [&](auto const& p) {
      auto const words = legend_of(p);
      auto text = frame(whole, top, p.title, words, left_end(p), plot_height(p)) +
                  body(p, i, whole, top + under_title + words.height());
      // The last comma of the elements; gnuplot wants one, even where there is nothing to show.
      if (text.ends_with(", "))
        text.resize(text.size() - 2);
      else
        text += "NaN title 'nothing to show'";
      return text + "\n";
    };
    out.script += std::visit(draw, f.panels[i]);
    out.title +=
        (i == 0 ? "" : "; ") + std::visit([](auto const& p) { return p.title; }, f.panels[i]);
    top += std::visit(height, f.panels[i]);
  }
  out.script += "unset multiplot\n";
  return out;
}

} // namespace figures
