// SPDX-License-Identifier: MIT
// What `ablate` says of each removal, and its page: loss change by layer
// and head, and a table of parts.
#pragma once

#include "language_model/heat_map.hpp"
#include "language_model/removals.hpp"
#include "language_model/simultaneous.hpp"

#include <dormant/statistics.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace language_model {

/// What a removal does; the interval of the loss is over rows, and holds for all removals together.
struct effect {
  removed_part const* of;
  dm::estimated_mean loss; ///< change, nats a token
  double attention; ///< change on token 0, over the heads of all later layers; NaN after the last
  double norm_0, norm_others; ///< of the residual stream over that without, from this layer on

  /// Whether the interval lies above 0, or below.
  [[nodiscard]] bool is_missed() const { return loss.low > 0; }
  [[nodiscard]] bool is_better_without() const { return loss.high < 0; }
};

/// Loss changes are paired by row. Where rows are too few, the ends of their intervals are NaN.
inline std::vector<effect> effects_of(all_removals const& all) {
  std::size_t const removals = all.parts.size();
  bool const enough = all.without.losses.size() >= rows_needed(removals);
  std::vector<effect> out;
  for (auto const& p : all.parts) {
    std::vector<double> change;
    for (std::size_t b = 0; b < p.found.losses.size(); ++b) {
      change.push_back(p.found.losses[b] - all.without.losses[b]);
    }
    double attention = 0, norms[2] = {}, norms_without[2] = {};
    for (std::size_t l = p.layer; l < all.layers; ++l) {
      auto const &now = p.found.layers[l], &before = all.without.layers[l];
      if (l > p.layer) attention += now.attention - before.attention;
      norms[0] += now.norm_0, norms_without[0] += before.norm_0;
      norms[1] += now.norm_others, norms_without[1] += before.norm_others;
    }
    out.push_back({&p, mean_among(removals, change, enough),
                   attention / static_cast<double>(all.layers - 1 - p.layer),
                   norms[0] / norms_without[0], norms[1] / norms_without[1]});
  }
  return out;
}

/// "layer 3", "layer 3 mlp", "layer 3 head 2".
inline std::string name_of(removed_part const& p) {
  auto name = fmt::format("layer {}", p.layer);
  if (p.what == part::head) return name + fmt::format(" head {}", p.head);
  return p.what == part::layer ? name : name + ' ' + std::string(name_of(p.what));
}

namespace detail {
inline effect const& find(std::vector<effect> const& all, std::size_t layer, part what,
                          std::size_t head, substitute by) {
  return *std::find_if(all.begin(), all.end(), [&](effect const& e) {
    return e.of->layer == layer && e.of->what == what && e.of->head == head && e.of->by == by;
  });
}
template <class Value>
std::string of_heads(all_removals const& all, std::vector<effect> const& effects, substitute by,
                     std::string_view title, double largest, double middle, Value value) {
  return drawn({.title = title,
                .row_name = "layer",
                .column_name = "head",
                .rows = all.layers,
                .columns = all.heads,
                .value = [&](std::size_t l,
                             std::size_t h) { return value(find(effects, l, part::head, h, by)); },
                .least = middle - largest,
                .most = middle + largest,
                .diverging = true});
}
template <class Value>
double largest_of_heads(std::vector<effect> const& effects, bool all, Value value) {
  double largest = 1e-9; // a scale of nothing has no colours
  for (auto const& e : effects) {
    if (e.of->what != part::head || (!all && e.of->by != substitute::zero)) continue;
    largest = std::max(largest, std::abs(value(e))); // which is not NaN then
  }
  return largest;
}
/// In bold where the interval lies on one side of 0.
inline std::string change_and_interval(effect const& e) {
  auto const change = fmt::format("{:+.4f}", e.loss.mean);
  bool const clear = e.is_missed() || e.is_better_without();
  auto const shown = clear ? "<b>" + change + "</b>" : change;
  if (std::isnan(e.loss.low)) return shown;
  return shown +
         fmt::format(" <span class=\"fine\">[{:+.4f}, {:+.4f}]</span>", e.loss.low, e.loss.high);
}
inline std::string number_or_dash(double x, bool sign) {
  if (std::isnan(x)) return "-";
  return sign ? fmt::format("{:+.3f}", x) : fmt::format("{:.{}f}", x, x < 10 ? 3 : 0);
}
inline std::vector<std::string> cells_of_downstream(effect const& e) {
  return {number_or_dash(e.attention, true), number_or_dash(e.norm_0, false),
          number_or_dash(e.norm_others, false)};
}
} // namespace detail

