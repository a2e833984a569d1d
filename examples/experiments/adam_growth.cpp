// SPDX-License-Identifier: MIT
// How the residual norm of <s> grows under Adam and not under SGD, and which matrices push it.
#include "common/finding.hpp"
#include "common/models.hpp"
#include "experiments/growth_laws.hpp"
#include "experiments/norm_influence.hpp"

#include <dormant/dormant.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dm = dormant;

namespace {

paper::claim const what = {
    .name = "adam_growth",
    .title = "Under Adam the residual peak grows linearly",
    .where = "section 3",
    .sentence = "Under Adam the norm of the residual state of <s> after the first layer grows "
                "linearly in steps; under SGD it does not."};

template <dm::shape Base, class Optimizer>
paper::curve train(paper::setting const& how, paper::one_run const& run, Optimizer const& optimizer,
                   dm::schedule const& plan) {
  using model = program::minimal<Base, dm::softmax>;
  model net({.seed = run.seeds.init});
  dm::bigram_backcopy<Base> const task({.seed = run.seeds.data, .table = how.table});
  paper::norm_influence<model> influence(task.bos(), plan.steps / 2);
  dm::history log(dm::every{std::max<std::uint64_t>(1, plan.steps / 60)}, dm::risk{},
                  dm::residual_peak{});
  dm::when some(dm::every{std::max<std::uint64_t>(1, plan.steps / 800)}, influence);
  dm::train(net, task, optimizer, plan, log, some, program::on_board{run.board});
  if (run.board.stopping()) throw paper::interrupted{};

  auto rows = log.rows();
  influence.report(rows.back());
  paper::add_growth_laws(rows, "residual_peak.bos.0", plan.steps / 2);
  return rows;
}

paper::finding measure(paper::setting const& how) {
  auto const steps = how.steps_or(how.paper_scale ? 10'000 : 4000);
  auto const plan = how.schedule(steps, how.paper_scale ? 512 : 8);
  auto const by = [&](auto const& here, auto const& published) {
    return [&how, plan, here, published](paper::one_run const& run) {
      return how.paper_scale ? train<program::paper_shape>(how, run, published, plan)
                             : train<program::demo_shape>(how, run, here, plan);
    };
  };
  enum { adam, sgd };
  auto const runs =
      paper::over_seeds(how, {{"AdamW", steps, by(dm::adamw{.lr = 3e-3}, dm::adamw{.lr = 3e-4})},
                              {"SGD", steps, by(dm::sgd{.lr = 0.1}, dm::sgd{.lr = 0.03})}});
  std::string_view const where =
      how.paper_scale ? "AdamW 3e-4, SGD 0.03, batch 512" : "AdamW 3e-3, SGD 0.1, batch 8";
  paper::finding found{.ran = fmt::format("MLP | attention + MLP | MLP, softmax, width and context "
                                          "{}, {}, {} steps",
                                          how.paper_scale ? 256 : 64, where, steps),
                       .data = runs};
  figures::chart curves{.title = "Residual norm of <s> after layer 0",
                        .x = {.label = "step"},
                        .y = {.label = "||x_0||"}};
  figures::comparison pushes{.title = "Norm influence, later half of training",
                             .y = {.label = "change of ||x_0|| per 1000 steps"},
                             .guide = 0};
  figures::comparison errors{.title = "Laws fitted to the later half, AdamW",
                             .y = {.label = "residual error of ||x_0||, rms", .least = 0},
                             .lines = {{}}};
  for (std::size_t const v : {adam, sgd}) {
    auto const& by_whom = runs.label(v);
    auto const number = [&](std::string const& column, std::string const& says) {
      found.numbers.push_back({by_whom + ": " + says, dm::band_of(runs.last(v, column))});
      return found.numbers.back().value;
    };
    curves.lines.push_back(runs.line(v, "residual_peak.bos.0", by_whom));
    number("residual_peak.bos.0", "||x_0|| at the end");
    number("line slope", "slope of the line, per step");
    number("power slope", "exponent of the power law");
    number("slope over the earlier one's", "slope of the later half over that of the earlier");
    for (std::string const law : {"line", "logarithm", "power"}) {
      auto const off = number(law + " off by", law + " fits ||x_0|| up to (rms)");
      if (v != adam) continue;
      errors.categories.push_back(law);
      paper::add(errors.lines.back(), off);
    }
    pushes.lines.push_back({.label = by_whom});
    for (auto const& [tensor, name] : paper::matrices) {
      if (v == adam) pushes.categories.emplace_back(name);
      paper::add(
          pushes.lines.back(),
          number(std::string(name), "influence of the " + std::string(name) + " per 1000 steps"));
    }
    number("all", "change of ||x_0|| per 1000 steps in the same steps");
  }
  found.figure.panels = {curves, errors, pushes};

  auto const of = [&](std::size_t v, std::string_view column) { return runs.last(v, column); };
  auto curved = of(adam, "logarithm off by"), mlp = of(adam, "MLP W1"),
       embeddings = of(adam, "token emb.");
  for (std::size_t s = 0; s < curved.size(); ++s) {
    curved[s] = std::min(curved[s], of(adam, "power off by")[s]);
    mlp[s] += of(adam, "MLP W2")[s];
    embeddings[s] += of(adam, "position emb.")[s];
  }
  found.statements = {
      {"with AdamW ||x_0|| rises by at least a tenth over the later half of training",
       paper::each_seed(of(adam, "rise"), [](double rise) { return rise >= 0.1; })},
      {"with AdamW a line fits that half better than a logarithm and a power law do",
       paper::each_seed(of(adam, "line off by"), curved, std::less<>{})},
      {"with SGD the slope of that half is less than a tenth of AdamW's from the same seed",
       paper::each_seed(of(sgd, "line slope"), of(adam, "line slope"),
                        [](double s, double a) { return s < a / 10; })},
      {"with AdamW the MLP of layer 0 pushes ||x_0|| up more than the embeddings do",
       paper::each_seed(mlp, embeddings, [](double m, double e) { return m > 0 && m > e; })}};
  auto const middle = [&](std::size_t v, std::string_view c) { return dm::median(of(v, c)); };
  auto const most = std::ranges::max_element(paper::matrices, {},
                                             [&](auto const& m) { return middle(adam, m.second); });
  found.words = fmt::format(
      "Over the later half ||x_0|| changes by {:+.0f}% with AdamW, {:+.0f}% with SGD (medians). A "
      "line, a logarithm and a power law (exponent {:.2f}) are off AdamW's curve by {:.2f}, {:.2f} "
      "and {:.2f}. Its slope is {:.2f} times that of the earlier half, where linear growth has 1. "
      "With AdamW the {} pushes most.",
      100 * middle(adam, "rise"), 100 * middle(sgd, "rise"), middle(adam, "power slope"),
      middle(adam, "line off by"), middle(adam, "logarithm off by"), middle(adam, "power off by"),
      middle(adam, "slope over the earlier one's"), most->second);
  return found;
}

} // namespace

int main(int argc, char** argv) { return paper::experiment(argc, argv, what, measure); }
