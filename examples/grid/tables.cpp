// SPDX-License-Identifier: MIT
// Tables, and how numbers, intervals and p-values are written in them.
#include "grid/tables.hpp"

#include "common/page.hpp"
#include "grid/pictures.hpp"

#include <fmt/format.h>

#include <cmath>
#include <string_view>
#include <vector>

namespace grid {

namespace {

using page::escaped;

std::string number(double x, int digits = 3) {
  return std::isnan(x) ? "&ndash;" : fmt::format("{:.{}g}", x, digits);
}
std::string interval(dm::interval const& i) {
  if (std::isnan(i.middle)) return "&ndash;";
  return fmt::format("{:.3g} <span class=\"fine\">{:.3g} to {:.3g}</span>", i.middle, i.low,
                     i.high);
}
std::string probability(double p) {
  if (std::isnan(p)) return "&ndash;";
  return p < 0.0001 ? fmt::format("{:.0e}", p) : fmt::format("{:.4f}", p);
}

} // namespace

std::string every_cell(analysis const& a,
                       std::function<std::string(unit const&)> const& file_of_unit) {
  std::vector<std::vector<std::string>> rows;
  for (auto const& c : a.cells) {
    std::string runs = fmt::format("<details id=\"{}\"><summary>{}</summary>", anchor_of(c.of),
                                   escaped(c.of.name()));
    for (auto const& s : c.seeds) {
      runs += fmt::format("<a href=\"{}\">{}</a> ", escaped(file_of_unit({c.of, s})),
                          s.init == s.data ? fmt::format("{}", s.init)
                                           : fmt::format("{}/{}", s.init, s.data));
    }
    runs += "</details>";
    for (std::size_t m = 0; m < measures.size(); ++m) {
      auto const& k = c.compared[m];
      rows.push_back({m == 0 ? runs : "", std::string(measures[m].key),
                      c.failed == 0 ? fmt::format("{}", c.runs)
                                    : fmt::format("{}, {} failed", c.runs, c.failed),
                      interval(k.value), interval(k.difference), probability(k.p),
                      probability(k.adjusted), probability(k.control_p), number(k.detectable),
                      std::string(c.verdict(measured(m)))});
    }
  }
  return page::html_table({"cell, with its runs", "measure", "n", "median, 95%",
                           "mean difference from<br>the baseline, 95%", "p, one-<br>sided",
                           "p, Holm", "p against<br>control", "could have<br>shown", "verdict"},
                          rows);
}

std::string chance(analysis const& a) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t m = 0; m < measures.size(); ++m) {
    rows.push_back({escaped(measures[m].title), interval(a.nothing[m]),
                    a.crossed ? interval(a.shares[m].init) : "&ndash;",
                    a.crossed ? interval(a.shares[m].data) : "&ndash;",
                    a.crossed ? interval(a.shares[m].rest) : "&ndash;"});
  }
  return page::html_table({"measure", "mean difference that other<br>seeds alone make, 95%",
                           "share of variance:<br>initial values", "data", "both together"},
                          rows);
}

std::string dormancy(analysis const& a) {
  std::vector<std::vector<std::string>> rows;
  for (auto const& s : a.scores) rows.push_back({s.name, interval(s.area), interval(s.kappa)});
  return page::html_table(
             {"score of a query", "area under the ROC curve", "kappa at its threshold"}, rows) +
         "<p class=\"fine\">Of the baseline: medians over seeds, 95%. A head is active where there "
         "is a trigger and "
         "dormant elsewhere, so every score can be held against the truth. An area of 0.5 says "
         "nothing; below it a "
         "score has it the wrong way. Attention is that on &lt;s&gt;; entropy that of the query's "
         "weights; value and "
         "output norms relative to the sequence's; share that of &lt;s&gt; in what is mixed.</p>";
}

} // namespace grid
