// SPDX-License-Identifier: MIT
// Pictures of what happened during training: every seed a thin line, the median a thick one.
#pragma once

#include "demo/canvas.hpp"
#include "demo/verdict.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

/// One panel: a column of `phenomena` over the steps of training.
struct curve_panel {
  std::string_view column, words;
  std::string_view axis = "set yrange [0:*]"; ///< gnuplot's words for its range and its scale
};

namespace detail {
inline std::vector<double> of_curve(run const& r, std::string_view column) {
  std::vector<double> out;
  for (auto const& row : r.curve) out.push_back(row[column]);
  return out;
}

/// Data and plot elements of one story in one panel.
inline void add_story(std::string& data, std::string& plot, std::vector<paired> const& pairs,
                      std::size_t story, curve_panel const& panel, std::size_t number) {
  std::vector<std::vector<double>> seeds;
  for (auto const& p : pairs) seeds.push_back(of_curve(p[story], panel.column));
  auto const steps = of_curve(pairs.front()[story], "step");
  std::vector<double> middle;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    std::vector<double> here;
    for (auto const& s : seeds) here.push_back(s[i]);
    middle.push_back(median(here));
  }
  std::vector<std::span<double const>> columns{steps, middle};
  columns.insert(columns.end(), seeds.begin(), seeds.end());
  auto const name = fmt::format("p{}_{}", number, story);
  data += data_block(name, columns);
  for (std::size_t k = 0; k < seeds.size(); ++k) {
    plot +=
        fmt::format("${} using 1:{} with lines lw 1 lc rgb {} title '{}, seed {}', ", name, k + 3,
                    shade(story_colours[story], 0.4), stories[story].title, pairs[k].seed);
  }
  plot +=
      fmt::format("${} using 1:2 with linespoints lw 3 lc rgb {} pt {} ps 1 pn 6 "
                  "title '{}, median', ",
                  name, shade(story_colours[story]), story_symbols[story], stories[story].title);
}
} // namespace detail

/// Panels one below the other, all stories in each.
inline picture curves(std::string name, std::string headline, std::vector<paired> const& pairs,
                      std::vector<curve_panel> const& panels) {
  auto const n = panels.size();
  std::string data, body;
  for (std::size_t i = 0; i < n; ++i) {
    auto const& panel = panels[i];
    std::string plot;
    // The first story is the one in question, so it is drawn last, on top.
    for (std::size_t s = stories.size(); s-- > 0;) {
      detail::add_story(data, plot, pairs, s, panel, i);
    }
    body += title(panel.words);
    body += fmt::format("unset logscale y\nset ytics auto\n{}\n", panel.axis);
    if (i + 1 == n)
      body += fmt::format("set xlabel 'training step' textcolor rgb {}\n", shade(muted));
    body += plotted(std::move(plot));
    if (i == 0) body += "unset label\n"; // the legend once
  }
  std::array<std::string_view, stories.size()> titles{};
  for (std::size_t s = 0; s < stories.size(); ++s) titles[s] = stories[s].title;
  double const height = 60 + 260 * static_cast<double>(n);
  return {std::move(name), std::move(headline), picture_width, height,
          data + quiet_axes() +
              fmt::format("set xrange [0:{}]\n", pairs.front()[0].curve.back()["step"]) +
              stacked(n, height, {.above = 70, .between = 80, .below = 64}) +
              story_legend(titles, height) + body + "unset multiplot\n"};
}

inline constexpr std::string_view logarithmic =
    "set logscale y\nset yrange [*:*]\nset autoscale yfix\n"
    "set offsets 0,0,graph 0.05,graph 0.05";
/// A factor is as tall above 1 as below it, and one seed far off does not flatten the others.
inline std::string const logarithmic_ratio =
    fmt::format("{}\nset ytics {}", logarithmic, ratio_tics);

/// The three extreme-token phenomena, for the report and the README.
inline picture phenomena_curves(std::vector<paired> const& pairs) {
  return curves("phenomena", "Sink, drain and peak while training", pairs,
                {{measured::sink, "Sink: attention of non-triggers on <s>", "set yrange [0:1]"},
                 {measured::drain, "Drain: value norm of <s> / others", logarithmic_ratio},
                 {measured::peak, "Peak: residual norm of <s> / others", logarithmic_ratio}});
}

/// What the model has learnt, and what the first MLP writes.
inline picture learning_curves(std::vector<paired> const& pairs) {
  return curves("learning", "Excess risks and the first MLP's output while training", pairs,
                {{measured::bigram, "Excess bigram risk, nats", logarithmic},
                 {measured::backcopy, "Excess backcopy risk, nats", logarithmic},
                 {measured::write, "First MLP's output on <s> / others", logarithmic_ratio}});
}

} // namespace demo
