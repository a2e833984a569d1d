// SPDX-License-Identifier: MIT
// SVG of maps and of the decoupling plot.
#include "grid/pictures.hpp"

#include "common/page.hpp"
#include "common/thresholds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace grid {

namespace {

using page::escaped;

/// From nearly white to dark blue; text on it is dark or white, whichever can be read.
struct tint {
  std::string fill, ink;
};
tint tint_of(double share) {
  share = std::clamp(share, 0.0, 1.0);
  auto const mix = [&](int from, int to) { return from + (to - from) * share; };
  return {fmt::format("rgb({:.0f},{:.0f},{:.0f})", mix(238, 0), mix(243, 82), mix(248, 148)),
          share > 0.55 ? "#ffffff" : "#1c2733"};
}

double share_of(double value, scale const& s) {
  if (!s.log) return (value - s.least) / (s.most - s.least);
  return std::log(value / s.least) / std::log(s.most / s.least);
}

std::string text(double x, double y, std::string_view words, std::string_view more = "") {
  return fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"12\" fill=\"var(--ink)\" {}>{}</text>", x, y,
      more, escaped(words));
}

std::string colours(scale const& s, double x, double y, double width) {
  constexpr int steps = 24;
  std::string out;
  for (int i = 0; i < steps; ++i) {
    out +=
        fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"9\" fill=\"{}\"/>",
                    x + width / steps * i, y, width / steps + 0.3, tint_of((i + 0.5) / steps).fill);
  }
  return out + text(x, y + 22, fmt::format("{:.2g}", s.least)) +
         text(x + width, y + 22, fmt::format("{:.2g}", s.most), "text-anchor=\"end\"");
}

std::string drawn(square const& s, scale const& of, double x, double y, double width,
                  double height) {
  if (std::isnan(s.value)) return "";
  auto const [fill, ink] = tint_of(share_of(s.value, of));
  auto out = fmt::format(
      "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"{}\"{}>"
      "<title>{}</title></rect>",
      x + 1, y + 1, width - 2, height - 2, fill,
      s.marked ? " stroke=\"#d55e00\" stroke-width=\"2\"" : "", escaped(s.hint));
  out += fmt::format(
      "<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"11\" text-anchor=\"middle\" fill=\"{}\" "
      "pointer-events=\"none\">{}</text>",
      x + width / 2, y + height / 2 + 4, ink, escaped(s.text));
  if (s.link.empty()) return out;
  return fmt::format("<a href=\"{}\">{}</a>", escaped(s.link), out);
}

} // namespace

std::string drawn(map const& m) {
  constexpr double height = 24, letter = 6.9, legend = 110;
  std::size_t longest = 0, longest_column = 0;
  for (auto const& r : m.rows) longest = std::max(longest, r.size());
  for (auto const& c : m.columns) longest_column = std::max(longest_column, c.size());
  bool const apart = m.scales.size() > 1;
  double const left = 42 + letter * static_cast<double>(longest);
  double const cell = std::clamp(letter * static_cast<double>(longest_column) + 12, 58.0, 180.0);
  double const width = cell * static_cast<double>(m.columns.size());
  double const top = 62, bottom = top + height * static_cast<double>(m.rows.size());
  double const page_width =
      std::max(left + std::max(width, legend) + 16, 30 + 7.6 * static_cast<double>(m.title.size()));
  auto const x_of = [&](std::size_t c) { return left + cell * static_cast<double>(c); };
  auto const scale_at = [&](std::size_t c) -> scale const& { return m.scales[apart ? c : 0]; };
  auto out =
      fmt::format("<svg viewBox=\"0 0 {0:.0f} {1:.0f}\" style=\"max-width:{0:.0f}px\" role=\"img\" "
                  "aria-label=\"{2}\">",
                  page_width, bottom + 44, escaped(m.title));
  out += text(4, 18, m.title, "font-weight=\"600\"");
  out += text(left + width / 2, 38, m.column_title,
              "text-anchor=\"middle\" style=\"fill:var(--muted)\"");
  for (std::size_t c = 0; c < m.columns.size(); ++c)
    out += text(x_of(c) + cell / 2, top - 7, m.columns[c], "text-anchor=\"middle\"");
  out += fmt::format("<text transform=\"translate(14,{:.1f}) rotate(-90)\" font-size=\"12\" "
                     "text-anchor=\"middle\" style=\"fill:var(--muted)\">{}</text>",
                     (top + bottom) / 2, escaped(m.row_title));
  for (std::size_t r = 0; r < m.rows.size(); ++r) {
    double const y = top + height * static_cast<double>(r);
    out += text(left - 7, y + height / 2 + 4, m.rows[r], "text-anchor=\"end\"");
    for (std::size_t c = 0; c < m.columns.size(); ++c)
      out += drawn(m.at(r, c), scale_at(c), x_of(c), y, cell, height);
  }
  if (!apart) out += colours(m.scales[0], left + 1, bottom + 10, legend);
  for (std::size_t c = 0; apart && c < m.columns.size(); ++c)
    out += colours(m.scales[c], x_of(c) + 4, bottom + 10, cell - 12);
  return out + "</svg>\n";
}

