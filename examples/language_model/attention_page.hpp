// SPDX-License-Identifier: MIT
// What the heads of a model attend to in one text: the probe that keeps it, and a page of maps.
#pragma once

#include "common/page.hpp"

#include <dormant/probe/row.hpp>
#include <dormant/sites.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace language_model {

namespace dm = dormant;

/// The attention pattern of every head in the first row, of its first tokens.
class first_row_attention {
public:
  static constexpr std::size_t most_tokens = 64;

  void operator()(dm::site::pattern at, dm::view<float const, 3> const& pattern) {
    if (at.sequence.index != 0) return;
    std::size_t const tokens = std::min(pattern.shape(1), most_tokens);
    for (std::size_t h = 0; h < pattern.shape(0); ++h) {
      auto& weights = seen_[at.layer][h].weights;
      for (std::size_t q = 0; q < tokens; ++q) {
        for (std::size_t k = 0; k <= q; ++k) weights.push_back(pattern(h, q, k));
      }
    }
  }
  void merge(first_row_attention const& later) { seen_ += later.seen_; }
  /// Row by row, q + 1 keys each.
  [[nodiscard]] std::vector<float> of(std::size_t layer, std::size_t head) const {
    return seen_.of(layer, head).weights;
  }

private:
  struct triangle {
    std::vector<float> weights;
    triangle& operator+=(triangle const& o) {
      weights.insert(weights.end(), o.weights.begin(), o.weights.end());
      return *this;
    }
  };
  dm::per_head<triangle> seen_;
};

/// A head whose map is shown, and its attention on token 0 over all texts.
struct mapped_head {
  std::size_t layer, head;
  double attention;
};

namespace detail {
// Weights in so many steps of colour: one path a step is a tenth of a page with a box a cell.
inline constexpr std::size_t steps_of_colour = 20;
inline std::string colour_of_step(std::size_t step) {
  double const share = static_cast<double>(step) / static_cast<double>(steps_of_colour);
  return fmt::format("rgb({:.0f},{:.0f},{:.0f})", 247 - 247 * share, 249 - 167 * share,
                     251 - 103 * share);
}
inline std::string map_of(mapped_head const& of, std::vector<float> const& weights,
                          std::vector<std::string> const& labels) {
  std::size_t const tokens = labels.size();
  double const cell = std::clamp(448.0 / static_cast<double>(tokens), 7.0, 22.0);
  double const left = 92, top = 34, size = cell * static_cast<double>(tokens);
  double const letters = std::min(cell + 2, 11.0);
  std::string out =
      fmt::format("<svg viewBox=\"0 0 {0:.0f} {1:.0f}\" style=\"max-width:{0:.0f}px\" role=\"img\" "
                  "aria-label=\"layer {2} head {3}\"><text x=\"{4}\" y=\"20\" font-weight=\"600\" "
                  "fill=\"var(--ink)\">Layer {2} head {3}: {5:.3f} on token 0</text>",
                  left + size + 14, top + size + 92, of.layer, of.head, left, of.attention);
  std::array<std::string, steps_of_colour + 1> paths;
  for (std::size_t q = 0, i = 0; q < tokens; ++q) {
    for (std::size_t k = 0; k <= q; ++k, ++i) {
      double const share = std::clamp(static_cast<double>(weights[i]), 0.0, 1.0);
      auto const step =
          static_cast<std::size_t>(std::lround(share * static_cast<double>(steps_of_colour)));
      paths[step] += fmt::format("M{} {}h1v1h-1z", k, q);
    }
  }
  out += fmt::format("<g transform=\"translate({},{}) scale({:.3f})\">", left, top, cell);
  for (std::size_t step = 0; step < paths.size(); ++step) {
    if (paths[step].empty()) continue;
    out += fmt::format("<path d=\"{}\" fill=\"{}\"/>", paths[step], colour_of_step(step));
  }
  out += "</g>";
  for (std::size_t t = 0; t < tokens; ++t) {
    double const middle = cell * (static_cast<double>(t) + 0.5) + 0.35 * letters;
    auto const how =
        fmt::format("font-size=\"{:.1f}\" text-anchor=\"end\" {}", letters,
                    t == 0 ? "font-weight=\"700\" fill=\"#d55e00\"" : "fill=\"var(--muted)\"");
    out += fmt::format("<text x=\"{}\" y=\"{:.1f}\" {}>{}</text>"
                       "<text transform=\"translate({:.1f},{:.1f}) rotate(-90)\" {}>{}</text>",
                       left - 5, top + middle, how, labels[t], left + middle, top + size + 6, how,
                       labels[t]);
  }
  return out + "</svg>\n";
}
} // namespace detail

/// \param labels of the first tokens of the first row, at most `most_tokens`, as HTML
/// \param about the folder, the texts and the command, as HTML paragraphs
inline std::string attention_page(first_row_attention const& row,
                                  std::vector<mapped_head> const& heads,
                                  std::vector<std::string> const& labels, std::string_view about,
                                  std::size_t of_heads) {
  auto html = page::begin("What heads attend to",
                          page::style_sheet({}, ".maps{display:grid;gap:1rem;grid-template-columns:"
                                                "repeat(auto-fill,minmax(480px,1fr))}"));
  html += fmt::format("<h1>What heads attend to</h1>{}<p class=\"lead\">The first {} tokens of the "
                      "first row, in the {} of {} heads with the most attention on token 0 over "
                      "all rows.</p><p>A line is a query, a column a key; white is 0, dark blue "
                      "1. Token 0 is <b style=\"color:#d55e00\">{}</b>, in orange.</p>"
                      "<div class=\"maps\">",
                      about, labels.size(), heads.size(), of_heads, labels.front());
  for (auto const& of : heads) html += detail::map_of(of, row.of(of.layer, of.head), labels);
  return html + "</div>" + std::string(page::end);
}

} // namespace language_model
