// SPDX-License-Identifier: MIT
// The page.
#include "grid/report.hpp"

#include "common/page.hpp"
#include "common/run_info.hpp"
#include "common/thresholds.hpp"
#include "grid/attentions.hpp"
#include "grid/axes.hpp"
#include "grid/pictures.hpp"
#include "grid/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

namespace grid {

namespace {

using page::escaped;
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::string words_of(std::string const& attention) {
  for (auto const& a : attentions::all()) {
    if (a.name == attention) return a.words;
  }
  return attention;
}

cell const* found(analysis const& a, configuration const& c) {
  auto const place = std::ranges::find_if(a.cells, [&](cell const& o) { return o.of == c; });
  return place == a.cells.end() ? nullptr : &*place;
}

square square_of(analysis const& a, configuration const& c, measured what) {
  auto const* const at = found(a, c);
  if (at == nullptr) return {.value = nan};
  auto const& k = at->compared[what];
  return {.value = k.value.middle,
          .text = fmt::format("{:.2g}", k.value.middle),
          .hint = fmt::format("{}: {:.3g} ({:.3g} to {:.3g}), {}", c.name(), k.value.middle,
                              k.value.low, k.value.high, at->verdict(what)),
          .link = "#" + anchor_of(c),
          .marked = at->shows(what)};
}

map empty_map(analysis const& a, measured what) {
  return {.title = fmt::format("{} ({})", measures[what].title, measures[what].unit),
          .scales = {scale_of(a, what)}};
}

std::vector<std::string> values_of(analysis const& a, std::string configuration::*axis,
                                   std::string_view depth) {
  std::vector<std::string> out;
  for (auto const& c : a.cells) {
    if (c.of.depth == depth && std::ranges::find(out, c.of.*axis) == out.end())
      out.push_back(c.of.*axis);
  }
  return out;
}

configuration usual_of(analysis const& a, std::string_view depth) {
  auto c = a.cells.front().of;
  configuration const usual;
  c.attention = usual.attention, c.norm = usual.norm, c.optimizer = usual.optimizer,
  c.depth = depth;
  return c;
}

/// One map for each measure of two axes, where there is more than their cross to show.
std::string slices(analysis const& a, std::string configuration::*rows,
                   std::string configuration::*columns, std::string_view row_title,
                   std::string_view column_title, std::string_view depth) {
  auto const usual = usual_of(a, depth);
  auto const names = values_of(a, rows, depth), others = values_of(a, columns, depth);
  std::size_t there = 0;
  auto const at = [&](std::size_t r, std::size_t c) {
    auto of = usual;
    of.*rows = names[r], of.*columns = others[c];
    return of;
  };
  for (std::size_t r = 0; r < names.size(); ++r) {
    for (std::size_t c = 0; c < others.size(); ++c) there += found(a, at(r, c)) != nullptr ? 1 : 0;
  }
  if (names.size() < 2 || others.size() < 2 || there < names.size() + others.size()) return "";
  std::string out = fmt::format("<h3>{} by {}</h3><div class=\"maps\">", row_title, column_title);
  for (std::size_t m = 0; m < measures.size(); ++m) {
    auto picture = empty_map(a, measured(m));
    picture.row_title = row_title, picture.column_title = column_title;
    picture.rows = names, picture.columns = others;
    picture.at = [&](std::size_t r, std::size_t c) { return square_of(a, at(r, c), measured(m)); };
    out += drawn(picture);
  }
  return out + "</div>\n";
}

/// What a map of one axis is of: every value of it, everything else as usual.
std::string one_at_a_time(analysis const& a, std::string configuration::*axis,
                          std::string_view title, std::string_view depth) {
  auto const usual = usual_of(a, depth);
  std::vector<std::string> there;
  for (auto const& name : values_of(a, axis, depth)) {
    auto c = usual;
    c.*axis = name;
    if (found(a, c) != nullptr) there.push_back(name);
  }
  if (there.size() < 2) return "";
  map picture{.title = fmt::format("{}: all else as in the baseline", title),
              .row_title = std::string(title)};
  for (auto const& name : there)
    picture.rows.push_back(axis == &configuration::attention ? words_of(name) : name);
  for (std::size_t m = 0; m < measures.size(); ++m) {
    picture.columns.push_back(fmt::format("{}, {}", measures[m].key, measures[m].unit));
    picture.scales.push_back(scale_of(a, measured(m)));
  }
  picture.at = [&](std::size_t r, std::size_t m) {
    auto c = usual;
    c.*axis = there[r];
    return square_of(a, c, measured(m));
  };
  return drawn(picture);
}

std::string phases(std::vector<phase> const& all, std::string_view what, std::string_view x_title,
                   std::string_view y_title, analysis const& a) {
  if (all.empty()) return "";
  std::vector<double> xs, ys;
  for (auto const& p : all) {
    if (std::ranges::find(xs, p.x) == xs.end()) xs.push_back(p.x);
    if (std::ranges::find(ys, p.y) == ys.end()) ys.push_back(p.y);
  }
  std::ranges::sort(xs);
  std::ranges::sort(ys, std::greater<>{});
  std::string out = fmt::format("<h3>{}</h3><p>Medians of {} runs a square, softmax, no test.</p>"
                                "<div class=\"maps\">",
                                what, all.front().runs);
  for (std::size_t m = 0; m < measures.size(); ++m) {
    auto picture = empty_map(a, measured(m));
    double least = std::numeric_limits<double>::infinity(), most = 0;
    for (auto const& p : all) {
      if (!(p.medians[m] > 0)) continue;
      least = std::min(least, p.medians[m]), most = std::max(most, p.medians[m]);
    }
    if (m != sink && least < most) picture.scales[0] = {std::max(least, 1e-3), most, true};
    picture.row_title = y_title, picture.column_title = x_title;
    for (double const y : ys) picture.rows.push_back(fmt::format("{}", y));
    for (double const x : xs) picture.columns.push_back(fmt::format("{}", x));
    picture.at = [&](std::size_t r, std::size_t c) -> square {
      for (auto const& p : all) {
        if (p.x != xs[c] || p.y != ys[r]) continue;
        return {.value = p.medians[m],
                .text = fmt::format("{:.2g}", p.medians[m]),
                .hint =
                    fmt::format("{} {}, {} {}: {:.3g}", x_title, p.x, y_title, p.y, p.medians[m])};
      }
      return {.value = nan};
    };
    out += drawn(picture);
  }
  return out + "</div>\n";
}

std::string rates(analysis const& a) {
  if (a.rates.empty()) return "";
  std::vector<double> factors;
  double least = std::numeric_limits<double>::infinity(), most = 0;
  map picture{.title = "loss, nats, median over seeds",
              .row_title = "optimizer",
              .column_title = "factor on its rate"};
  for (auto const& r : a.rates) {
    if (std::ranges::find(factors, r.factor) == factors.end()) factors.push_back(r.factor);
    if (std::ranges::find(picture.rows, r.optimizer) == picture.rows.end())
      picture.rows.push_back(r.optimizer);
    if (!std::isnan(r.loss)) least = std::min(least, r.loss), most = std::max(most, r.loss);
  }
  for (double const f : factors) picture.columns.push_back(fmt::format("{}", f));
  picture.scales = {{least, std::max(most, least * 1.001), true}};
  picture.at = [&](std::size_t row, std::size_t column) -> square {
    for (auto const& r : a.rates) {
      if (r.optimizer == picture.rows[row] && r.factor == factors[column])
        return {.value = r.loss, .text = fmt::format("{:.3f}", r.loss)};
    }
    return {.value = nan};
  };
  return fmt::format(
      "<h2>Learning rates</h2><p>The baseline with every optimizer, {} runs a square.</p>{}",
      a.rates.front().runs, drawn(picture));
}

constexpr std::string_view how_to_read =
    "<p>A frame marks a cell that differs from the baseline of its depth, softmax attention, "
    "pre-norm, AdamW, in "
    "the direction asked about (less sink, less drain, less peak, more risk): p is up to 0.05 in "
    "the one-sided "
    "sign-flip test of the mean difference on the same seeds, after Holm's correction over all "
    "cells and measures, "
    "and against a control of equal budget, which is what other seeds alone do to the baseline. "
    "Click a cell for its "
    "numbers and its runs. &ldquo;Could have shown&rdquo; is the difference that so many seeds "
    "find in four of five "
    "studies at Holm's first bar, the control apart: a cell that is not shown may still differ by "
    "less. "
    "&ldquo;Removed&rdquo; is a sink of at most 0.05, a drain or peak within a tenth of 1, with "
    "the whole interval. Sinks "
    "are judged where nine of ten runs learnt to copy, in the cell and in the baseline. Post-norm "
    "holds all residual "
    "norms alike, so it is not judged by peaks.</p>";

constexpr std::string_view own_style =
    ".maps{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(420px,1fr))}"
    "summary{cursor:pointer}td .fine{display:block}";

} // namespace

std::string report(analysis const& a, std::function<std::string(unit const&)> const& file_of_unit,
                   std::string const& command) {
  auto html = page::begin("What makes and unmakes sinks, drains and peaks",
                          page::style_sheet({}, own_style));
  std::size_t runs = 0, failed = 0;
  for (auto const& c : a.cells) runs += c.runs, failed += c.failed;
  html += fmt::format(
      "<h1>What makes and unmakes sinks, drains and peaks</h1><p class=\"lead\">{} cells, {} "
      "runs{}, Bigram-Backcopy, width 64, context 64.</p>",
      a.cells.size(), runs, failed == 0 ? "" : fmt::format(", {} of which failed", failed));
  if (!a.cells.empty()) {
    html += fmt::format(
        "<p>{} tests; the smallest p that {} seeds can give is {:.1e}{}.</p>{}", a.tests,
        a.cells.front().runs, a.smallest_p,
        a.smallest_p * static_cast<double>(a.tests) > 0.05
            ? ", <b>too large for so many tests: nothing can be shown with so few seeds</b>"
            : "",
        how_to_read);
  }
  for (auto const& depth : depth_names) {
    bool const there =
        std::ranges::any_of(a.cells, [&](cell const& c) { return c.of.depth == depth; });
    if (!there) continue;
    html += fmt::format("<h2>{}</h2>",
                        depth == "minimal" ? "MLP | attention + MLP | MLP" : "One layer");
    html += one_at_a_time(a, &configuration::attention, "attention", depth);
    html += one_at_a_time(a, &configuration::norm, "norm and its place", depth);
    html += one_at_a_time(a, &configuration::optimizer, "optimizer", depth);
    html += slices(a, &configuration::attention, &configuration::norm, "attention", "norm", depth);
    html += slices(a, &configuration::attention, &configuration::optimizer, "attention",
                   "optimizer", depth);
    html += slices(a, &configuration::norm, &configuration::optimizer, "norm", "optimizer", depth);
    html += "<h3>Sinks without peaks</h3>" + decoupling(a, depth);
  }
  html += rates(a);
  if (!a.rate_decay.empty() || !a.triggers_context.empty()) html += "<h2>Phases</h2>";
  html += phases(a.rate_decay, "Learning rate and weight decay", "factor on the learning rate",
                 "weight decay", a);
  html += phases(a.triggers_context, "Triggers and context", "context, tokens", "triggers", a);
  if (!a.cells.empty()) {
    html += "<h2>Chance</h2>" + chance(a) +
            "<p class=\"fine\">Shares of variance of the baseline: 5 initialisations crossed with "
            "4 seeds of data, "
            "bootstrap over both.</p><h2>Which score tells a dormant head</h2>" +
            dormancy(a) + "<h2>Every cell</h2>" + every_cell(a, file_of_unit);
  }
  html += fmt::format(
      "<h2>How to repeat it</h2><pre>{}</pre><p class=\"fine\">dormant on {}. grid.csv has every "
      "run, comparisons.csv every comparison.</p>",
      escaped(command), escaped(program::simd()));
  html += "<script>addEventListener('hashchange',open_cell);function open_cell(){var "
          "d=document.getElementById("
          "decodeURIComponent(location.hash.slice(1)));if(d&&d.tagName==='DETAILS')d.open=true}"
          "open_cell()</script>";
  return html + std::string(page::end);
}

} // namespace grid
