// SPDX-License-Identifier: MIT
// Which tasks make a head sink: triggers, `<s>`, delimiters, other rules, two tasks, new sequences.
#include "common/finding.hpp"
#include "common/models.hpp"
#include "common/thresholds.hpp"
#include "experiments/variations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dm = dormant;

namespace {

paper::claim const what = {
    .name = "task_variations",
    .title = "Sinks form where a head has two things to do",
    .where = "section 2 and the ablations of its appendix",
    .sentence = "A head that triggers ask for something is dormant on all other tokens and attends "
                "to <s> there, whatever the number of triggers and of <s> and whatever triggers "
                "ask for. A plain Markov chain asks nothing of attention."};

figures::comparison::series over(paper::runs const& runs, std::string label,
                                 std::string_view column) {
  figures::comparison::series out{.label = std::move(label)};
  for (std::size_t v = 0; v < runs.variants(); ++v)
    paper::add(out, dm::band_of(runs.last(v, column)));
  return out;
}

paper::finding measure(paper::setting const& how) {
  auto const steps = how.steps_or(how.paper_scale ? 1000 : 1200);
  auto const runs =
      paper::over_seeds(how, how.paper_scale ? paper::variations<program::paper_shape>(how, steps)
                                             : paper::variations<program::demo_shape>(how, steps));
  std::vector<std::string> labels;
  paper::finding found{
      .ran = fmt::format("one layer, softmax, {}, {} steps; measured on the same 256 sequences of "
                         "its task for all seeds",
                         how.paper_scale ? "width 256, context 256, AdamW 3e-4, batch 64"
                                         : "width 64, context 64, AdamW 3e-3, batch 8",
                         steps)};
  for (std::size_t v = 0; v < runs.variants(); ++v) {
    labels.push_back(runs.label(v));
    found.numbers.push_back(
        {"attention on <s> from non-triggers, " + labels[v], dm::band_of(runs.last(v, "on_bos"))});
  }
  auto const in = [&](std::string_view label, std::string_view column) {
    auto const v = std::ranges::find(labels, label) - labels.begin();
    return runs.last(static_cast<std::size_t>(v), column);
  };
  // For every seed, the smallest or largest number among some variants.
  auto const among = [&](std::span<std::string const> some, std::string_view column, auto choose) {
    auto out = in(some[0], column);
    for (auto const& label : some)
      std::ranges::transform(out, in(label, column), out.begin(), choose);
    return out;
  };
  auto const smaller = [](double a, double b) { return std::fmin(a, b); };
  auto const larger = [](double a, double b) { return std::fmax(a, b); };
  auto const sinks = [](double attention) { return paper::sink.passes(attention); };
  auto const half = [](double ratio) { return ratio < 0.5; };
  auto const less = [](double a, double b) { return a < b; };
  std::span const all(labels), one_rule = all.first(9), delimited = all.subspan(10, 3);
  auto const weakest = among(one_rule, "on_bos", smaller);
  found.statements = {
      {"with triggers, <s>, no <d> and one rule, other tokens give <s> at least 0.3",
       paper::each_seed(weakest, sinks)},
      {"there the value norm of <s> is below half that of characters",
       paper::each_seed(among(one_rule, "value_ratio_bos", larger), half)},
      {"in a plain Markov chain attention on <s> from non-triggers is less than in any of these",
       paper::each_seed(in("Markov", "on_bos"), weakest, less)},
      {"on sequences of an unseen law other tokens give <s> at least 0.3",
       paper::each_seed(in("unseen law", "on_bos"), sinks)},
      {"with delimiters other tokens give <s> at least 0.3",
       paper::each_seed(among(delimited, "on_bos", smaller), sinks)},
      {"with two tasks other tokens give <s> at least 0.3",
       paper::each_seed(in("two tasks", "on_bos"), sinks)},
      {"without <s>, position 0 has less than 0.3 of the attention of other tokens, the triggers "
       "more",
       paper::each_seed(in("no <s>", "on_bos"), in("no <s>", "on_triggers"),
                        [](double first, double triggers) {
                          return !paper::sink.passes(first) && paper::sink.passes(triggers);
                        })}};
  found.words = fmt::format(
      "Without <s> the triggers, which are never copied, are the sink: {:.2f} of the attention of "
      "other tokens, value norm {:.2f} of that of characters. With <d> after 10% of characters "
      "{:.2f} "
      "go to <s>, {:.2f} on <d>, {:.2f} on triggers; all of queries that are no triggers.",
      dm::median(in("no <s>", "on_triggers")), dm::median(in("no <s>", "value_ratio_triggers")),
      dm::median(in("<d> 0.1", "on_bos")), dm::median(in("<d> 0.1", "on_delimiters")),
      dm::median(in("<d> 0.1", "on_triggers")));
  auto const panel = [&](std::string title, double guide,
                         std::vector<figures::comparison::series> lines) {
    return figures::comparison{.title = std::move(title),
                               .categories = labels,
                               .y = {.least = 0},
                               .lines = std::move(lines),
                               .guide = guide};
  };
  double const none = std::numeric_limits<double>::quiet_NaN();
  found.figure = {.panels = {panel("Attention of tokens that are no triggers", none,
                                   {over(runs, "on <s>, or position 0", "on_bos"),
                                    over(runs, "on triggers", "on_triggers"),
                                    over(runs, "on <d>", "on_delimiters")}),
                             panel("Value norm, relative to characters", 1,
                                   {over(runs, "<s>, or position 0", "value_ratio_bos"),
                                    over(runs, "triggers", "value_ratio_triggers"),
                                    over(runs, "<d>", "value_ratio_delimiters")})}};
  found.data = runs;
  return found;
}

} // namespace

int main(int argc, char** argv) { return paper::experiment(argc, argv, what, measure); }
