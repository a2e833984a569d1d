// SPDX-License-Identifier: MIT
// A small value state of <s> draws attention, and attention on <s> shrinks the value state: the
// loop cut on one side during training, to see whether the other side still grows.
#include "common/finding.hpp"
#include "common/models.hpp"
#include "experiments/cuts.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <tuple>
#include <vector>

namespace dm = dormant;

namespace {

paper::claim const what = {
    .name = "mutual_reinforcement",
    .title = "Sink and drain reinforce each other",
    .where = "section 2.3",
    .sentence =
        "A small value state of <s> makes attention to <s> cheap, so the sink grows; attention "
        "on <s> pushes its value state towards zero, so the drain grows. The paper argues "
        "this; here either side of the loop is cut during training."};

template <dm::shape Shape, class... Edits>
paper::curve train(paper::setting const& how, paper::one_run const& run, dm::schedule const& plan,
                   Edits const&... edits) {
  dm::transformer<Shape, dm::softmax, dm::identity_wo> net({.seed = run.seeds.init});
  dm::bigram_backcopy<Shape> const task({.seed = run.seeds.data, .table = how.table});
  dm::adamw const optimizer{.lr = how.paper_scale ? 3e-4 : 2e-3};
  auto const on = paper::fixed_batch<Shape>(how);
  return paper::train_watched_under(std::tie(edits...), run, net, task, optimizer, plan, {on},
                                    dm::risk{}, dm::attention_sink{}, dm::sink_logit_gap{},
                                    dm::value_drain{});
}

double value_ratio(dm::probe_row const& row) {
  return row["value_drain.bos.0"] / row["value_drain.other.0"];
}

template <dm::shape Shape>
paper::finding measure(paper::setting const& how) {
  auto const steps = how.steps_or(1500);
  auto const plan = how.schedule(steps, how.paper_scale ? 512 : 16);
  // Of W_V, drawn from U(-1, 1) / sqrt(C), times a vector of norm sqrt(C).
  double const norm_at_start = std::sqrt(static_cast<double>(Shape.width) / 3);
  auto const under = [&](auto const&... edits) {
    return [&how, plan, edits...](paper::one_run const& run) {
      return train<Shape>(how, run, plan, edits...);
    };
  };
  enum { free, held_norm, stopped, borrowed, held_logit };
  auto const runs = paper::over_seeds(
      how, {{"nothing cut", steps, under()},
            {"norm of v_0 held", steps, under(paper::hold_value_norm{norm_at_start})},
            {"no gradient to v_0", steps, under(paper::stop_value_gradient{})},
            {"v_0 borrowed", steps, under(paper::borrow_value{})},
            {"sink logit held", steps, under(paper::hold_sink_logit{})}});

  figures::chart sink{.title = "Attention on <s>",
                      .x = {.label = "step"},
                      .y = {.label = "mean over non-triggers", .least = 0}};
  figures::chart drain{.title = "Value norm of <s> / others",
                       .x = {.label = "step"},
                       .y = {.label = "ratio", .least = 0}};
  std::vector<std::vector<double>> attention, ratio;
  for (std::size_t v = 0; v < runs.variants(); ++v) {
    sink.lines.push_back(runs.line(v, "attention_sink.on_background.0", runs.label(v)));
    drain.lines.push_back(runs.line(v, value_ratio, runs.label(v)));
    attention.push_back(runs.last(v, "attention_sink.on_background.0"));
    ratio.push_back(runs.last(v, "value_drain.bos.0"));
    auto const others = runs.last(v, "value_drain.other.0");
    for (std::size_t s = 0; s < others.size(); ++s) ratio.back()[s] /= others[s];
  }

  auto const below_half = [](double cut, double whole) { return cut < whole / 2; };
  auto const undrained = [](double cut, double whole) { return cut > 0.5 && cut > 1.5 * whole; };
  paper::finding found{
      .ran =
          fmt::format("one layer with W_O = 1, width {}, context {}, AdamW {}, batch {}, {} steps",
                      Shape.width, Shape.context, how.paper_scale ? 3e-4 : 2e-3, plan.batch, steps),
      .statements =
          {{"with the norm of v_0 held as at the start, attention on <s> from non-triggers ends "
            "below half of "
            "what it is when nothing is cut",
            paper::each_seed(attention[held_norm], attention[free], below_half)},
           {"with no gradient to v_0, attention on <s> from non-triggers ends below half of what "
            "it is when "
            "nothing is cut",
            paper::each_seed(attention[stopped], attention[free], below_half)},
           {"with v_0 borrowed from the first character, attention on <s> from non-triggers ends "
            "below half of "
            "what it is when nothing is cut",
            paper::each_seed(attention[borrowed], attention[free], below_half)},
           {"with the sink logit held at the others' mean, the value norm of <s> stays above "
            "half of the others' and 1.5 times what it is when nothing is cut",
            paper::each_seed(ratio[held_logit], ratio[free], undrained)}},
      .figure = {.panels = {sink, drain}},
      .data = runs};
  for (std::size_t v = 0; v < runs.variants(); ++v) {
    found.numbers.push_back(
        {runs.label(v) + ": attention on <s> from non-triggers", dm::band_of(attention[v])});
    found.numbers.push_back(
        {runs.label(v) + ": value norm of <s> / others", dm::band_of(ratio[v])});
  }
  auto const middle = [](std::vector<double> const& values) { return dm::median(values); };
  found.words = fmt::format(
      "Attention on <s> from non-triggers ends at {:.2f} when nothing is cut, {:.2f} with the norm "
      "of v_0 held, "
      "{:.2f} "
      "without a gradient to v_0 and {:.2f} with a borrowed v_0. The value norm of <s> ends at "
      "{:.2f} "
      "of the others' when nothing is cut and at {:.2f} with the sink logit held. Where only the "
      "norm "
      "is held, v_0 can still turn to where it does no harm; where it is borrowed, it cannot.",
      middle(attention[free]), middle(attention[held_norm]), middle(attention[stopped]),
      middle(attention[borrowed]), middle(ratio[free]), middle(ratio[held_logit]));
  return found;
}

} // namespace

int main(int argc, char** argv) {
  return paper::experiment(argc, argv, what, [](paper::setting const& how) {
    return how.paper_scale ? measure<program::paper_shape>(how) : measure<program::demo_shape>(how);
  });
}
