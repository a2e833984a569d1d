// SPDX-License-Identifier: MIT
// Pictures of one sequence: who attends to whom, and how long value and residual states are.
#pragma once

#include "demo/canvas.hpp"
#include "demo/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

namespace detail {
/// A token in the width of one letter.
inline std::string short_name(task const& names, dm::token t) {
  auto const name = names.token_name(t);
  if (name == "␠") return "␣"; // which more fonts have
  return name == "\\n" ? "↵" : name;
}

/// Labels of the tokens along an axis, triggers in the accent colour; gnuplot's own tics have one
/// colour only.
inline std::string token_labels(shown_sequence const& seq, task const& names, std::size_t count,
                                bool below, std::size_t first_tag) {
  std::string out;
  for (std::size_t t = 0; t < count; ++t) {
    bool const long_name = t == 0; // <s> would run into its neighbour
    auto const where = !below      ? fmt::format("graph 0,first {} right offset -0.6,0", t)
                       : long_name ? std::string("first 0.45,graph 0 right offset 0,-0.7")
                                   : fmt::format("first {},graph 0 center offset 0,-0.7", t);
    out += fmt::format("set label {} {} at {} textcolor rgb {} font '{},12'\n", first_tag + t,
                       demo::quoted(short_name(names, seq.tokens[t])), where,
                       shade(seq.trigger[t] ? accent : muted), seq.trigger[t] ? ":Bold" : "");
  }
  return out;
}

inline double mean_but_first(std::vector<double> const& values) {
  return std::accumulate(values.begin() + 1, values.end(), 0.0) /
         static_cast<double>(values.size() - 1);
}
} // namespace detail

/// Attention of the same sequence in several runs: a row a query, a column a key.
inline picture attention_maps(std::vector<run const*> const& runs, task const& names) {
  std::string data, body;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    auto const& seq = runs[i]->shown;
    auto const n = seq.tokens.size();
    auto const shown = std::min(n, tokens_shown);
    auto const& c = story_colours[runs[i]->story];
    std::vector<double> x, y, tint;
    for (std::size_t q = 0; q < shown; ++q) {
      for (std::size_t k = 0; k <= q; ++k) {
        double const share = std::min(1.0, seq.attention[q * n + k]);
        if (share < 0.01) continue;
        x.push_back(static_cast<double>(k));
        y.push_back(static_cast<double>(q));
        auto const clear = static_cast<unsigned>(255 * (1 - share));
        tint.push_back(
            clear * double{0x1000000} +
            static_cast<double>(std::stoul(std::string(c.light.substr(1)), nullptr, 16)));
      }
    }
    data += data_block(fmt::format("map{}", i), {x, y, tint});
    body += title(stories[runs[i]->story].title);
    body += "unset label\n" + detail::token_labels(seq, names, shown, true, 1) +
            detail::token_labels(seq, names, shown, false, 1 + shown);
    body += fmt::format("set xrange [-0.5:{0}-0.5]\nset yrange [{0}-0.5:-0.5]\n"
                        "set arrow 1 from -0.5,-0.5 to {0}-0.5,{0}-0.5 nohead lc rgb {1}\n"
                        "plot $map{2} using 1:2:($1-0.46):($1+0.46):($2-0.46):($2+0.46):3 with "
                        "boxxyerror fs solid 1 noborder fc rgb variable title '{3}'\n",
                        shown, shade(rule), i, stories[runs[i]->story].title);
  }
  double const height = 560 * static_cast<double>(runs.size());
  return {"attention", "Attention in one sequence", picture_width, height,
          data + quiet_axes() +
              fmt::format("unset grid\nset border 3 lc rgb {0}\nset format ''\nset tics scale 0\n"
                          "set xlabel 'key' textcolor rgb {1} offset 0,-0.6\n"
                          "set ylabel 'query' textcolor rgb {1} offset -1.2,0\n",
                          shade(rule), shade(muted)) +
              stacked(runs.size(), height, {.above = 40, .between = 104, .below = 64}) + body +
              "unset multiplot\n"};
}

/// Norms of value and residual states, position by position: a panel for each story.
inline picture norm_bars(paired const& runs, task const& names) {
  std::string data, body;
  for (std::size_t row = 0; row < 2; ++row) {
    auto const norms_of = [row](run const& r) -> std::vector<double> const& {
      return row == 0 ? r.shown.value_norms : r.shown.residual_norms;
    };
    double most = 0;
    for (auto const* r : runs.by_story) most = std::max(most, std::ranges::max(norms_of(*r)));
    for (std::size_t s = 0; s < stories.size(); ++s) {
      auto const& norms = norms_of(runs[s]);
      auto const shown = std::min(norms.size(), tokens_shown);
      std::vector<double> positions(shown);
      std::iota(positions.begin(), positions.end(), 0.0);
      data += data_block(fmt::format("n{}_{}", row, s), {positions, std::span(norms).first(shown)});
      body +=
          title(fmt::format("{}: {}", row == 0 ? "Value norm" : "Residual norm", stories[s].title));
      body += "unset label\n" + detail::token_labels(runs[s].shown, names, shown, true, 1);
      body += fmt::format("set xrange [-0.9:{}]\nset yrange [0:{}]\n",
                          static_cast<double>(shown) - 0.1, most * 1.05);
      body +=
          fmt::format("plot $n{0}_{1} using 1:2 every ::1 with boxes fs solid 1 noborder fc rgb "
                      "{2} title 'others', $n{0}_{1} using 1:2 every ::0::0 with boxes fs solid 1 "
                      "noborder fc rgb {3} title '<s>', {4} with lines dt 2 lc rgb {5} "
                      "title 'mean of the others'\n",
                      row, s, shade(story_colours[s], 0.35), shade(story_colours[s]),
                      detail::mean_but_first(norms), shade(ink));
    }
  }
  double const height = 6 * 172;
  return {"norms", "Norms of value and residual states in one sequence", picture_width, height,
          data + quiet_axes() + "set format x ''\nset xtics scale 0\nset boxwidth 0.75\n" +
              stacked(6, height, {.above = 36, .between = 70, .below = 28}) + body +
              "unset multiplot\n"};
}

} // namespace demo
