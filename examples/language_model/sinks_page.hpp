// SPDX-License-Identifier: MIT
// The report of `sinks`: which heads sink, what drains, what peaks.
#pragma once

#include "language_model/heat_map.hpp"
#include "language_model/measure.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace language_model {

/// The share of heads with more than this on token 0 is the sink rate (arXiv 2410.10781).
inline constexpr double sink_threshold = 0.3;

inline double sink_rate(measurement const& m) {
  double sinks = 0;
  for (std::size_t l = 0; l < m.s.layers; ++l) {
    for (std::size_t h = 0; h < m.s.heads; ++h) sinks += m.sink.mean(l, h) > sink_threshold;
  }
  return sinks / static_cast<double>(m.s.layers * m.s.heads);
}

namespace detail {
template <class Value>
std::string layers_by_heads(measurement const& m, std::string_view title, double least, double most,
                            bool diverging, Value value) {
  return drawn({.title = title,
                .row_name = "layer",
                .column_name = "head",
                .rows = m.s.layers,
                .columns = m.s.heads,
                .value = value,
                .least = least,
                .most = most,
                .diverging = diverging});
}
} // namespace detail

/// \param about the folder, the tokens and the command, as HTML paragraphs
inline std::string sinks_page(measurement const& m, std::string_view about) {
  double largest_gap = 0;
  for (std::size_t l = 0; l < m.s.layers; ++l) {
    for (std::size_t h = 0; h < m.s.heads; ++h) {
      largest_gap = std::max(largest_gap, std::abs(m.gap.over_visible(l, h)));
    }
  }
  auto html = page::begin("Sinks, drains and peaks",
                          page::style_sheet({}, ".maps{display:grid;gap:1rem;grid-template-columns:"
                                                "repeat(auto-fill,minmax(480px,1fr))}"));
  html +=
      fmt::format("<h1>Sinks, drains and peaks</h1>{}<p class=\"lead\">{:.1f}% of the heads put "
                  "more than {} of their attention on token 0. Loss {:.4f} nats a token.</p>",
                  about, 100 * sink_rate(m), sink_threshold, m.loss);
  html += "<h2>Heads</h2><div class=\"maps\">";
  html += detail::layers_by_heads(m, "Attention on token 0", 0, 1, false,
                                  [&](auto l, auto h) { return m.sink.mean(l, h); });
  html += detail::layers_by_heads(m, "Attention on the key with most", 0, 1, false,
                                  [&](auto l, auto h) { return m.mass.largest(l, h); });
  html += detail::layers_by_heads(m, "Score gap of token 0", -largest_gap, largest_gap, true,
                                  [&](auto l, auto h) { return m.gap.over_visible(l, h); });
  html += detail::layers_by_heads(m, "Value norm of token 0 over others", 0, 2, false,
                                  [&](auto l, auto h) { return m.drain.ratio(l, h); });
  html += detail::layers_by_heads(m, "Entropy of attention", 0, 1, false,
                                  [&](auto l, auto h) { return m.entropy.mean(l, h); });
  html +=
      "</div><p class=\"fine\">Attention on token 0 is the mean over the queries after it; the "
      "score gap "
      "is over the other keys that a query sees; value norms are |W_O v|; the entropy is 0 where a "
      "query attends to one key, 1 where to all alike.</p><h2>Layers</h2>";
  std::vector<std::vector<std::string>> rows;
  for (std::size_t l = 0; l < m.s.layers; ++l) {
    auto const large = m.massive.largest(l);
    rows.push_back(
        {fmt::format("{}", l), fmt::format("{:.4g}", m.peak.bos(l)),
         fmt::format("{:.4g}", m.peak.other(l)), fmt::format("{:.3g}", m.peak.ratio(l)),
         fmt::format("{:.4g}", large.size), fmt::format("{} / {}", large.position, large.channel),
         fmt::format("{:.3g}", m.massive.ratio(l)), fmt::format("{:.3g}", m.massive.kurtosis(l)),
         fmt::format("{:.3g}", m.massive.kurtosis_at_sinks(l))});
  }
  html += page::html_table({"layer", "norm,<br>token 0", "norm,<br>others", "ratio",
                            "largest<br>element", "its position<br>/ channel", "over the<br>mean",
                            "kurtosis", "kurtosis,<br>token 0"},
                           rows);
  html +=
      "<p class=\"fine\">Norms are Euclidean, of the residual stream as each layer leaves it. The "
      "last layer's is from before the final norm.</p>";
  return html + std::string(page::end);
}

} // namespace language_model