/// \param about the folder, the texts and the command, as HTML paragraphs
/// \param found what is to be said first, as HTML
inline std::string ablate_page(all_removals const& all, std::vector<effect> const& effects,
                               std::string_view about, std::string_view found) {
  auto html = page::begin("What a model does without its parts",
                          page::style_sheet({}, ".maps{display:grid;gap:1rem;grid-template-columns:"
                                                "repeat(auto-fill,minmax(480px,1fr))}"));
  html += fmt::format("<h1>What a model does without its parts</h1>{}<p class=\"lead\">{}</p>",
                      about, found);
  auto const loss = [](effect const& e) { return e.loss.mean; };
  auto const attention = [](effect const& e) { return e.attention; };
  auto const norm = [](effect const& e) { return e.norm_0 - 1; };
  double const losses = detail::largest_of_heads(effects, true, loss);
  html += "<h2>Loss without a head</h2><p>Blue: the loss grows without the head, by so many nats a "
          "token.</p><div class=\"maps\">";
  html += detail::of_heads(all, effects, substitute::zero, "Its output is zero", losses, 0, loss);
  html +=
      detail::of_heads(all, effects, substitute::mean, "Its output is its mean", losses, 0, loss);
  html += detail::of_heads(all, effects, substitute::to_bos, "It attends to token 0 alone", losses,
                           0, loss);
  html += "</div><h2>What later layers do then</h2><div class=\"maps\">";
  html += detail::of_heads(all, effects, substitute::zero, "Change of attention on token 0",
                           detail::largest_of_heads(effects, false, attention), 0, attention);
  html += detail::of_heads(
      all, effects, substitute::zero, "Norm of token 0 over that with the head",
      detail::largest_of_heads(effects, false, norm), 1, [](effect const& e) { return e.norm_0; });
  html +=
      "</div><p class=\"fine\">The head's output is zero. Attention is the mean over the heads of "
      "all later layers; there are none after the last. Norms are of the residual stream, the "
      "mean over layers from that of the head on.</p><h2>Attentions, MLPs and layers</h2>";
  std::vector<std::vector<std::string>> rows;
  for (std::size_t l = 0; l < all.layers; ++l) {
    for (auto const what : {part::attention, part::mlp, part::layer}) {
      auto const& zero = detail::find(effects, l, what, 0, substitute::zero);
      auto const& mean = detail::find(effects, l, what, 0, substitute::mean);
      auto& row = rows.emplace_back();
      row = {name_of(*zero.of), detail::change_and_interval(zero),
             detail::change_and_interval(mean)};
      for (auto& cell : detail::cells_of_downstream(zero)) row.push_back(std::move(cell));
    }
  }
  html += page::html_table({"without", "loss change,<br>its output zero",
                            "loss change,<br>its output its mean", "attention on<br>token 0 after",
                            "norm,<br>token 0", "norm,<br>others"},
                           rows);
  html += "<p class=\"fine\">The last three columns are those of the output zero: change of "
          "attention in "
          "later layers, and norms over those with the part.</p><h2>The heads that are missed "
          "most</h2>";
  std::vector<effect const*> heads;
  for (auto const& e : effects) {
    if (e.of->what == part::head && e.of->by == substitute::zero) heads.push_back(&e);
  }
  std::stable_sort(heads.begin(), heads.end(),
                   [](auto const* a, auto const* b) { return a->loss.mean > b->loss.mean; });
  heads.resize(std::min<std::size_t>(heads.size(), 20));
  rows.clear();
  for (auto const* zero : heads) {
    auto const& p = *zero->of;
    auto const by = [&](substitute s) {
      return detail::change_and_interval(detail::find(effects, p.layer, part::head, p.head, s));
    };
    auto& row = rows.emplace_back();
    row = {name_of(p), by(substitute::zero), by(substitute::mean), by(substitute::to_bos)};
    for (auto& cell : detail::cells_of_downstream(*zero)) row.push_back(std::move(cell));
  }
  html += page::html_table({"without", "loss change,<br>its output zero", "its mean",
                            "attends to<br>token 0 alone", "attention on<br>token 0 after",
                            "norm,<br>token 0", "norm,<br>others"},
                           rows);
  return html +
         fmt::format(
             "<p class=\"fine\">Intervals are bootstrap intervals over the {} rows that hold 95% "
             "for "
             "all removals together; few rows make them too narrow. Changes whose interval lies "
             "on one side of 0 are bold. The mean of an output is over all positions of all "
             "rows, position 0 with them.</p>",
             all.without.losses.size()) +
         std::string(page::end);
}

} // namespace language_model
