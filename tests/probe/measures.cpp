// SPDX-License-Identifier: MIT
// Every probe against its formula, computed by hand from recorded tensors
// (arXiv 2410.13835, section 2).
#include "dormant/dormant.hpp"

#include "catch.hpp"
#include "error_of.hpp"
#include "models.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace {

using namespace dormant;

constexpr shape small{
    .layers = 2, .heads = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 2};
constexpr std::size_t L = small.layers, H = small.heads, C = small.width, V = small.vocab,
                      T = small.context, B = 5;
using task_type = bigram_backcopy<small>;
using net_type = transformer<small, softmax>;

struct fixture {
  task_type task{{.seed = 5}};
  net_type net = models::shaken<net_type>();
  batch rows = task.sample(B);
  bool trigger(std::size_t b, std::size_t t) const { return rows.laws(b)[t].trigger; }
};

template <class Row>
double norm_of(Row const& element) {
  double square = 0;
  for (std::size_t c = 0; c < C; ++c) {
    double const x = static_cast<double>(element(c));
    square += x * x;
  }
  return std::sqrt(square);
}

Approx close(double value) { return Approx(value).epsilon(1e-5); }

} // namespace

TEST_CASE_METHOD(fixture, "probe: attention sink is the mean of A[q, 0] over queries from 2 on") {
  attention_sink sink;
  record<site::pattern> kept;
  net.evaluate(rows, sink, kept);
  REQUIRE(sink.layers() == L);
  for (std::size_t l = 0; l < L; ++l) {
    auto const pattern = kept.values(l); // [B, H, T, T]
    running_mean all, on_trigger, off_trigger;
    for (std::size_t b = 0; b < B; ++b) {
      for (std::size_t h = 0; h < H; ++h) {
        for (std::size_t q = 2; q < T; ++q) {
          double const a = static_cast<double>(pattern(b, h, q, 0));
          all.add(a);
          (trigger(b, q) ? on_trigger : off_trigger).add(a);
        }
      }
    }
    CHECK(sink.mean(l) == close(all.mean()));
    CHECK(sink.on_triggers(l) == close(on_trigger.mean()));
    CHECK(sink.on_background(l) == close(off_trigger.mean()));
  }
}

TEST_CASE_METHOD(fixture, "probe: value drain is the norm of W_O v, head by head") {
  value_drain drain;
  record<site::v> kept;
  record<site::value_out> seen;
  net.evaluate(rows, drain, kept, seen);
  REQUIRE(drain.layers() == L);
  constexpr std::size_t D = small.head_width();
  for (std::size_t l = 0; l < L; ++l) {
    auto const v = kept.values(l);   // [B, T, H, D]
    auto const out = seen.values(l); // [B, H, T, C]
    auto const wo = net.parameter("layers." + std::to_string(l) + ".attention.wo.weight");
    running_mean bos, other;
    for (std::size_t b = 0; b < B; ++b) {
      for (std::size_t h = 0; h < H; ++h) {
        for (std::size_t t = 0; t < T; ++t) {
          auto const value = [&](std::size_t c) {
            double sum = 0;
            for (std::size_t d = 0; d < D; ++d) {
              sum += static_cast<double>(wo(c, h * D + d)) * static_cast<double>(v(b, t, h, d));
            }
            return sum;
          };
          for (std::size_t c = 0; c < C; ++c) {
            CHECK(static_cast<double>(out(b, h, t, c)) == close(value(c)).margin(1e-5));
          }
          (t == 0 ? bos : other).add(norm_of(value));
        }
      }
    }
    CHECK(drain.bos(l) == close(bos.mean()));
    CHECK(drain.other(l) == close(other.mean()));
    CHECK(drain.ratio(l) == close(bos.mean() / other.mean()));
  }
}

TEST_CASE("probe: values reach the residual stream as they are where W_O is the identity") {
  auto const net = models::shaken<transformer<small, softmax, identity_wo>>();
  record<site::v> kept;
  record<site::value_out> seen;
  net.evaluate(task_type({.seed = 5}).sample(2), kept, seen);
  auto const v = kept.values(1);   // [B, T, H, D]
  auto const out = seen.values(1); // [B, H, T, C]
  constexpr std::size_t D = small.head_width();
  for (std::size_t h = 0; h < H; ++h) {
    for (std::size_t c = 0; c < C; ++c) {
      CHECK(out(1, h, 3, c) == (c / D == h ? v(1, 3, h, c % D) : 0.F));
    }
  }
}

TEST_CASE("probe: one head's value_out goes through the packed product, several do not") {
  constexpr shape one{.layers = 1, .heads = 1, .width = 20, .vocab = 67, .context = 13};
  auto const net = models::shaken<transformer<one, softmax>>();
  record<site::v> kept;
  record<site::value_out> seen;
  net.evaluate(bigram_backcopy<one>({.seed = 5}).sample(2), kept, seen);
  auto const v = kept.values();   // [B, T, 1, C]
  auto const out = seen.values(); // [B, 1, T, C]
  auto const wo = net.parameter("layers.0.attention.wo.weight");
  for (std::size_t c = 0; c < C; ++c) {
    double sum = 0;
    for (std::size_t d = 0; d < C; ++d) {
      sum += static_cast<double>(wo(c, d)) * static_cast<double>(v(1, 4, 0, d));
    }
    CHECK(static_cast<double>(out(1, 0, 4, c)) == close(sum).margin(1e-5));
  }
}

