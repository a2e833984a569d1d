// SPDX-License-Identifier: MIT
// Pictures that compare runs of the same seed: stories with each other, and a model with itself
// after its head is removed.
#pragma once

#include "demo/curves.hpp"
#include "demo/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

namespace detail {
/// "softmax + AdamW" with a line end after the plus.
inline std::string two_lines(std::string_view title) {
  auto const plus = title.find("+ ");
  return fmt::format("\"{}\\n{}\"", title.substr(0, plus + 1), title.substr(plus + 2));
}
} // namespace detail

/// Each seed one line from story to story.
inline picture seed_by_seed(std::vector<paired> const& pairs) {
  struct panel {
    std::string_view column, words, axis;
  };
  std::array<panel, 3> const panels = {
      {{measured::sink, "Attention of non-triggers on <s>", "set yrange [0:1]"},
       {measured::drain, "Value norm of <s> / others", logarithmic_ratio},
       {measured::peak, "Residual norm of <s> / others", logarithmic_ratio}}};
  constexpr std::array<std::size_t, 3> order = {relu_adamw, softmax_adamw, softmax_sgd};
  std::string data, body;
  for (std::size_t i = 0; i < panels.size(); ++i) {
    std::string plot;
    for (std::size_t k = 0; k < pairs.size(); ++k) {
      std::vector<double> x, y, tint;
      for (std::size_t place = 0; place < order.size(); ++place) {
        x.push_back(static_cast<double>(place));
        y.push_back(pairs[k].after(order[place], panels[i].column));
        tint.push_back(static_cast<double>(
            std::stoul(std::string(story_colours[order[place]].light.substr(1)), nullptr, 16)));
      }
      auto const name = fmt::format("s{}_{}", i, k);
      data += data_block(name, {x, y, tint});
      plot +=
          fmt::format("${0} using 1:2 with lines lw 1.2 lc rgb {1} title 'seed {2}', ${0} using "
                      "1:2:3 with points pt 7 ps 0.9 lc rgb variable title 'seed {2}', ",
                      name, shade(muted, 0.6), pairs[k].seed);
    }
    body += title(panels[i].words) + fmt::format("{}\n", panels[i].axis) + plotted(std::move(plot));
  }
  std::string tics;
  for (std::size_t place = 0; place < order.size(); ++place) {
    tics += fmt::format("{}{} {}", place == 0 ? "" : ", ",
                        detail::two_lines(stories[order[place]].title), place);
  }
  double const height = 840;
  return {"paired", "Sink, drain and peak of every seed", picture_width, height,
          data + quiet_axes() +
              fmt::format("set xrange [-0.4:2.4]\nset xtics ({}) scale 0\n", tics) +
              stacked(panels.size(), height, {.above = 40, .between = 104, .below = 52}) + body +
              "unset multiplot\n"};
}

/// Excess risks with and without the head: bars are medians over seeds, dots are seeds.
inline picture ablation_bars(std::vector<paired> const& pairs) {
  constexpr std::array<std::string_view, 2> risks = {measured::bigram, measured::backcopy};
  constexpr std::array<std::string_view, 2> words = {"At non-triggers: excess bigram risk",
                                                     "At triggers: excess backcopy risk"};
  double highest = 1e-6;
  std::string data, body;
  for (std::size_t i = 0; i < risks.size(); ++i) {
    std::vector<double> const places = {0, 1};
    std::vector<double> medians, tops, x, y;
    for (double const place : places) {
      std::vector<double> seeds;
      for (auto const& p : pairs) {
        auto const& r = p[softmax_adamw];
        seeds.push_back((place == 0 ? r.after : r.without_head)[risks[i]]);
        double const share = static_cast<double>(seeds.size()) / static_cast<double>(pairs.size());
        x.push_back(place + 0.3 * (share - 0.5));
      }
      y.insert(y.end(), seeds.begin(), seeds.end());
      medians.push_back(median(seeds));
      tops.push_back(std::ranges::max(seeds));
    }
    highest = std::max(highest, std::ranges::max(tops));
    data += data_block(fmt::format("b{}", i), {places, medians, tops}) +
            data_block(fmt::format("d{}", i), {x, y});
    body += title(words[i]);
    body += fmt::format("plot $b{0} using 1:2 with boxes fs solid 1 noborder fc rgb {1} title "
                        "'median', $d{0} using 1:2 with points pt 7 ps 0.5 lc rgb {2} title 'a "
                        "seed', $b{0} using 1:3:(sprintf('%.3g', $2)) with labels offset 0,0.8 "
                        "textcolor rgb {2} font ':Bold' title 'median'\n",
                        i, shade(story_colours[softmax_adamw], 0.45), shade(ink));
  }
  double const height = 560;
  return {"ablation", "Excess risks with the head and without it", picture_width, height,
          data + quiet_axes() +
              fmt::format("set xrange [-0.6:1.6]\nset yrange [0:{}]\nset boxwidth 0.5\n"
                          "set xtics ('with the head' 0, 'head removed' 1) scale 0\n"
                          "set ylabel 'nats above the minimum' textcolor rgb {}\n",
                          highest * 1.15, shade(muted)) +
              stacked(risks.size(), height, {.above = 40, .between = 84, .below = 36}) + body +
              "unset multiplot\n"};
}

} // namespace demo
