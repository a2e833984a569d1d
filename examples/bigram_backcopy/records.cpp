// SPDX-License-Identifier: MIT
// metrics.csv and the figures of one run.
#include "bigram_backcopy/records.hpp"

#include "common/figures.hpp"
#include "common/number_table.hpp"
#include "common/streams.hpp"
#include "dormant/io/npy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string_view>
#include <utility>

namespace experiment {

namespace dm = dormant;
namespace fs = std::filesystem;

// ---- metrics.csv ------------------------------------------------------------------------------

namespace {
constexpr std::array<std::string_view, 4> of_model = {"loss", "risk.bigram",
                                                      "risk.bigram_as_published", "risk.backcopy"};
constexpr std::array<std::string_view, 11> of_layers = {
    "attention_sink.mean",        "attention_sink.on_background",
    "attention_sink.on_triggers", "attention_sink.as_published",
    "sink_logit_gap.mean",        "sink_logit_gap.p10",
    "sink_logit_gap.p90",         "value_drain.bos",
    "value_drain.other",          "residual_peak.bos",
    "residual_peak.other"};
constexpr std::array<std::string_view, 3> new_ones = {
    "risk.bigram_as_published", "attention_sink.on_triggers", "attention_sink.as_published"};
} // namespace

std::vector<std::string> columns(std::size_t layers) {
  std::vector<std::string> names = {"step"};
  names.insert(names.end(), of_model.begin(), of_model.end());
  for (std::size_t l = 0; l < layers; ++l) {
    for (auto const name : of_layers) names.push_back(fmt::format("{}.{}", name, l));
  }
  return names;
}

std::vector<std::string> columns_before(std::size_t layers) {
  auto names = columns(layers);
  std::erase_if(names, [](std::string_view name) {
    return std::ranges::any_of(new_ones, [&](auto fresh) { return name.starts_with(fresh); });
  });
  return names;
}

std::vector<dm::csv_cell> cells_of(dm::probe_row const& row, std::size_t layers) {
  std::vector<dm::csv_cell> cells = {static_cast<std::uint64_t>(row["step"])};
  for (auto const name : of_model) cells.emplace_back(row[name]);
  for (std::size_t l = 0; l < layers; ++l) {
    for (auto const name : of_layers) {
      // A layer without attention reports nothing of it, but some
      // layer has to: else it is misspelt.
      bool somewhere = false;
      for (std::size_t other = 0; other < layers; ++other)
        somewhere = somewhere || row.has(fmt::format("{}.{}", name, other));
      auto const full = fmt::format("{}.{}", name, l);
      cells.emplace_back(somewhere && !row.has(full) ? std::nan("") : row[full]);
    }
  }
  return cells;
}

// ---- figures ----------------------------------------------------------------------------------

namespace {

/// One line a layer of each of the named columns: solid, dashed, dotted in their order.
figures::chart over_layers(program::number_table const& metrics, std::size_t layers,
                           std::string title, std::string unit,
                           std::vector<std::pair<std::string, std::string>> const& names) {
  figures::chart chart{
      .title = std::move(title), .x = {.label = "step"}, .y = {.label = std::move(unit)}};
  for (std::size_t l = 0; l < layers; ++l) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      auto const& [column, words] = names[i];
      auto const& values = metrics[fmt::format("{}.{}", column, l)];
      bool any = false;
      for (double const value : values) any = any || std::isfinite(value);
      if (!any) continue;
      chart.lines.push_back({.label = fmt::format("layer {}{}", l, words),
                             .x = metrics["step"],
                             .y = values,
                             .colour = l,
                             .dash = static_cast<figures::dash>(i)});
    }
  }
  return chart;
}

figures::chart risks(program::number_table const& metrics) {
  figures::chart chart{
      .title = "risk", .x = {.label = "step"}, .y = {.label = "nats", .log = true}};
  chart.lines.push_back({"at non-triggers (bigram)", metrics["step"], metrics["risk.bigram"]});
  chart.lines.push_back({"at triggers (backcopy)", metrics["step"], metrics["risk.backcopy"]});
  chart.lines.push_back({"loss", metrics["step"], metrics["loss"], 7});
  return chart;
}