TEST_CASE_METHOD(fixture, "probe: residual peak is the norm of what a layer leaves") {
  residual_peak peak;
  record<site::resid_post> kept;
  net.evaluate(rows, peak, kept);
  for (std::size_t l = 0; l < L; ++l) {
    auto const x = kept.values(l); // [B, T, C]
    running_mean bos, other;
    for (std::size_t b = 0; b < B; ++b) {
      for (std::size_t t = 0; t < T; ++t) {
        (t == 0 ? bos : other).add(norm_of([&](std::size_t c) { return x(b, t, c); }));
      }
    }
    CHECK(peak.bos(l) == close(bos.mean()));
    CHECK(peak.other(l) == close(other.mean()));
    CHECK(peak.ratio(l) == close(bos.mean() / other.mean()));
  }
}

TEST_CASE_METHOD(fixture, "probe: sink logit gap is a mean over tokens of means over queries") {
  for (bool const with_triggers : {false, true}) {
    sink_logit_gap gap(with_triggers);
    record<site::scores> kept;
    net.evaluate(rows, gap, kept);
    for (std::size_t l = 0; l < L; ++l) {
      auto const s = kept.values(l); // [B, H, T, T]
      std::map<token, running_mean> by_token;
      for (std::size_t b = 0; b < B; ++b) {
        for (std::size_t h = 0; h < H; ++h) {
          for (std::size_t q = 2; q < T; ++q) {
            if (!with_triggers && trigger(b, q)) continue;
            running_mean rest;
            for (std::size_t j = 1; j < q; ++j) rest.add(static_cast<double>(s(b, h, q, j)));
            by_token[rows.tokens(b)[q]].add(static_cast<double>(s(b, h, q, 0)) - rest.mean());
          }
        }
      }
      std::vector<double> gaps;
      for (auto const& [id, mean] : by_token) gaps.push_back(mean.mean());
      std::sort(gaps.begin(), gaps.end());
      double sum = 0;
      for (double const g : gaps) sum += g;
      CHECK(gap.mean(l) == close(sum / static_cast<double>(gaps.size())));
      CHECK(gap.quantile(l, 0) == close(gaps.front()));
      CHECK(gap.quantile(l, 1) == close(gaps.back()));
      double const at = 0.1 * static_cast<double>(gaps.size() - 1);
      auto const i = static_cast<std::size_t>(at);
      CHECK(gap.quantile(l, 0.1) ==
            close(gaps[i] + (at - std::floor(at)) * (gaps[i + 1] - gaps[i])));
    }
  }
}

TEST_CASE_METHOD(fixture, "probe: risks are cross-entropies against the exact law") {
  record<site::logits> kept;
  risk risks;
  auto const found = net.evaluate(rows, kept, risks);
  auto const logits = kept.values(L - 1); // [B, T, V]
  auto const& table = *task.table();
  running_mean on_bigrams, on_triggers, published, loss;
  for (std::size_t b = 0; b < B; ++b) {
    for (std::size_t t = 0; t < T; ++t) {
      double sum = 0;
      for (std::size_t v = 0; v < V; ++v) sum += std::exp(static_cast<double>(logits(b, t, v)));
      auto const cost = [&](auto const& probability) {
        double total = 0;
        for (std::size_t v = 0; v < V; ++v) {
          total += probability(v) * (std::log(sum) - static_cast<double>(logits(b, t, v)));
        }
        return total;
      };
      auto const& law = rows.laws(b)[t];
      double const expected = cost([&](std::size_t v) { return law_probability(law, table, v); });
      (law.trigger ? on_triggers : on_bigrams).add(expected);
      if (!law.trigger) {
        published.add(t > 0 ? expected : cost([&](std::size_t v) {
          return table.row(static_cast<std::size_t>(task.unigram_row()))[v];
        }));
      }
      auto const next = static_cast<std::size_t>(rows.tokens(b)[t + 1]);
      loss.add(std::log(sum) - static_cast<double>(logits(b, t, next)));
    }
  }
  CHECK(found.loss == close(loss.mean()));
  CHECK(found.bigram_risk == close(on_bigrams.mean()));
  CHECK(found.backcopy_risk == close(on_triggers.mean()));
  CHECK(risks.bigram() == found.bigram_risk);
  CHECK(risks.backcopy() == found.backcopy_risk);
  CHECK(risks.bigram_as_published() == close(published.mean()));
}

