// SPDX-License-Identifier: MIT
// The report of `sinks`: which heads sink, what drains, what peaks.
#pragma once

#include "language_model/heat_map.hpp"
#include "language_model/measure.hpp"
#include "language_model/texts.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace language_model {

/// The share of heads above the threshold.
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
inline std::string number_or_dash(double x) {
  return std::isnan(x) ? "-" : fmt::format("{:.4g}", x);
}
} // namespace detail

/// "position 3, token 13 ('.') in all 5 rows", "token 13 ('.') where it first stands".
inline std::string place_of(secondary_sink const& s, std::optional<text_tokenizer> const& words) {
  if (!s.position) return fmt::format("token {} where it first stands", name_of(*s.token, words));
  if (!s.token) return fmt::format("position {}, which holds different tokens", *s.position);
  return fmt::format("position {}, token {}", *s.position, name_of(*s.token, words));
}

namespace detail {
inline std::string table_of(std::vector<secondary_sink> const& all,
                            std::optional<text_tokenizer> const& words) {
  constexpr std::size_t most = 30;
  auto const what = fmt::format(
      "Positions k from 1 on with more than {} of the attention of queries k + 2 and later, the "
      "mean over rows; and tokens that are such a position, where they first stand after position "
      "0, in more than half of the rows that have them. Positions with fewer than {} such queries "
      "are not judged.",
      sink_threshold, queries_of_a_sink);
  if (all.empty()) return "<p>There are none. <span class=\"fine\">" + what + "</span></p>";
  std::vector<std::vector<std::string>> rows;
  for (auto const& s : all) {
    if (rows.size() == most) break;
    rows.push_back({page::escaped(place_of(s, words)), fmt::format("{}", s.layer),
                    fmt::format("{}", s.head), fmt::format("{:.3f}", s.mass),
                    fmt::format("{} of {}", s.rows_above, s.rows)});
  }
  auto html = page::html_table({"where", "layer", "head", "attention", "rows"}, rows);
  if (all.size() > most) {
    html += fmt::format("<p>And {} more in secondary.csv.</p>", all.size() - most);
  }
  return html + "<p class=\"fine\">" + what + " Rows are those above it.</p>";
}
} // namespace detail

/// \param about the folder, the tokens and the command, as HTML paragraphs
inline std::string sinks_page(measurement const& m, std::vector<secondary_sink> const& secondary,
                              std::optional<text_tokenizer> const& words, std::string_view about) {
  double largest_gap = 1e-9; // a scale of nothing has no colours
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
      "</div><p class=\"fine\">Attention on token 0 is the mean over the queries from 2 on; the "
      "score gap is over the other keys that a query sees; value norms are |W_O v|; the entropy is "
      "0 where a "
      "query attends to one key, 1 where to all alike.</p><h2>Sinks beside token 0</h2>";
  html += detail::table_of(secondary, words);
  html += "<h2>Norm of the residual stream after each part</h2>" + drawn(m.norms, m.s.layers) +
          "<h2>Layers</h2>";
  std::vector<std::vector<std::string>> rows;
  for (std::size_t l = 0; l < m.s.layers; ++l) {
    auto const large = m.massive.largest(l);
    rows.push_back(
        {fmt::format("{}", l), detail::number_or_dash(m.norms.mid(l).bos.mean()),
         detail::number_or_dash(m.norms.mid(l).other.mean()), fmt::format("{:.4g}", m.peak.bos(l)),
         fmt::format("{:.4g}", m.peak.other(l)), fmt::format("{:.3g}", m.peak.ratio(l)),
         fmt::format("{:.4g}", large.size), fmt::format("{} / {}", large.position, large.channel),
         fmt::format("{:.3g}", m.massive.ratio(l)), fmt::format("{:.3g}", m.massive.kurtosis(l)),
         fmt::format("{:.3g}", m.massive.kurtosis_at_sinks(l))});
  }
  html += page::html_table({"layer", "after attention,<br>token 0", "<br>others",
                            "after the layer,<br>token 0", "<br>others", "ratio",
                            "largest<br>element", "its position<br>/ channel", "over the<br>mean",
                            "kurtosis", "kurtosis,<br>token 0"},
                           rows);
  html += "<p class=\"fine\">Norms are Euclidean, of the residual stream; the last layer's is from "
          "before the final norm. Where attention and MLP read the same stream there is nothing "
          "between "
          "them.</p>";
  return html + std::string(page::end);
}

} // namespace language_model
