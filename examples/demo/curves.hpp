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
  bool log = false;
  std::string_view range = "[0:*]";
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
    plot += fmt::format("${} using 1:{} with lines lw 1 lc rgb {}, ", name, k + 3,
                        shade(story_colours[story], 0.4));
  }
  plot +=
      fmt::format("${} using 1:2 with lines lw 3 lc rgb {}, ", name, shade(story_colours[story]));
}
} // namespace detail

/// Panels side by side, all stories in each.
inline picture curves(std::string name, std::vector<paired> const& pairs,
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
    body += fmt::format("{} logscale y\nset yrange {}\n", panel.log ? "set" : "unset", panel.range);
    body += fmt::format("set xlabel 'training step' textcolor rgb {} offset 0,0.4\n", shade(muted));
    body += "plot " + plot + "NaN notitle\n";
    if (i == 0) body += "unset label\n"; // the legend once
  }
  std::array<std::string_view, stories.size()> titles{};
  for (std::size_t s = 0; s < stories.size(); ++s) titles[s] = stories[s].title;
  return {std::move(name), 1080, 350,
          data + quiet_axes() +
              fmt::format("set xrange [0:{}]\n", pairs.front()[0].curve.back()["step"]) +
              fmt::format("set multiplot layout 1,{} margins 0.045,0.99,0.15,0.8 spacing 0.055,0\n",
                          n) +
              story_legend(titles) + body + "unset multiplot\n"};
}

/// The three extreme-token phenomena, for the report and the README.
inline picture phenomena_curves(std::vector<paired> const& pairs) {
  return curves("phenomena", pairs,
                {{measured::sink, "Sink: attention on <s>", false, "[0:1]"},
                 {measured::drain, "Drain: value norm of <s> / others"},
                 {measured::peak, "Peak: residual norm of <s> / others"}});
}

/// What the model has learnt, and what the first MLP writes.
inline picture learning_curves(std::vector<paired> const& pairs) {
  return curves("learning", pairs,
                {{measured::bigram, "Excess bigram risk, nats", true, "[*:*]"},
                 {measured::backcopy, "Excess backcopy risk, nats", true, "[*:*]"},
                 {measured::write, "First MLP's output on <s> / others"}});
}

} // namespace demo