TEST_CASE("probe: without a law there is no risk, without attention no sink") {
  auto const net =
      models::shaken<transformer<models::odd(2, 2), stack<mlp_block<>, block<softmax>>>>();
  attention_sink sink;
  residual_peak peak;
  auto const found = net.evaluate(models::random_tokens(2, 13, 11), sink, peak);
  CHECK(std::isfinite(found.loss));
  CHECK(std::isnan(found.bigram_risk));
  CHECK(std::isnan(found.backcopy_risk));
  CHECK(std::isnan(sink.mean(0)));
  CHECK(std::isfinite(sink.mean(1)));
  CHECK(std::isnan(sink.on_triggers(1)));
  CHECK(std::isfinite(peak.ratio(0)));
  CHECK(std::isnan(attention_sink{}.mean()));
  CHECK(std::isnan(sink_logit_gap{}.quantile(0, 0.5)));
}

TEST_CASE_METHOD(fixture, "probe: record keeps a site in the order of the batch") {
  record<site::embed> embed;
  record<site::q> q;
  record<site::mlp_hidden> hidden;
  evaluate(net, rows, {.threads = 3, .shards = 4}, embed, q, hidden);
  auto const x = embed.values(); // [B, T, C]
  REQUIRE(x.shape(0) == B);
  REQUIRE(x.shape(1) == T);
  REQUIRE(x.shape(2) == C);
  auto const tok = net.parameter("tok_embeddings.weight");
  auto const pos = net.parameter("pos_embeddings.weight");
  for (std::size_t b = 0; b < B; ++b) {
    auto const id = static_cast<std::size_t>(rows.tokens(b)[7]);
    for (std::size_t c = 0; c < C; ++c) CHECK(x(b, 7, c) == tok(id, c) + pos(7, c));
  }
  CHECK(q.values(1).shape(3) == small.head_width());
  CHECK(hidden.values(1).shape(2) == small.hidden());
  CHECK(embed.layers() == 1);
  CHECK(q.layers() == L);
  CHECK(embed.values(1).size() == 0);
}

TEST_CASE_METHOD(fixture, "probe: measuring from training gives what evaluating gives") {
  attention_sink in_training, in_evaluation;
  risk risk_in_training;
  (void)differentiate(net, rows, {.threads = 2}, in_training, risk_in_training);
  auto const found = evaluate(net, rows, {.threads = 1}, in_evaluation);
  CHECK(in_training.mean(1) == in_evaluation.mean(1));
  CHECK(risk_in_training.bigram() == found.bigram_risk);
}

TEST_CASE_METHOD(fixture, "probe: tensor norms are Frobenius norms by name") {
  auto const gradient = differentiate(net, rows, {});
  tensor_norms norms;
  auto const view = gradient["layers.0.ff.w1.weight"];
  norms(site::gradient{{0, "layers.0.ff.w1.weight"}}, view);
  double square = 0;
  for (float const g : view) square += static_cast<double>(g) * static_cast<double>(g);
  CHECK(norms.gradient("layers.0.ff.w1.weight") == Approx(std::sqrt(square)));
  CHECK(error_of([&] {
          (void)norms.update("layers.0.ff.w1.weight");
        }).find("it has, the nearest names first: tensor_norms.gradient.layers.0.ff.w1.weight") !=
        std::string::npos);
}

TEST_CASE("probe: a row keeps its numbers in order, and refuses another name") {
  probe_row row;
  row.add("loss", 1.5);
  row.add("attention_sink.mean", 2, 0.25);
  row.add("attention_sink.mean", 2, 0.5, 1);
  row.add("value_drain.ratio", 0, std::nan(""));
  row.set("loss", 2.5);
  row.set("new", 3);
  CHECK(row["loss"] == 2.5);
  CHECK(row["attention_sink.mean.2"] == 0.25);
  CHECK(row["attention_sink.mean.2.1"] == 0.5);
  CHECK(std::isnan(row["value_drain.ratio.0"])); // there, but empty
  CHECK(row.has("new"));
  CHECK_FALSE(row.has("attention_sink.mean"));
  CHECK(error_of([&] { (void)row["attention_sink.mean_2"]; }) ==
        "the row of measurements has nothing named 'attention_sink.mean_2'; it has, the nearest "
        "names first: attention_sink.mean.2, attention_sink.mean.2.1, value_drain.ratio.0, loss, "
        "new");
  REQUIRE(row.cells().size() == 5);
  CHECK(row.cells()[4].first == "new");
}

TEST_CASE("per head: what was heard of stays with its layer and head, in whatever order it comes") {
  per_head<running_mean> kept, other;
  kept[0][0].add(1);
  kept[2][0].add(2); // layers first, then more heads than there was room for
  kept[0][3].add(3);
  kept[2][1].add(4);
  other[1][4].add(5);
  kept += other;
  CHECK(kept.of(0, 0).mean() == 1);
  CHECK(kept.of(0, 3).mean() == 3);
  CHECK(kept.of(2, 0).mean() == 2);
  CHECK(kept.of(2, 1).mean() == 4);
  CHECK(kept.of(1, 4).mean() == 5);
  CHECK(kept.of(2, all_heads).mean() == 3);
}
