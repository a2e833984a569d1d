// SPDX-License-Identifier: MIT
// Maps of numbers, rows by columns, as SVG for the pages of these
// programs: every cell says its value.
#pragma once

#include "common/page.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace language_model {

/// What a map shows; `value(row, column)` may be NaN, which is left empty.
struct heat_map {
  std::string_view title, row_name, column_name;
  std::size_t rows, columns;
  std::function<double(std::size_t, std::size_t)> value;
  double least, most;     ///< of the scale of colours
  bool diverging = false; ///< two colours around 0, instead of one
};

namespace detail {
/// Blue to the right of white, orange to the left; readable by those who see no red or green.
inline std::string colour_of(double value, heat_map const& m) {
  double share = (value - m.least) / (m.most - m.least);
  share = std::clamp(share, 0.0, 1.0);
  auto const mix = [](double t, int from, int to) { return from + (to - from) * t; };
  if (!m.diverging) {
    return fmt::format("rgb({:.0f},{:.0f},{:.0f})", mix(share, 247, 0), mix(share, 249, 82),
                       mix(share, 251, 148));
  }
  double const side = 2 * share - 1, far = std::abs(side);
  return side < 0 ? fmt::format("rgb({:.0f},{:.0f},{:.0f})", mix(far, 247, 204), mix(far, 249, 85),
                                mix(far, 251, 0))
                  : fmt::format("rgb({:.0f},{:.0f},{:.0f})", mix(far, 247, 0), mix(far, 249, 82),
                                mix(far, 251, 148));
}
} // namespace detail

/// The map with labelled axes and its scale.
inline std::string drawn(heat_map const& m) {
  double const cell =
      std::clamp(560.0 / static_cast<double>(std::max(m.columns, m.rows)), 6.0, 30.0);
  double const left = 58, top = 34, width = cell * static_cast<double>(m.columns),
               height = cell * static_cast<double>(m.rows);
  double const page_width = left + std::max(width, 400.0) + 20, page_height = top + height + 92;
  std::string out =
      fmt::format("<svg viewBox=\"0 0 {0:.0f} {1:.0f}\" style=\"max-width:{0:.0f}px\" "
                  "role=\"img\" aria-label=\"{2}\">"
                  "<text x=\"{3}\" y=\"20\" font-weight=\"600\" fill=\"var(--ink)\">"
                  "{2}</text>",
                  page_width, page_height, page::escaped(m.title), left);
  for (std::size_t r = 0; r < m.rows; ++r) {
    for (std::size_t c = 0; c < m.columns; ++c) {
      double const value = m.value(r, c);
      if (std::isnan(value)) continue;
      out += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" "
                         "fill=\"{}\"><title>{} {}, {} {}: {:.4g}</title></rect>",
                         left + cell * static_cast<double>(c), top + cell * static_cast<double>(r),
                         cell - 1, cell - 1, detail::colour_of(value, m), m.row_name, r,
                         m.column_name, c, value);
    }
  }
  auto const step_of = [](std::size_t n) {
    return n <= 16 ? std::size_t{1} : n <= 40 ? std::size_t{4} : std::size_t{16};
  };
  for (std::size_t r = 0; r < m.rows; r += step_of(m.rows)) {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"11\" text-anchor=\"end\" "
                       "fill=\"var(--muted)\">{}</text>",
                       left - 5, top + cell * (static_cast<double>(r) + 0.5) + 4, r);
  }
  for (std::size_t c = 0; c < m.columns; c += step_of(m.columns)) {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"11\" text-anchor=\"middle\" "
                       "fill=\"var(--muted)\">{}</text>",
                       left + cell * (static_cast<double>(c) + 0.5), top + height + 14, c);
  }
  out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"12\" fill=\"var(--muted)\">{}"
                     "</text><text transform=\"translate(16,{:.1f}) rotate(-90)\" font-size=\"12\" "
                     "text-anchor=\"middle\" fill=\"var(--muted)\">{}</text>",
                     left, top + height + 32, m.column_name, top + height / 2, m.row_name);
  constexpr int steps = 40;
  for (int i = 0; i < steps; ++i) {
    double const value = m.least + (m.most - m.least) * (i + 0.5) / steps;
    out += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"5.2\" height=\"10\" fill=\"{}\"/>",
                       left + 5.0 * i, top + height + 46, detail::colour_of(value, m));
  }
  out += fmt::format("<text x=\"{0:.1f}\" y=\"{2:.1f}\" font-size=\"11\" fill=\"var(--muted)\">"
                     "{3:.3g}</text><text x=\"{1:.1f}\" y=\"{2:.1f}\" font-size=\"11\" "
                     "text-anchor=\"end\" fill=\"var(--muted)\">{4:.3g}</text></svg>\n",
                     left, left + 5.0 * steps, top + height + 70, m.least, m.most);
  return out;
}

} // namespace language_model
