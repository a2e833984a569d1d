// SPDX-License-Identifier: MIT
// What one head does on one sequence: copies at triggers, and sinks everywhere else.
#include "common/finding.hpp"
#include "common/norm_profile.hpp"
#include "common/softmax_layers.hpp"
#include "common/thresholds.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <limits>
#include <string>
#include <vector>

namespace dm = dormant;

namespace {

paper::claim const what = {
    .name = "active_dormant",
    .title = "One head, active at triggers and dormant elsewhere",
    .where = "section 2.1, figures 2 and 3",
    .sentence =
        "At non-trigger tokens the head is dormant: it attends to <s>, whose value state is "
        "drained. At trigger tokens it is active: it attends to the token before, which it "
        "copies."};

constexpr std::size_t shown = 32; // tokens of the sequence in the figure, so that all can be read

/// Attention on the token before, over queries q >= 2 as `attention_sink` takes them.
struct attention_to_previous {
  dm::running_mean from_triggers, from_others;

  void operator()(dm::site::pattern at, dm::view<float const, 3> const& pattern) {
    for (std::size_t q = 2; q < pattern.shape(1); ++q)
      (at.sequence.trigger(q) ? from_triggers : from_others).add(double{pattern(0, q, q - 1)});
  }
  void merge(attention_to_previous const& later) {
    from_triggers += later.from_triggers;
    from_others += later.from_others;
  }
};
static_assert(dm::observes<attention_to_previous, dm::site::pattern>);

paper::finding measure(paper::setting const& how) {
  // The sequence that is shown is the same for every seed, a row a position; means over a batch
  // stand in the last one.
  dm::bigram_backcopy<program::paper_shape> const same(
      {.seed = how.first.data, .table = how.table});
  dm::batch one(1, shown, same.table());
  same.sample_row(dm::stream::evaluation_data, 0, 0, one.tokens(0), one.laws(0));
  auto const sequence = one.sequence(0);

  paper::softmax_layers<1> const model{how};
  auto const runs = model.over_seeds([&](auto& net, auto const& task, auto const& train) {
    train();
    dm::record<dm::site::pattern> pattern;
    program::norm_profile<dm::site::value_out> values;
    net.evaluate(one, pattern, values);
    auto const attention = pattern.values();
    paper::curve rows(shown);
    for (std::size_t q = 0; q < shown; ++q) {
      rows[q].add("position", static_cast<double>(q));
      rows[q].add("token", sequence.inputs[q]);
      rows[q].add("value_norm", values.at(0, q));
      for (std::size_t k = 0; k < shown; ++k)
        rows[q].add(fmt::format("attention_{}", k), attention(0, 0, q, k));
    }
    dm::attention_sink sink;
    attention_to_previous previous;
    dm::value_drain drain;
    net.evaluate(task.sample(128), sink, previous, drain);
    rows.back().add("bos_from_others", sink.on_background());
    rows.back().add("bos_from_triggers", sink.on_triggers());
    rows.back().add("previous_from_others", previous.from_others.mean());
    rows.back().add("previous_from_triggers", previous.from_triggers.mean());
    rows.back().add("value_norm_ratio", drain.ratio());
    return rows;
  });

  std::string triggers;
  for (auto const t : same.trigger_tokens()) triggers += " " + same.token_name(t);
  figures::attention_map map{
      .title = fmt::format("Attention, seed {}; triggers:{}", how.first.data, triggers)};
  auto const norms = runs.line(0, "value_norm", "");
  std::vector<double> const none(shown, std::numeric_limits<double>::quiet_NaN());
  figures::comparison values{.title = "Value norms in that sequence",
                             .y = {.label = "||W_O v||", .least = 0},
                             .lines = {{"<s>", none}, {"triggers", none}, {"others", none}}};
  for (auto& line : values.lines) {
    line.low = norms.low;
    line.high = norms.high;
  }
  for (std::size_t q = 0; q < shown; ++q) {
    map.tokens.push_back(same.token_name(sequence.inputs[q]));
    values.lines[q == 0 ? 0 : sequence.trigger(q) ? 1 : 2].middle[q] = norms.y[q];
    for (std::size_t k = 0; k < shown; ++k)
      map.weights.push_back(runs[0].front()[q][fmt::format("attention_{}", k)]);
  }
  values.categories = map.tokens;
  figures::comparison const looks{
      .title = "Where the head looks",
      .categories = {"<s>", "token before"},
      .y = {.label = "attention, mean over the queries named", .least = 0, .most = 1},
      .lines = {runs.series(0, {"bos_from_others", "previous_from_others"}, "from non-triggers"),
                runs.series(0, {"bos_from_triggers", "previous_from_triggers"}, "from triggers")}};

  auto const number = [&](std::string text, std::string_view column) {
    return paper::number{std::move(text), dm::band_of(runs.last(0, column))};
  };
  auto const at_least_half = [](double x) { return x >= 0.5; };
  paper::finding found{
      .ran = model.in_words(),
      .numbers = {number("attention on <s> from non-triggers", "bos_from_others"),
                  number("attention on <s> from triggers", "bos_from_triggers"),
                  number("attention on the token before from non-triggers", "previous_from_others"),
                  number("attention on the token before from triggers", "previous_from_triggers"),
                  number("value norm of <s> / others", "value_norm_ratio")},
      .statements =
          {{"dormant: non-triggers put at least half of their attention on <s>",
            paper::each_seed(runs.last(0, "bos_from_others"),
                             [](double a) { return paper::mostly_on_bos.passes(a); })},
           {"active: triggers put at least half of their attention on the token before",
            paper::each_seed(runs.last(0, "previous_from_triggers"), at_least_half)},
           {"active: triggers put at most a tenth of their attention on <s>",
            paper::each_seed(runs.last(0, "bos_from_triggers"), [](double x) { return x <= 0.1; })},
           {"drained: the value norm of <s> is at most half the mean of the others'",
            paper::each_seed(runs.last(0, "value_norm_ratio"), [](double x) { return x <= 0.5; })}},
      .figure = {.panels = {map, looks, values}},
      .data = runs};
  auto const& n = found.numbers;
  found.words = fmt::format(
      "Medians over seeds: a non-trigger puts {:.2f} of its attention on <s>, a trigger {:.2f}; a "
      "trigger puts {:.2f} on the token before, a non-trigger {:.2f}. The value norm of <s> is "
      "{:.2f} of the others'.",
      n[0].value.middle, n[1].value.middle, n[3].value.middle, n[2].value.middle,
      n[4].value.middle);
  return found;
}

} // namespace

int main(int argc, char** argv) { return paper::experiment(argc, argv, what, measure); }
