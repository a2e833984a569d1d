// SPDX-License-Identifier: MIT
// What counts as `<s>`: one or two of them or none, wherever they stand; and heads one at a time.
#include "dormant/dormant.hpp"
#include "dormant/task/in_context_bigrams.hpp"
#include "dormant/task/two_tasks.hpp"

#include "catch.hpp"
#include "models.hpp"

#include <cmath>
#include <map>
#include <vector>

namespace {

using namespace dormant;

constexpr shape small{
    .layers = 2, .heads = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 2};
constexpr std::size_t H = small.heads, C = small.width, T = small.context, B = 5;
using net_type = transformer<small, softmax>;

Approx close(double value) { return Approx(value).epsilon(1e-5); }

/// Everything the probes say of a layer and, with a number, of one of its heads, from recorded
/// tensors and the tokens alone.
struct by_hand {
  double mean, on_triggers, on_background, as_published, bos_value, other_value, bos_residual,
      other_residual, gap;

  by_hand(net_type const& net, batch const& rows, token bos, std::size_t layer,
          std::size_t first_head, std::size_t heads) {
    record<site::pattern> patterns;
    record<site::value_out> values;
    record<site::resid_post> residuals;
    record<site::scores> scores;
    net.evaluate(rows, patterns, values, residuals, scores);
    auto const a = patterns.values(layer), s = scores.values(layer), v = values.values(layer);
    auto const x = residuals.values(layer);
    running_mean all, triggers, others, published, bos_v, other_v, bos_x, other_x, gaps;
    std::map<token, running_mean> by_token;
    for (std::size_t b = 0; b < rows.rows(); ++b) {
      auto const tokens = rows.sequence(b).inputs;
      auto const sink = [&](std::size_t t) { return t == 0 || tokens[t] == bos; };
      for (std::size_t t = 0; t < T; ++t) {
        double square = 0;
        for (std::size_t c = 0; c < C; ++c) square += std::pow(double{x(b, t, c)}, 2);
        (sink(t) ? bos_x : other_x).add(std::sqrt(square));
      }
      for (std::size_t h = first_head; h < first_head + heads; ++h) {
        for (std::size_t t = 0; t < T; ++t) {
          double square = 0;
          for (std::size_t c = 0; c < C; ++c) square += std::pow(double{v(b, h, t, c)}, 2);
          (sink(t) ? bos_v : other_v).add(std::sqrt(square));
          bool const trigger = rows.laws(b)[t].trigger;
          if (!trigger) published.add(double{a(b, h, t, 0)});
          double on_sinks = 0;
          running_mean sink_score, other_score;
          for (std::size_t k = 0; k <= t; ++k) {
            if (sink(k)) on_sinks += double{a(b, h, t, k)};
            if (k < t) (sink(k) ? sink_score : other_score).add(double{s(b, h, t, k)});
          }
          if (other_score.count == 0) continue; // only sinks and itself to look at
          all.add(on_sinks);
          (trigger ? triggers : others).add(on_sinks);
          if (!trigger) by_token[tokens[t]].add(sink_score.mean() - other_score.mean());
        }
      }
    }
    for (auto const& [id, of_token] : by_token) gaps.add(of_token.mean());
    mean = all.mean();
    on_triggers = triggers.mean();
    on_background = others.mean();
    as_published = published.mean();
    bos_value = bos_v.mean();
    other_value = other_v.mean();
    bos_residual = bos_x.mean();
    other_residual = other_x.mean();
    gap = gaps.mean();
  }
};

void check(batch const& rows, token bos) {
  auto const net = models::shaken<net_type>();
  attention_sink sink;
  value_drain drain;
  residual_peak peak;
  sink_logit_gap gap;
  net.evaluate(rows, sink, drain, peak, gap);
  for (std::size_t l = 0; l < small.layers; ++l) {
    for (std::size_t const head : {all_heads, std::size_t{0}, std::size_t{1}}) {
      INFO("layer " << l << ", head " << head);
      bool const all = head == all_heads;
      by_hand const expected(net, rows, bos, l, all ? 0 : head, all ? H : 1);
      CHECK(sink.mean(l, head) == close(expected.mean));
      CHECK(sink.on_triggers(l, head) == close(expected.on_triggers));
      CHECK(sink.on_background(l, head) == close(expected.on_background));
      CHECK(sink.as_published(l, head) == close(expected.as_published));
      CHECK(drain.bos(l, head) == close(expected.bos_value));
      CHECK(drain.other(l, head) == close(expected.other_value));
      CHECK(gap.mean(l, head) == close(expected.gap));
      if (!all) continue;
      CHECK(peak.bos(l) == close(expected.bos_residual));
      CHECK(peak.other(l) == close(expected.other_residual));
    }
  }
}

} // namespace

TEST_CASE("sinks: every <s> at the beginning is one, of every task") {
  for (std::size_t const bos : {0U, 1U, 2U}) {
    INFO(bos << " <s>");
    bigram_backcopy<small> const task({.seed = 5, .bos = bos});
    check(task.sample(B), task.bos());
    in_context_bigrams<small> const other({.seed = 6, .bos = bos});
    check(other.sample(B), other.bos());
    two_tasks<small> const both({.seed = 7, .bos = bos, .first = {.delimiters = 0.2}});
    check(both.sample(B), both.bos());
  }
}

TEST_CASE("sinks: <s> in the middle of a sequence is one, too") {
  bigram_backcopy<small> const task({.seed = 5});
  auto rows = task.sample(B);
  for (std::size_t b = 0; b < B; ++b) rows.tokens(b)[4 + b] = task.bos();
  check(rows, task.bos());
}

TEST_CASE("sinks: tokens without a task have position 0 alone") {
  auto const rows = models::random_tokens(1, T, 11);
  auto const sequence = rows.sequence(0);
  CHECK(sequence.sink(0));
  for (std::size_t t = 1; t < T; ++t) CHECK_FALSE(sequence.sink(t));
  CHECK(sequence.end_of_sinks() == 1);
  CHECK(sequence.first_with_choice() == 2);
}

TEST_CASE("sinks: a sequence of nothing but <s> leaves nothing to measure") {
  bigram_backcopy<small> const task({.seed = 5});
  batch rows(1, 3, task.table());
  std::ranges::fill(rows.tokens(0), task.bos());
  attention_sink sink;
  sink_logit_gap gap;
  value_drain drain;
  models::shaken<net_type>().evaluate(rows, sink, gap, drain);
  CHECK(std::isnan(sink.mean()));
  CHECK(std::isnan(gap.mean()));
  CHECK(std::isnan(drain.ratio()));
  CHECK(std::isfinite(sink.as_published()));
}
