// SPDX-License-Identifier: MIT
// The figure of `dynamics`: when sinks, drains and peaks form.
#pragma once

#include "common/figures.hpp"
#include "language_model/dynamics/series.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace language_model {

/// A line per layer: the head with the most attention on token 0 at the end stands for its layer.
inline figures::figure drawn_series(std::vector<snapshot> const& all) {
  figures::axis const steps{.label = "training steps + 1", .log = true};
  figures::chart loss{.title = "Loss", .x = steps, .y = {.label = "nats a token"}, .lines = {}};
  figures::chart sinks{.title = "Attention on token 0, most of a layer's heads",
                       .x = steps,
                       .y = {.label = "attention, mean of queries", .least = 0, .most = 1},
                       .lines = {}};
  figures::chart drains{.title = "Value norm of token 0, of the same heads",
                        .x = steps,
                        .y = {.label = "multiple of the others'", .log = true},
                        .lines = {}};
  figures::chart peaks{.title = "Residual norm of token 0 after the layer",
                       .x = steps,
                       .y = {.label = "multiple of the others'", .log = true},
                       .lines = {}};
  std::vector<double> x;
  for (auto const& m : all) x.push_back(static_cast<double>(m.step) + 1);
  figures::line whole{.x = x};
  for (auto const& m : all) whole.y.push_back(m.loss);
  loss.lines.push_back(std::move(whole));
  auto const& last = all.back();
  for (std::size_t l = 0; l < last.layers; ++l) {
    std::size_t most = 0;
    for (std::size_t h = 1; h < last.heads; ++h) {
      if (last.attention[last.head(l, h)] > last.attention[last.head(l, most)]) most = h;
    }
    auto const at = last.head(l, most);
    figures::line sink{.label = fmt::format("layer {} head {}", l, most), .x = x, .colour = l};
    figures::line drain = sink, peak{.label = fmt::format("layer {}", l), .x = x, .colour = l};
    for (auto const& m : all) {
      sink.y.push_back(m.attention[at]);
      sink.low.push_back(m.attention_low[at]);
      sink.high.push_back(m.attention_high[at]);
      drain.y.push_back(m.drain[at]);
      peak.y.push_back(m.peak[l]);
    }
    sinks.lines.push_back(std::move(sink));
    drains.lines.push_back(std::move(drain));
    peaks.lines.push_back(std::move(peak));
  }
  return {.panels = {std::move(loss), std::move(sinks), std::move(drains), std::move(peaks)},
          .name = "dynamics"};
}

} // namespace language_model
