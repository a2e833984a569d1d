// SPDX-License-Identifier: MIT
// Statistics of a grid.
#include "grid/analysis.hpp"

#include "common/thresholds.hpp"

#include "dormant/io/csv.hpp"
#include "dormant/multiple_comparisons.hpp"
#include "dormant/null_control.hpp"
#include "dormant/paired_test.hpp"
#include "dormant/power.hpp"
#include "dormant/rank_test.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

namespace grid {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double level = 0.05;

/// The layer that has the head.
int head_of(configuration const& c) { return c.depth == "minimal" ? 1 : 0; }

using lookup = std::map<std::string, result const*>;

std::vector<double> numbers_of(configuration const& c, std::vector<dm::seeds> const& seeds,
                               lookup const& by_name, measured what) {
  std::vector<double> out;
  for (auto const& s : seeds) out.push_back(number_of(c, *by_name.at(unit{c, s}.name()), what));
  return out;
}

std::vector<cell> cells_in(plan const& p, lookup const& by_name) {
  std::vector<cell> out;
  for (auto const& u : p.of(sheets::grid)) {
    auto place = std::ranges::find_if(out, [&](cell const& c) { return c.of == u.of; });
    if (place == out.end()) place = out.insert(out.end(), cell{.of = u.of});
    place->seeds.push_back(u.seeds);
    place->runs += 1;
    place->failed += by_name.at(u.name())->failed.empty() ? 0 : 1;
  }
  for (auto& c : out) {
    for (std::size_t m = 0; m < measures.size(); ++m)
      c.values[m] = numbers_of(c.of, c.seeds, by_name, measured(m));
  }
  return out;
}

/// The cell that one is compared with: the usual one of its depth.
cell const* baseline_of(cell const& c, std::vector<cell> const& all) {
  configuration usual;
  usual.depth = c.of.depth, usual.steps = c.of.steps, usual.batch = c.of.batch;
  auto const place = std::ranges::find_if(all, [&](cell const& o) { return o.of == usual; });
  return place == all.end() ? nullptr : &*place;
}

/// Differences in the direction that is asked about.
std::vector<double> signed_differences(std::vector<double> const& cell,
                                       std::vector<double> const& base, measure const& m) {
  return m.falls ? dm::differences_of(base, cell) : dm::differences_of(cell, base);
}

dm::interval mean_interval(std::vector<double> const& values) {
  auto const m = dm::mean_of(values);
  return {m.low, m.mean, m.high};
}

/// What other seeds alone do to a baseline: differences of pairs of its runs in the control, none
/// if that has not as many as there are runs.
std::vector<double> null_of(cell const& base, std::vector<unit> const& control,
                            lookup const& by_name, std::size_t m) {
  std::vector<double> runs;
  for (auto const& u : control) {
    if (u.of == base.of) runs.push_back(number_of(u.of, *by_name.at(u.name()), measured(m)));
  }
  if (runs.size() != 2 * base.runs) return {};
  auto const half = runs.begin() + static_cast<std::ptrdiff_t>(base.runs);
  return dm::null_difference({runs.begin(), half}, {half, runs.end()});
}

void compare(std::vector<cell>& cells, plan const& p, lookup const& by_name, analysis& out) {
  auto const control = p.of(sheets::control);
  struct question {
    comparison* answer;
    std::vector<double> differences;
  };
  std::vector<question> asked;
  std::vector<double> ps;
  for (std::size_t m = 0; m < measures.size(); ++m) {
    std::map<cell const*, std::vector<double>> nulls;
    for (auto& c : cells) {
      auto& to = c.compared[m];
      to.value = dm::median_interval(c.values[m]);
      auto const* const base = baseline_of(c, cells);
      c.baseline = base == &c;
      to.p = to.adjusted = to.control_p = to.detectable = nan;
      to.difference = {nan, nan, nan};
      if (base == nullptr) continue;
      c.against_learnt = base->learnt();
      auto const place = nulls.try_emplace(base).first;
      if (place->second.empty()) place->second = null_of(*base, control, by_name, m);
      if (&c == &cells.front()) out.nothing[m] = mean_interval(place->second);
      if (c.baseline || base->values[m].size() != c.values[m].size()) continue;
      auto differences = signed_differences(c.values[m], base->values[m], measures[m]);
      to.difference = mean_interval(dm::differences_of(c.values[m], base->values[m]));
      to.p = dm::sign_flip_test(differences).p;
      to.control_p = dm::mann_whitney_test(differences, place->second, dm::tail::upper).p;
      ps.push_back(to.p);
      asked.push_back({&to, std::move(differences)});
    }
  }
  out.tests =
      static_cast<std::size_t>(std::ranges::count_if(ps, [](double x) { return !std::isnan(x); }));
  out.smallest_p = dm::smallest_p(cells.front().runs);
  auto const adjusted = dm::holm(ps);
  double const first_bar = level / static_cast<double>(std::max<std::size_t>(out.tests, 1));
  for (std::size_t i = 0; i < asked.size(); ++i) {
    asked[i].answer->adjusted = adjusted[i];
    asked[i].answer->detectable =
        dm::detectable_difference(asked[i].differences, {.level = first_bar}).middle;
  }
}

template <class X, class Y>
std::vector<phase> phases_of(std::vector<unit> const& units, lookup const& by_name, X x, Y y) {
  std::vector<std::pair<configuration, std::vector<dm::seeds>>> squares;
  for (auto const& u : units) {
    auto place = std::ranges::find_if(squares, [&](auto const& s) { return s.first == u.of; });
    if (place == squares.end()) place = squares.insert(squares.end(), {u.of, {}});
    place->second.push_back(u.seeds);
  }
  std::vector<phase> out;
  for (auto const& [c, seeds] : squares) {
    phase at{.x = x(c), .y = y(c), .runs = seeds.size()};
    for (std::size_t m = 0; m < measures.size(); ++m)
      at.medians[m] = dm::median(numbers_of(c, seeds, by_name, measured(m)));
    out.push_back(at);
  }
  return out;
}

} // namespace

