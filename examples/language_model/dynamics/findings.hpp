// SPDX-License-Identifier: MIT
// What `dynamics` finds in the checkpoints of a training: dynamics.csv,
// and the sentences that it prints.
#pragma once

#include "language_model/dynamics/series.hpp"
#include "language_model/simultaneous.hpp"

#include <dormant/io/csv.hpp>
#include <dormant/line_fit.hpp>

#include <fmt/format.h>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace language_model {

/// What counts as a drain, and as a peak: multiples of the other tokens' norms.
inline constexpr double drained = 0.5, peaked = 2;

/// A row a checkpoint.
inline void write_series(std::vector<snapshot> const& all, std::filesystem::path const& path) {
  auto const& last = all.back();
  std::vector<std::string> columns{"step", "loss"};
  auto const of_heads = [&](char const* name) {
    for (std::size_t l = 0; l < last.layers; ++l) {
      for (std::size_t h = 0; h < last.heads; ++h)
        columns.push_back(fmt::format("{}.{}.{}", name, l, h));
    }
  };
  auto const of_layers = [&](char const* name) {
    for (std::size_t l = 0; l < last.layers; ++l) columns.push_back(fmt::format("{}.{}", name, l));
  };
  for (auto const* name : {"attention_on_0", "score_gap", "value_drain"}) of_heads(name);
  for (auto const* name : {"residual_norm_0", "residual_peak"}) of_layers(name);
  dm::csv_table table(columns);
  for (auto const& m : all) {
    std::vector<dm::csv_cell> cells{m.step, m.loss};
    for (auto const* values : {&m.attention, &m.gap, &m.drain, &m.norm, &m.peak})
      cells.insert(cells.end(), values->begin(), values->end());
    table.append(cells);
  }
  table.write(path);
}

/// "between steps 32 and 64"
inline std::string when(std::vector<snapshot> const& all, std::size_t formed) {
  return formed == 0
             ? fmt::format("at step {} already", all[0].step)
             : fmt::format("between steps {} and {}", all[formed - 1].step, all[formed].step);
}
template <class Value>
std::vector<double> over_time(std::vector<snapshot> const& all, Value value) {
  std::vector<double> out;
  for (auto const& m : all) out.push_back(value(m));
  return out;
}
/// The power of the step that exp(y) goes as from `formed` on; over the halves too, which differ
/// where it is no power. Nothing for fewer than four checkpoints.
inline std::string law(std::vector<snapshot> const& all, std::size_t formed,
                       std::vector<double> const& y, std::string_view what) {
  std::vector<double> x, values;
  for (std::size_t i = formed; i < all.size(); ++i) {
    if (all[i].step == 0 || !std::isfinite(y[i])) continue;
    x.push_back(std::log(static_cast<double>(all[i].step)));
    values.push_back(y[i]);
  }
  if (x.size() < 4) return "";
  std::size_t const half = x.size() / 2;
  auto const slope = [&](std::size_t begin, std::size_t count) {
    return dm::fit_line(std::span(x).subspan(begin, count), std::span(values).subspan(begin, count))
        .slope.middle;
  };
  return fmt::format(
      ", and {} as t^{:.2f} (t^{:.2f} over the earlier half, t^{:.2f} over the later)", what,
      slope(0, x.size()), slope(0, half), slope(half, x.size() - half));
}

/// A sentence for each head that sinks and each layer that peaks at the end.
inline std::vector<std::string> sentences_on(std::vector<snapshot> const& all) {
  std::vector<std::string> said;
  auto const& last = all.back();
  for (std::size_t l = 0; l < last.layers; ++l) {
    for (std::size_t h = 0; h < last.heads; ++h) {
      auto const at = last.head(l, h);
      auto const sinks = over_time(all, [&](auto const& m) { return m.attention[at]; });
      auto const sink = formed_at(sinks, sink_threshold, true);
      if (!sink) continue;
      auto const drains = over_time(all, [&](auto const& m) { return m.drain[at]; });
      auto const drain = formed_at(drains, drained, false);
      said.push_back(
          fmt::format("Layer {} head {} sinks on token 0 ({:.3f} at the end), {}; {}.", l, h,
                      sinks.back(), when(all, *sink),
                      drain ? fmt::format("its values there drain ({:.3f} of the others'), {}",
                                          drains.back(), when(all, *drain))
                            : fmt::format("its values there do not drain ({:.3f} of the others')",
                                          drains.back())));
    }
    auto const peaks = over_time(all, [&](auto const& m) { return m.peak[l]; });
    if (auto const peak = formed_at(peaks, peaked, true)) {
      auto const norms = over_time(all, [&](auto const& m) { return std::log(m.norm[l]); });
      said.push_back(fmt::format(
          "After layer {} the residual stream of token 0 peaks ({:.1f} times "
          "the others'), {}{}.",
          l, peaks.back(), when(all, *peak), law(all, *peak, norms, "its norm then goes")));
    }
  }
  if (said.empty()) {
    said.push_back(
        fmt::format("No head has more than {} of its attention on token 0 at the end, and "
                    "no layer leaves its residual stream {} times the others'.",
                    sink_threshold, peaked));
  }
  return said;
}

} // namespace language_model