void draw(program::number_table const& metrics, place const& where, std::size_t layers,
          std::vector<attention_record> const& attention) {
  figures::figure training{.name = "training"};
  auto sinks = over_layers(metrics, layers, "attention on <s>", "mean over queries of that kind",
                           {{"attention_sink.on_background", ", non-triggers"},
                            {"attention_sink.on_triggers", ", triggers"},
                            {"attention_sink.mean", ", all queries"}});
  sinks.y.least = 0;
  training.panels = {risks(metrics), sinks,
                     over_layers(metrics, layers, "sink logit gap over tokens", "score",
                                 {{"sink_logit_gap.mean", ", mean"},
                                  {"sink_logit_gap.p10", ", 10%"},
                                  {"sink_logit_gap.p90", ", 90%"}})};
  figures::save(training, where.folder);

  figures::figure norms{.name = "norms"};
  auto values = over_layers(metrics, layers, "value norm", "norm",
                            {{"value_drain.bos", ", <s>"}, {"value_drain.other", ", others"}});
  auto residuals =
      over_layers(metrics, layers, "residual norm after the layer", "norm",
                  {{"residual_peak.bos", ", <s>"}, {"residual_peak.other", ", others"}});
  values.y.log = residuals.y.log = true; // ratios of norms are what matters
  norms.panels = {values, residuals};
  figures::save(norms, where.folder);

  if (attention.empty()) return;
  figures::figure maps{.name = "attention"};
  for (auto const& a : attention) { // head 0 comes first
    auto const head = a.weights.begin();
    auto const size = static_cast<std::ptrdiff_t>(a.tokens.size() * a.tokens.size());
    maps.panels.push_back(figures::attention_map{
        fmt::format("attention, layer {}", a.layer), a.names, {head, head + size}});
  }
  figures::save(maps, where.folder);
}

void keep(place const& where, std::vector<attention_record> const& attention) {
  for (auto const& a : attention) {
    std::size_t const length = a.tokens.size();
    std::size_t const heads = a.weights.size() / (length * length);
    dm::write_npy<dm::token>(fs::path(where.folder) / "attention_tokens.npy", std::vector{length},
                             a.tokens);
    dm::write_npy<float>(fs::path(where.folder) / fmt::format("attention.{}.npy", a.layer),
                         std::vector{heads, length, length}, a.weights);
  }
}

void say(program::number_table const& metrics, std::size_t layers) {
  auto const last = [&](std::string const& name) {
    auto const& column = metrics[name];
    return column.empty() ? std::nan("") : column.back();
  };
  fmt::print("step {:.0f}: loss {:.4f}, bigram risk {:.4f}, backcopy risk {:.4g} nats\n",
             last("step"), last("loss"), last("risk.bigram"), last("risk.backcopy"));
  for (std::size_t l = 0; l < layers; ++l) {
    auto const at = [&](std::string_view name) { return last(fmt::format("{}.{}", name, l)); };
    fmt::print("layer {}: ", l);
    if (std::isnan(at("attention_sink.mean"))) {
      fmt::print("no attention, ");
    } else {
      fmt::print("attention on <s> from non-triggers {:.3f}, from triggers {:.3f} (from "
                 "non-triggers by the published definition {:.3f}), value norm of <s> {:.2f} "
                 "(others {:.2f}), ",
                 at("attention_sink.on_background"), at("attention_sink.on_triggers"),
                 at("attention_sink.as_published"), at("value_drain.bos"), at("value_drain.other"));
    }
    fmt::print("residual norm of <s> {:.2f} (others {:.2f})\n", at("residual_peak.bos"),
               at("residual_peak.other"));
  }
}

} // namespace

void finish(settings const& s, place const& where, std::size_t layers,
            std::vector<attention_record> const& attention) {
  keep(where, attention);
  auto const metrics = program::number_table::read(fs::path(where.folder) / "metrics.csv");
  say(metrics, layers);
  if (!s.no_figures) {
    try {
      draw(metrics, where, layers, attention);
    } catch (figures::not_drawn const& e) {
      program::tell("bigram_backcopy: {}\n", e.what());
    }
  }
  fmt::print("everything is in {}\n", where.folder);
}

} // namespace experiment
