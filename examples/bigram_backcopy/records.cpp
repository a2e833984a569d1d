// SPDX-License-Identifier: MIT
// metrics.csv and the figures of one run.
#include "bigram_backcopy/records.hpp"

#include "common/figures.hpp"
#include "common/number_table.hpp"
#include "dormant/io/npy.hpp"

#include <fmt/format.h>

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

std::vector<std::string> columns(std::size_t layers) {
  std::vector<std::string> names = {"step", "loss", "bigram_risk", "backcopy_risk"};
  for (std::size_t l = 0; l < layers; ++l) {
    for (auto const* name :
         {"attention_on_bos", "attention_on_bos_from_non_triggers", "sink_logit_gap",
          "sink_logit_gap_p10", "sink_logit_gap_p90", "value_norm_bos", "value_norm_other",
          "residual_norm_bos", "residual_norm_other"}) {
      names.push_back(fmt::format("{}_{}", name, l));
    }
  }
  return names;
}

std::vector<dm::csv_cell> cells_of(dm::probe_row const& row, std::size_t layers) {
  std::vector<dm::csv_cell> cells;
  for (auto const& name : columns(layers)) {
    cells.emplace_back(row[name]);
    if (name == "step") cells.back() = dm::csv_cell(static_cast<std::uint64_t>(row[name]));
  }
  return cells;
}

// ---- figures ----------------------------------------------------------------------------------

namespace {

/// One line a layer of each of the named columns; the second column and later are dashed.
figures::chart over_layers(program::number_table const& metrics, std::size_t layers,
                           std::string title, std::string unit,
                           std::vector<std::pair<std::string, std::string>> const& names) {
  figures::chart chart{.title = std::move(title),
                       .x = {.label = "step"},
                       .y = {.label = std::move(unit)},
                       .legend = "outside right top"};
  for (std::size_t l = 0; l < layers; ++l) {
    for (auto const& [column, words] : names) {
      auto const& values = metrics[fmt::format("{}_{}", column, l)];
      bool any = false;
      for (double const value : values) any = any || std::isfinite(value);
      if (!any) continue;
      chart.lines.push_back({.label = fmt::format("layer {}{}", l, words),
                             .x = metrics["step"],
                             .y = values,
                             .colour = l,
                             .dashed = column != names.front().first});
    }
  }
  return chart;
}

figures::chart risks(program::number_table const& metrics) {
  figures::chart chart{.title = "risk",
                       .x = {.label = "step"},
                       .y = {.label = "nats", .log = true},
                       .legend = "outside right top"};
  chart.lines.push_back({"bigram (non-triggers)", metrics["step"], metrics["bigram_risk"]});
  chart.lines.push_back({"backcopy (triggers)", metrics["step"], metrics["backcopy_risk"]});
  chart.lines.push_back({"loss", metrics["step"], metrics["loss"], 7});
  return chart;
}

void draw(program::number_table const& metrics, place const& where, std::size_t layers,
          std::vector<attention_record> const& attention) {
  figures::figure training{.width = 800, .height = 300, .name = "training"};
  auto sinks = over_layers(
      metrics, layers, "attention on <s> (dashed: from non-triggers)", "mean over queries",
      {{"attention_on_bos", ""}, {"attention_on_bos_from_non_triggers", " non-triggers"}});
  sinks.y.least = 0;
  training.panels = {risks(metrics), sinks,
                     over_layers(metrics, layers, "sink logit gap (dashed: 10% and 90% of tokens)",
                                 "score",
                                 {{"sink_logit_gap", ""},
                                  {"sink_logit_gap_p10", " 10%"},
                                  {"sink_logit_gap_p90", " 90%"}})};
  figures::save(training, where.folder);

  figures::figure norms{.width = 800, .height = 300, .name = "norms"};
  auto values = over_layers(metrics, layers, "value norm (dashed: other tokens)", "norm",
                            {{"value_norm_bos", " <s>"}, {"value_norm_other", " others"}});
  auto residuals =
      over_layers(metrics, layers, "residual norm after the layer (dashed: other tokens)", "norm",
                  {{"residual_norm_bos", " <s>"}, {"residual_norm_other", " others"}});
  values.y.least = residuals.y.least = 0;
  norms.panels = {values, residuals};
  figures::save(norms, where.folder);

  if (attention.empty()) return;
  figures::figure maps{.width = 760, .height = 700, .name = "attention"};
  maps.columns = attention.size();
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
             last("step"), last("loss"), last("bigram_risk"), last("backcopy_risk"));
  for (std::size_t l = 0; l < layers; ++l) {
    auto const at = [&](std::string_view name) { return last(fmt::format("{}_{}", name, l)); };
    fmt::print("layer {}: ", l);
    if (std::isnan(at("attention_on_bos"))) {
      fmt::print("no attention, ");
    } else {
      fmt::print("attention on <s> {:.3f} (from non-triggers {:.3f}), value norm of <s> {:.2f} "
                 "(others {:.2f}), ",
                 at("attention_on_bos"), at("attention_on_bos_from_non_triggers"),
                 at("value_norm_bos"), at("value_norm_other"));
    }
    fmt::print("residual norm of <s> {:.2f} (others {:.2f})\n", at("residual_norm_bos"),
               at("residual_norm_other"));
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
      fmt::print(stderr, "bigram_backcopy: {}\n", e.what());
    }
  }
  fmt::print("everything is in {}\n", where.folder);
}

} // namespace experiment
