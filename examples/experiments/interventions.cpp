// SPDX-License-Identifier: MIT
// What attention and MLP are each for: take one away and see which risk suffers.
#include "common/excess_risk.hpp"
#include "common/finding.hpp"
#include "common/softmax_layers.hpp"

#include <dormant/dormant.hpp>
#include <dormant/task/oracle.hpp>

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace dm = dormant;

namespace {

paper::claim const what = {
    .name = "interventions",
    .title = "Attention serves the triggers, the MLP the others",
    .where = "section 2.1, figure 3",
    .sentence = "Without attention nothing changes at non-triggers, and copying at triggers is "
                "ruined. Without the MLP it is the other way round: the bigrams are lost."};

/// In the order of the figure; the last is no model but uniform logits.
std::array<std::string, 6> const cases = {"full model",  "without attention", "without MLP",
                                          "only to <s>", "clean pattern",     "uniform guess"};
enum case_number : std::size_t { full, no_attention, no_mlp, only_bos, clean, guess };

std::string bigram(std::size_t i) { return "bigram_excess " + cases[i]; }
std::string backcopy(std::size_t i) { return "backcopy_excess " + cases[i]; }

paper::finding measure(paper::setting const& how) {
  paper::softmax_layers<1> const model{how};
  auto const runs = model.over_seeds([&](auto& net, auto const& task, auto const& train) {
    auto rows = train(dm::risk{});
    auto const batch = task.sample(128);
    auto const add = [&](std::size_t i, double at_others, double at_triggers) {
      rows.back().add(bigram(i), at_others);
      rows.back().add(backcopy(i), at_triggers);
    };
    auto const with = [&](std::size_t i, auto const&... intervention) {
      program::excess_risk excess;
      net.evaluate(batch, intervention..., excess);
      add(i, excess.bigram.mean(), excess.backcopy.mean());
    };
    with(full);
    with(no_attention, dm::ablate_head{});
    with(no_mlp, dm::zero_mlp{});
    with(only_bos, dm::attend_only_to_bos{});
    with(clean, dm::clean_pattern{});
    auto const least = dm::minimum_risk_of(task);
    double const uniform = std::log(static_cast<double>(task.vocab));
    add(guess, uniform - least.bigram, uniform - least.backcopy);
    return rows;
  });

  std::vector<std::string> shown, at_others, at_triggers;
  for (std::size_t i = full; i < guess; ++i) {
    shown.push_back(cases[i]);
    at_others.push_back(bigram(i));
    at_triggers.push_back(backcopy(i));
  }
  auto const panel = [&](std::string const& title, std::vector<std::string> const& columns,
                         std::string const& guessed) {
    return figures::comparison{.title = title,
                               .categories = shown,
                               .y = {.label = "excess risk, nats", .log = true},
                               .lines = {runs.series(0, columns, "")},
                               .guide = dm::median(runs.last(0, guessed))};
  };

  auto const change = [&](auto column, std::size_t i) {
    auto out = runs.last(0, column(i));
    auto const before = runs.last(0, column(full));
    for (std::size_t s = 0; s < out.size(); ++s) out[s] -= before[s];
    return out;
  };
  auto const little = [](double nats) { return std::abs(nats) <= 0.05; };
  auto const a_nat = [](double nats) { return nats >= 1; };
  auto const half_a_nat = [](double nats) { return nats >= 0.5; };
  auto const no_attention_backcopy = change(backcopy, no_attention);
  auto const no_mlp_backcopy = change(backcopy, no_mlp);
  paper::finding found{
      .ran = model.in_words() + "; a uniform guess gives every token the same logit: log V minus "
                                "the entropy of the law",
      .statements =
          {{"without attention the bigram risk changes by at most 0.05 nats",
            paper::each_seed(change(bigram, no_attention), little)},
           {"without attention the backcopy risk rises by at least 1 nat",
            paper::each_seed(no_attention_backcopy, a_nat)},
           {"without the MLP the bigram risk rises by at least 0.5 nats",
            paper::each_seed(change(bigram, no_mlp), half_a_nat)},
           {"without the MLP the backcopy risk rises by at most half of what it does without "
            "attention",
            paper::each_seed(no_mlp_backcopy, no_attention_backcopy,
                             [](double mlp, double attention) { return mlp <= attention / 2; })},
           {"attention to <s> alone changes the bigram risk by at most 0.05 nats",
            paper::each_seed(change(bigram, only_bos), little)},
           {"the clean pattern, <s> for non-triggers and the token before for triggers, raises "
            "neither risk by more than 0.05 nats",
            paper::each_seed(change(bigram, clean), change(backcopy, clean),
                             [](double a, double b) { return a <= 0.05 && b <= 0.05; })}},
      .figure = {.panels = {panel("At non-triggers: bigram; dotted: uniform guess", at_others,
                                  bigram(guess)),
                            panel("At triggers: backcopy; dotted: uniform guess", at_triggers,
                                  backcopy(guess))}},
      .data = runs};
  for (std::size_t i = full; i <= guess; ++i) {
    found.numbers.push_back(
        {"excess bigram risk, nats: " + cases[i], dm::band_of(runs.last(0, bigram(i)))});
    found.numbers.push_back(
        {"excess backcopy risk, nats: " + cases[i], dm::band_of(runs.last(0, backcopy(i)))});
  }
  found.words = fmt::format(
      "Medians over seeds: without attention the bigram risk changes by {:+.3f} nats and the "
      "backcopy risk by {:+.2f}; without the MLP by {:+.2f} and {:+.2f}. A uniform guess is {:.2f} "
      "and {:.2f} above the minimum.",
      dm::median(change(bigram, no_attention)), dm::median(no_attention_backcopy),
      dm::median(change(bigram, no_mlp)), dm::median(no_mlp_backcopy),
      found.numbers[2 * guess].value.middle, found.numbers[2 * guess + 1].value.middle);
  return found;
}

} // namespace

int main(int argc, char** argv) { return paper::experiment(argc, argv, what, measure); }
