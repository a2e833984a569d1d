// SPDX-License-Identifier: MIT
// The page of `domains`: attention on token 0 against what a head is worth, and its controls.
#pragma once

#include "language_model/head_findings.hpp"

#include "common/page.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace language_model {

namespace dm = dormant;

namespace detail {
/// One layer: every head a line from one domain to the other.
inline std::string scatter(std::vector<head_on_domains> const& heads, std::size_t layer,
                           std::vector<std::string> const& names) {
  static constexpr std::string_view colours[] = {"#0067a5", "#d55e00", "#00835d", "#b0307a"};
  double least = 0, most = 0;
  for (auto const& h : heads) {
    for (auto const& d : h.on) {
      least = std::min({least, d.change.mean, d.change.low}); // min of NaN is the first
      most = std::max({most, d.change.mean, d.change.high});
    }
  }
  double const room = most - least > 0 ? 0.08 * (most - least) : 1;
  least -= room, most += room;
  double const left = 62, top = 34, size = 280;
  auto const x = [&](double attention) {
    return left + size * std::clamp(std::isnan(attention) ? 0 : attention, 0.0, 1.0);
  };
  auto const y = [&](double change) { return top + size * (most - change) / (most - least); };
  std::string out = fmt::format(
      "<svg viewBox=\"0 0 380 400\" style=\"max-width:380px\" role=\"img\" aria-label=\"layer "
      "{0}\">"
      "<text x=\"{1}\" y=\"20\" font-weight=\"600\" fill=\"var(--ink)\">Layer {0}</text>"
      "<rect x=\"{1}\" y=\"{2}\" width=\"{3}\" height=\"{3}\" fill=\"none\" "
      "stroke=\"var(--rule)\"/><line x1=\"{1}\" x2=\"{4}\" y1=\"{5:.1f}\" y2=\"{5:.1f}\" "
      "stroke=\"var(--rule)\"/>",
      layer, left, top, size, left + size, y(0));
  for (auto const& h : heads) {
    if (h.layer != layer) continue;
    out += fmt::format("<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" "
                       "stroke=\"var(--rule)\"/>",
                       x(h.on[0].attention.mean), y(h.on[0].change.mean), x(h.on[1].attention.mean),
                       y(h.on[1].change.mean));
    if (h.active_dormant()) {
      auto const& busy = h.active_dormant(0, 1) ? h.on[1] : h.on[0];
      out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"13\" font-weight=\"600\" "
                         "fill=\"var(--ink)\">head {}</text>",
                         x(busy.attention.mean) + 9, y(busy.change.mean) + 4, h.head);
    }
    for (std::size_t d = 0; d < h.on.size(); ++d) {
      auto const& p = h.on[d];
      if (!std::isnan(p.change.low)) { // there are rows for intervals
        out += fmt::format("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.1f}\" y2=\"{2:.1f}\" "
                           "stroke=\"{3}\"/>",
                           x(p.attention.mean), y(p.change.low), y(p.change.high), colours[d % 4]);
      }
      auto const attention = std::isnan(p.attention.mean) // all rows are of two tokens
                                 ? std::string("-")
                                 : fmt::format("{:.3f}", p.attention.mean);
      out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"{}\"><title>head {}, "
                         "{}: attention {}, change {:+.4f}</title></circle>",
                         x(p.attention.mean), y(p.change.mean), colours[d % 4], h.head,
                         page::escaped(names[d]), attention, p.change.mean);
    }
  }
  for (double const tic : {0.0, 0.5, 1.0}) {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"11\" text-anchor=\"middle\" "
                       "fill=\"var(--muted)\">{}</text>",
                       x(tic), top + size + 16, tic);
  }
  for (double const tic : {0.0, most - room}) {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" font-size=\"11\" text-anchor=\"end\" "
                       "fill=\"var(--muted)\">{:.2g}</text>",
                       left - 5, y(tic) + 4, tic);
  }
  out += fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"12\" fill=\"var(--muted)\">attention on "
                     "token 0</text><text transform=\"translate(14,{}) rotate(-90)\" "
                     "font-size=\"12\" text-anchor=\"middle\" fill=\"var(--muted)\">loss change, "
                     "nats a token</text>",
                     left, top + size + 34, top + size / 2);
  for (std::size_t d = 0; d < names.size(); ++d) {
    out += fmt::format("<circle cx=\"{0}\" cy=\"{1}\" r=\"4\" fill=\"{2}\"/><text x=\"{3}\" "
                       "y=\"{4}\" font-size=\"12\" fill=\"var(--ink)\">{5}</text>",
                       left + 110.0 * static_cast<double>(d) + 5, top + size + 50, colours[d % 4],
                       left + 110.0 * static_cast<double>(d) + 14, top + size + 54,
                       page::escaped(names[d]));
  }
  return out + "</svg>\n";
}

