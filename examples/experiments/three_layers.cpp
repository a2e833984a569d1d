// SPDX-License-Identifier: MIT
// With three layers: who makes the peak, and whether the middle layer's sink and drain rest on it.
#include "common/excess_risk.hpp"
#include "common/finding.hpp"
#include "common/norm_profile.hpp"
#include "common/softmax_layers.hpp"
#include "common/thresholds.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <string>
#include <vector>

namespace dm = dormant;

namespace {

paper::claim const what = {
    .name = "three_layers",
    .title = "The first layer writes the peak that makes the middle layer's sink and drain",
    .where = "section 2, residual-state peaks",
    .sentence = "With three layers the residual state of <s> becomes large. The MLP of the first "
                "layer writes it, and so makes the sink and the drain of the middle layer."};

/// What of layer 0 is taken away.
std::vector<std::string> const cases = {"nothing", "attention", "MLP", "MLP on <s>", "both"};
/// The MLP of layer 0 writes nothing on <s>; elsewhere it is left alone.
struct silent_mlp_on_bos {
  void operator()(dm::site::mlp_out at, dm::view<float, 2>& out) const {
    for (std::size_t c = 0; at.layer == 0 && c < out.shape(1); ++c) out(0, c) = 0;
  }
};
static_assert(dm::intervention<silent_mlp_on_bos>);

paper::finding measure(paper::setting const& how) {
  paper::softmax_layers<3> const model{.how = how, .small_steps = 1500, .small_batch = 8};
  auto const runs = model.over_seeds([&](auto& net, auto const& task, auto const& train) {
    auto const batch = task.sample(128);
    dm::residual_peak untrained, peak;
    dm::attention_sink sinks;
    program::norm_profile<dm::site::resid_post> profile;
    net.evaluate(batch, untrained);
    train();
    net.evaluate(batch, profile, peak, sinks);
    // A row a position; what has no position stands in the last one.
    paper::curve rows(batch.context());
    for (std::size_t t = 0; t < rows.size(); ++t) {
      rows[t].add("position", static_cast<double>(t));
      for (std::size_t l = 0; l < 3; ++l)
        rows[t].add(fmt::format("residual_norm_{}", l), profile.at(l, t));
    }
    rows.back().add("peak_untrained", untrained.ratio(0));
    for (std::size_t l = 0; l < 3; ++l) {
      rows.back().add(fmt::format("peak_{}", l), peak.ratio(l));
      rows.back().add(fmt::format("sink_{}", l), sinks.on_background(l));
    }
    auto const without = [&](std::string const& part, auto const&... intervention) {
      dm::sink_logit_gap gap;
      dm::value_drain drain;
      program::excess_risk excess;
      net.evaluate(batch, intervention..., gap, drain, excess);
      rows.back().add("gap " + part, gap.mean(1));
      rows.back().add("drain " + part, drain.ratio(1));
      rows.back().add("bigram " + part, excess.bigram.mean());
      rows.back().add("backcopy " + part, excess.backcopy.mean());
    };
    without("nothing");
    without("attention", dm::ablate_head{});
    without("MLP", dm::zero_mlp{});
    without("MLP on <s>", silent_mlp_on_bos{});
    without("both", dm::zero_layer{});
    return rows;
  });

  auto const last = [&](std::string const& column) { return runs.last(0, column); };
  auto const panel = [&](std::string const& title, figures::axis const& y,
                         std::vector<std::string> const& measured) {
    figures::comparison out{.title = title + ", taking from layer 0", .categories = cases, .y = y};
    for (auto const& number : measured) {
      std::vector<std::string> columns;
      for (auto const& part : cases) columns.push_back(number + " " + part);
      out.lines.push_back(runs.series(0, columns, measured.size() > 1 ? number : ""));
    }
    return out;
  };
  figures::chart profile{.title = "Residual norm by position",
                         .x = {.label = "position, <s> being 0", .least = -1},
                         .y = {.label = "||x||", .log = true}};
  for (int l = 0; l < 3; ++l)
    profile.lines.push_back(
        runs.line(0, fmt::format("residual_norm_{}", l), fmt::format("after layer {}", l)));
  auto const gaps = panel("Sink logit gap of layer 1", {.label = "score"}, {"gap"});
  auto const drains = panel("Drain of layer 1", {.label = "<s> / others", .least = 0}, {"drain"});
  auto const risks = panel("Excess risk", {.label = "nats", .log = true}, {"bigram", "backcopy"});
  auto const exceeds = [&](std::string const& a, double factor, std::string const& b) {
    return paper::each_seed(last(a), last(b), [=](double x, double y) { return x >= factor * y; });
  };
  paper::finding found{
      .ran = model.in_words(),
      .statements =
          {{fmt::format(
                "sink: non-triggers of the middle layer put at least {} of their attention on "
                "<s>",
                paper::sink.value),
            paper::each_seed(last("sink_1"), [](double a) { return paper::sink.passes(a); })},
           {"drain: in the middle layer the value norm of <s> is at most half the others'",
            paper::each_seed(last("drain nothing"), [](double r) { return r <= 0.5; })},
           {"peak: after layer 0 the ratio of residual norms, <s> / others, is above the untrained "
            "model's",
            exceeds("peak_0", 1, "peak_untrained")},
           {"the sink rests on the first MLP: without it the sink logit gap is at most half",
            exceeds("gap nothing", 2, "gap MLP")},
           {"the sink rests on what that MLP writes on <s>: without it the gap is at most half",
            exceeds("gap nothing", 2, "gap MLP on <s>")},
           {"the drain rests on the first MLP: without it the value ratio at least doubles",
            exceeds("drain MLP", 2, "drain nothing")}},
      .figure = {.panels = {profile, gaps, drains, risks}},
      .data = runs};
  auto const tell = [&](std::string text, std::string const& column) {
    found.numbers.push_back({std::move(text), dm::band_of(last(column))});
  };
  for (int l = 0; l < 3; ++l)
    tell(fmt::format("residual norm of <s> / others after layer {}", l), fmt::format("peak_{}", l));
  for (int l = 0; l < 3; ++l)
    tell(fmt::format("attention on <s> from non-triggers, layer {}", l), fmt::format("sink_{}", l));
  for (auto const& part : cases) {
    tell("layer 1: sink logit gap, taking from layer 0: " + part, "gap " + part);
    tell("layer 1: value norm of <s> / others, taking: " + part, "drain " + part);
    tell("excess bigram risk in nats, taking: " + part, "bigram " + part);
    tell("excess backcopy risk in nats, taking: " + part, "backcopy " + part);
  }
  auto const median = [&](std::string const& column) { return dm::median(last(column)); };
  found.words = fmt::format(
      "Medians over seeds: without the first MLP the sink logit gap of layer 1 goes from {:.2f} to "
      "{:.2f}, its value ratio from {:.2f} to {:.2f}{}; without what it writes on <s>, to {:.2f} "
      "and "
      "{:.2f}. Residual norm of <s> / others: {:.2f} untrained, then {:.2f}, {:.2f}, {:.2f} by "
      "layer.",
      median("gap nothing"), median("gap MLP"), median("drain nothing"), median("drain MLP"),
      median("drain MLP") <= 0.5 ? " (a drain is left)" : "", median("gap MLP on <s>"),
      median("drain MLP on <s>"), median("peak_untrained"), median("peak_0"), median("peak_1"),
      median("peak_2"));
  return found;
}

} // namespace

int main(int argc, char** argv) { return paper::experiment(argc, argv, what, measure); }