std::string anchor_of(configuration const& c) { return "cell." + c.name(); }

scale scale_of(analysis const& a, measured what) {
  if (what == sink) return {0, 1, false};
  double least = std::numeric_limits<double>::infinity(), most = 0;
  for (auto const& c : a.cells) {
    double const value = c.compared[what].value.middle;
    if (!std::isfinite(value) || value <= 0) continue;
    least = std::min(least, value);
    most = std::max(most, value);
  }
  if (!(least < most)) return {0.5, 2, measures[what].log};
  // Excess risks go down to nothing, which no scale should be spent on.
  if (what == risk) least = std::max(least, 1e-3), most = std::max(most, 2e-3);
  return {least, most, measures[what].log};
}

std::string decoupling(analysis const& a, std::string_view depth) {
  constexpr double width = 760, height = 470, left = 70, right = 20, top = 40, bottom = 56;
  auto const range = scale_of(a, peak);
  double const least = std::min(range.least, 0.9) / 1.1, most = std::max(range.most, 1.2) * 1.15;
  auto const x_of = [&](double value) {
    return left + (width - left - right) * std::clamp(value, 0.0, 1.0);
  };
  auto const y_of = [&](double value) {
    return height - bottom -
           (height - top - bottom) * std::log(value / least) / std::log(most / least);
  };
  auto out = fmt::format(
      "<svg viewBox=\"0 0 {0} {1}\" style=\"max-width:{0}px\" role=\"img\" aria-label=\"sink "
      "and peak of every cell\">",
      width, height);
  out += text(left, 20, "Which choices remove the peak and keep the sink", "font-weight=\"600\"");
  // Axes, with the levels that verdicts go by.
  out += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" "
                     "stroke=\"var(--rule)\"/>",
                     left, top, width - left - right, height - top - bottom);
  for (int i = 0; i <= 5; ++i) {
    out += text(x_of(i / 5.0), height - bottom + 18, fmt::format("{:.1f}", i / 5.0),
                "text-anchor=\"middle\"");
  }
  for (double const tick : {0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0}) {
    if (tick < least || tick > most) continue;
    out += text(left - 8, y_of(tick) + 4, fmt::format("{:g}", tick), "text-anchor=\"end\"");
  }
  auto const line = [&](double x1, double y1, double x2, double y2) {
    out += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"var(--muted)\" "
        "stroke-dasharray=\"4 3\"/>",
        x1, y1, x2, y2);
  };
  line(x_of(paper::sink.value), top, x_of(paper::sink.value), height - bottom);
  line(left, y_of(1.1), width - right, y_of(1.1));
  out += text(x_of(paper::sink.value) + 6, top + 15, fmt::format("sink from {}", paper::sink.value),
              "style=\"fill:var(--muted)\"");
  out += text(width - right - 6, y_of(1.1) - 6, "peak above 1.1",
              "text-anchor=\"end\" style=\"fill:var(--muted)\"");
  out += text((left + width - right) / 2, height - 14,
              "attention on <s> from non-triggers, share, median over seeds",
              "text-anchor=\"middle\"");
  out += fmt::format("<text transform=\"translate(18,{:.1f}) rotate(-90)\" font-size=\"12\" "
                     "text-anchor=\"middle\" "
                     "fill=\"var(--ink)\">residual norm, &lt;s&gt; / others, median</text>",
                     (top + height - bottom) / 2);
  for (auto const& c : a.cells) {
    if (c.of.depth != depth) continue;
    double const x = c.compared[sink].value.middle, y = c.compared[peak].value.middle;
    if (std::isnan(x) || std::isnan(y)) continue;
    bool const apart = c.learnt() && !c.peak_is_fixed() && x >= paper::sink.value && y <= 1.1;
    out += fmt::format(
        "<a href=\"#{}\"><circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{}\" fill=\"{}\" stroke=\"{}\" "
        "stroke-width=\"1.6\"><title>{}: sink {:.2f}, peak {:.2f}{}</title></circle></a>",
        anchor_of(c.of), x_of(x), y_of(y), c.baseline ? 7 : 5,
        !c.learnt() ? "none"
        : apart     ? "#d55e00"
                    : "#0072b2",
        c.baseline ? "var(--ink)"
        : apart    ? "#d55e00"
                   : "#0072b2",
        c.of.name(), x, y, c.learnt() ? "" : ", did not learn to copy");
    bool const names = c.baseline || apart;
    if (names) {
      auto const label = c.baseline                                    ? std::string("baseline")
                         : c.of.norm != configuration{}.norm           ? c.of.norm
                         : c.of.optimizer != configuration{}.optimizer ? c.of.optimizer
                                                                       : c.of.attention;
      out += text(x_of(x) + (x > 0.8 ? -9 : 9), y_of(y) + 4, label,
                  x > 0.8 ? "text-anchor=\"end\"" : "");
    }
  }
  return out + "</svg>\n";
}

} // namespace grid