/// In bold where the interval lies on one side of 0.
inline std::string with_interval(dm::estimated_mean const& m) {
  auto const mean = fmt::format("{:+.4f}", m.mean);
  if (std::isnan(m.low)) return mean;
  return fmt::format("{} <span class=\"fine\">[{:+.4f}, {:+.4f}]</span>",
                     m.low > 0 || m.high < 0 ? "<b>" + mean + "</b>" : mean, m.low, m.high);
}
inline std::string words_of(control_found const& c) {
  switch (c.by) {
  case control::other_head: return fmt::format("head {} instead", c.other);
  case control::random_key: return "attends to a random key";
  case control::mean: return "its output is its mean";
  case control::swap: return "its output is another row's";
  }
  return {};
}
inline std::string table_of_controls(std::vector<head_on_domains> const& heads,
                                     std::vector<std::string> const& names,
                                     std::string_view removal) {
  std::vector<std::vector<std::string>> rows;
  for (auto const& h : heads) {
    if (h.controls.empty()) continue;
    rows.push_back({fmt::format("<b>layer {} head {}</b>: {}", h.layer, h.head, removal),
                    with_interval(h.on[0].change), with_interval(h.on[1].change)});
    for (auto const& c : h.controls) {
      auto& row = rows.emplace_back(std::vector{words_of(c)});
      for (auto const& change : c.change) row.push_back(change ? with_interval(*change) : "-");
    }
  }
  if (rows.empty()) return "";
  return "<h2>Controls</h2><p>A change like the removal's in the line below it means that another "
         "head of the layer would do as well. The mean, and the output of another row, change "
         "nothing where a head says the same of every text: where it is dormant. A random key "
         "makes "
         "a dormant head speak, which may do harm; where a head is active, it shows what it is "
         "worth "
         "to look at the right place.</p>" +
         page::html_table({"what is done", page::escaped(names[0]), page::escaped(names[1])},
                          rows) +
         "<p class=\"fine\">Loss change, nats a token; in bold where its interval lies on one side "
         "of "
         "0. Shown are the heads that are active on one domain and dormant on the other, then "
         "those whose loss change differs most.</p>";
}
} // namespace detail

/// \param removal what was done to each head, in words
/// \param about the folder, the texts and the command, as HTML
inline std::string domains_page(std::vector<head_on_domains> const& heads,
                                std::vector<std::string> const& names, std::string_view removal,
                                std::string_view about, std::string_view found) {
  auto html = page::begin("Heads on domains", page::style_sheet({}, ".layers{display:flex;"
                                                                    "flex-wrap:wrap;gap:1rem}"
                                                                    ".layers svg{flex:0 0 380px}"));
  html +=
      fmt::format("<h1>Which heads are active where</h1>{}<p class=\"lead\">{}</p>", about, found);
  html +=
      "<h2>Layer by layer</h2><p>To the right a head rests on token 0, to the top the model needs "
      "it. Grey lines join the two domains of a head; heads that are active on one and dormant on "
      "the "
      "other are named.</p><div class=\"layers\">";
  std::size_t const layers = heads.back().layer + 1;
  for (std::size_t l = 0; l < layers; ++l) html += detail::scatter(heads, l, names);
  html +=
      "</div><p class=\"fine\">Attention is the mean over the queries from 2 on, then over rows. ";
  html += std::isnan(heads.front().on[0].change.low)
              ? "There are too few rows for intervals."
              : "Lines are bootstrap intervals over rows that hold 95% for all heads and controls "
                "together.";
  return html + "</p>" + detail::table_of_controls(heads, names, removal) + std::string(page::end);
}

} // namespace language_model