double number_of(configuration const& c, result const& r, measured what) {
  if (!r.failed.empty()) return nan;
  auto const head = head_of(c);
  switch (what) {
  case sink: return r.numbers[fmt::format("share_on_bos.on_background.{}", head)];
  case drain: return r.numbers[fmt::format("value_drain.ratio.{}", head)];
  case peak: return r.numbers["residual_peak.ratio.0"];
  case risk: return r.numbers["excess_risk.backcopy"];
  }
  return nan;
}

bool cell::learnt() const { return dm::quantile(values[risk], 0.9) <= paper::copying_learnt.value; }

bool cell::peak_is_fixed() const { return of.norm.starts_with("post"); }

bool cell::shows(measured what) const {
  auto const& c = compared[what];
  bool const judged = what == risk || (learnt() && against_learnt);
  return judged && !(what == peak && peak_is_fixed()) && c.adjusted <= level &&
         c.control_p <= level;
}

std::string_view cell::verdict(measured what) const {
  if (baseline) return "baseline";
  auto const& c = compared[what];
  if (std::isnan(c.p) || std::isnan(c.control_p)) return "undecided: a number is missing";
  if (what == peak && peak_is_fixed()) return "fixed by the norm";
  if (what != risk && !(learnt() && against_learnt)) return "did not learn";
  if (!shows(what)) return "not shown";
  if (what == sink && c.value.high <= paper::no_sink.value) return "removed";
  // Neither drain nor peak: the norm at <s> is within a tenth of the others'.
  bool const alike = c.value.low >= 0.9 && c.value.high <= 1.1;
  if ((what == drain || what == peak) && alike) return "removed";
  return measures[what].change;
}

namespace {
std::vector<score_of_dormancy> scores_of(cell const& c, lookup const& by_name) {
  std::vector<score_of_dormancy> out;
  for (std::string const name : {"attention", "entropy", "value", "output", "share"}) {
    auto const over_seeds = [&](std::string_view what) {
      std::vector<double> values;
      for (auto const& s : c.seeds) {
        auto const& row = by_name.at(unit{c.of, s}.name())->numbers;
        auto const column = fmt::format("head_dormancy.{}_{}.{}", what, name, head_of(c.of));
        values.push_back(row.has(column) ? row[column] : nan);
      }
      return dm::median_interval(values);
    };
    out.push_back({name, over_seeds("auc"), over_seeds("kappa")});
  }
  return out;
}
} // namespace

analysis analysed(plan const& p, std::vector<unit> const& units,
                  std::vector<result> const& results) {
  lookup by_name;
  for (std::size_t i = 0; i < units.size(); ++i) by_name[units[i].name()] = &results[i];
  analysis out;
  out.cells = cells_in(p, by_name);
  if (!out.cells.empty()) {
    compare(out.cells, p, by_name, out);
    out.scores = scores_of(out.cells.front(), by_name);
  }
  if (auto const crossed = p.of(sheets::crossed); !crossed.empty()) {
    out.crossed = true;
    std::size_t datas = 0;
    while (datas < crossed.size() && crossed[datas].seeds.init == crossed[0].seeds.init) ++datas;
    for (std::size_t m = 0; m < measures.size(); ++m) {
      std::vector<double> numbers;
      for (auto const& u : crossed)
        numbers.push_back(number_of(u.of, *by_name.at(u.name()), measured(m)));
      out.shares[m] = dm::variance_of(dm::grid_of(numbers, datas));
    }
  }
  for (auto const& u : p.of(sheets::rates)) {
    auto place = std::ranges::find_if(out.rates, [&](rate_tried const& r) {
      return r.optimizer == u.of.optimizer && r.factor == u.of.rate;
    });
    if (place == out.rates.end()) place = out.rates.insert(place, {u.of.optimizer, u.of.rate});
    place->runs += 1;
  }
  for (auto& r : out.rates) {
    std::vector<double> losses;
    for (auto const& u : p.of(sheets::rates)) {
      if (u.of.optimizer != r.optimizer || u.of.rate != r.factor) continue;
      auto const& done = *by_name.at(u.name());
      losses.push_back(done.failed.empty() ? done.numbers["loss"] : nan);
    }
    r.loss = dm::median(losses);
  }
  out.rate_decay = phases_of(
      p.of(sheets::rate_decay), by_name, [](configuration const& c) { return c.rate; },
      [](configuration const& c) { return c.weight_decay; });
  out.triggers_context = phases_of(
      p.of(sheets::triggers), by_name,
      [](configuration const& c) { return static_cast<double>(c.context); },
      [](configuration const& c) { return static_cast<double>(c.triggers); });
  return out;
}

std::string comparisons_csv(analysis const& a) {
  dm::csv_table table({"attention", "norm", "optimizer", "depth", "measure", "n", "failed",
                       "median", "low", "high", "difference", "difference_low", "difference_high",
                       "p", "p_adjusted", "tests", "p_against_control", "detectable", "verdict"});
  for (auto const& c : a.cells) {
    for (std::size_t m = 0; m < measures.size(); ++m) {
      auto const& k = c.compared[m];
      table.append({c.of.attention, c.of.norm, c.of.optimizer, c.of.depth, measures[m].key, c.runs,
                    c.failed, k.value.middle, k.value.low, k.value.high, k.difference.middle,
                    k.difference.low, k.difference.high, k.p, k.adjusted, a.tests, k.control_p,
                    k.detectable, c.verdict(measured(m))});
    }
  }
  return table.text();
}

} // namespace grid
