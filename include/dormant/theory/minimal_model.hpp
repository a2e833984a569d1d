// SPDX-License-Identifier: MIT
// The minimal model of sinks and drains (arXiv 2410.13835, section 2): its loss, gradient and
// Hessian.
//   loss = mean over contexts of sum_v pi_v { log sum_i p_vi exp(z_vi) - sum_i p_vi z_vi },
//   z_vi = (exp(alpha_v) beta_i + B_i) / (exp(alpha_v) + W),  B_i = n_i xi_i,  W = sum_k n_k
#pragma once

#include "dormant/error.hpp"
#include "dormant/task/batch.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

/// The minimal model of the paper's theorem, its flow, and trained models in its coordinates.
namespace dormant::theory {

/// What the tokens before a query say: they share the attention that `<s>` leaves, each with score
/// 0.
struct context {
  std::vector<double> pull; ///< B [S], logits: counts times values
  double weight = 0;        ///< W, the number of tokens; more than 0
};

/// One attention layer on one-hot tokens of which two vectors are free: alpha_v, the score that a
/// query v gives `<s>`, and beta, the value of `<s>` in logits. A trigger's score lambda_v of the
/// previous token is no part of this loss, which is the excess bigram risk in nats.
///
/// Queries are the tokens that are no trigger and have more than one successor: the others' loss
/// does not depend on anything. Successors are the tokens that follow some query: no other beta_i
/// has a gradient. So every parameter of the flat vector x = [alpha (Q), beta (S)] matters.
class minimal_model {
public:
  /// \param task a task with unigram law, such as `bigram_backcopy`; pi is that law over the
  /// queries
  /// \param xi [V] the value of each token in its own direction, in logits; empty: all 1
  /// \throws error if the law leaves no query, or xi has the wrong length
  template <class Task>
  explicit minimal_model(Task const& task, std::vector<double> xi = {}) : xi_(std::move(xi)) {
    auto const& laws = *task.table();
    auto const unigrams = laws.row(static_cast<std::size_t>(laws.unigram_row));
    if (xi_.empty()) xi_.assign(laws.vocab, 1.0);
    if (xi_.size() != laws.vocab)
      refuse({"xi needs ", laws.vocab, " values, one a token, found ", xi_.size()});
    std::vector<bool> follows(laws.vocab);
    double total = 0;
    for (std::size_t v = 0; v < task.characters(); ++v) {
      if (task.is_trigger(static_cast<token>(v)) || unigrams[v] <= 0 || laws.entropies[v] <= 0)
        continue;
      queries_.push_back(static_cast<token>(v));
      weights_.push_back(unigrams[v]);
      total += unigrams[v];
      for (std::size_t i = 0; i < laws.vocab; ++i) follows[i] = follows[i] || laws.row(v)[i] > 0;
    }
    if (queries_.empty()) refuse({"no token that is not a trigger has two successors"});
    for (auto& weight : weights_) weight /= total;
    for (std::size_t i = 0; i < laws.vocab; ++i) {
      if (follows[i]) successors_.push_back(static_cast<token>(i));
    }
    for (auto const v : queries_) {
      auto& row = rows_.emplace_back();
      for (std::size_t i = 0; i < successors_.size(); ++i) {
        auto const p =
            laws.row(static_cast<std::size_t>(v))[static_cast<std::size_t>(successors_[i])];
        if (p > 0) row.push_back({i, p});
      }
    }
  }

  [[nodiscard]] std::span<token const> queries() const { return queries_; }       ///< [Q] token ids
  [[nodiscard]] std::span<double const> weights() const { return weights_; }      ///< pi [Q]
  [[nodiscard]] std::span<token const> successors() const { return successors_; } ///< [S] token ids
  [[nodiscard]] std::size_t size() const { return queries_.size() + successors_.size(); } ///< Q + S
  /// alpha [Q] or beta [S] of a flat vector.
  template <class T>
  [[nodiscard]] std::span<T> alpha(std::span<T> x) const {
    return x.first(queries_.size());
  }
  template <class T>
  [[nodiscard]] std::span<T> beta(std::span<T> x) const {
    return x.subspan(queries_.size());
  }
  /// The flat vector with every alpha_v = a and every beta_i = c.
  [[nodiscard]] std::vector<double> level(double a, double c) const {
    std::vector<double> x(size(), c);
    std::ranges::fill(alpha(std::span(x)), a);
    return x;
  }

  /// The context that some tokens make; `<s>` is not one of them.
  [[nodiscard]] context context_of(std::span<token const> tokens) const {
    std::vector<double> counts(xi_.size());
    for (auto const t : tokens) counts[static_cast<std::size_t>(t)] += 1;
    context out{.pull = {}, .weight = static_cast<double>(tokens.size())};
    for (auto const i : successors_)
      out.pull.push_back(counts[static_cast<std::size_t>(i)] * xi_[static_cast<std::size_t>(i)]);
    return out;
  }
  /// The contexts that the first `length` tokens after `<s>` of each sequence of a batch make.
  [[nodiscard]] std::vector<context> contexts_of(batch const& rows, std::size_t length) const {
    std::vector<context> out;
    for (std::size_t b = 0; b < rows.rows(); ++b)
      out.push_back(context_of(rows.tokens(b).subspan(1, length)));
    return out;
  }

  /// [Q] How much the contexts disturb each query: the mean over contexts of Var_{p_v}(B),
  /// logits^2. At large alpha and constant beta the loss of v is `disturbance exp(-2 alpha) / 2`,
  /// so that `alpha_v(t) = ln(2 pi_v disturbance_v t) / 2 + o(1)`; alpha_v stays put where it is 0.
  [[nodiscard]] std::vector<double> disturbance(std::span<context const> contexts) const {
    std::vector<double> out;
    for (auto const& row : rows_) {
      double sum = 0;
      for (auto const& [pull, weight] : contexts) {
        double const first = pull[row.front().successor]; // equal pulls differ by 0, not rounding
        double mean = 0, square = 0;
        for (auto const [i, p] : row) mean += p * (pull[i] - first);
        for (auto const [i, p] : row)
          square += p * (pull[i] - first - mean) * (pull[i] - first - mean);
        sum += square;
      }
      out.push_back(sum / static_cast<double>(contexts.size()));
    }
    return out;
  }
  /// The mean of alpha over the queries whose disturbance is not 0; NaN if there is none.
  [[nodiscard]] double mean_alpha(std::span<double const> x,
                                  std::span<double const> disturbance) const {
    double sum = 0, count = 0;
    for (std::size_t v = 0; v < queries_.size(); ++v) {
      if (!(disturbance[v] > 0)) continue;
      sum += x[v];
      count += 1;
    }
    return sum / count;
  }

  /// The limit of beta under its gradient flow with alpha held at a and one context:
  /// `[mean(beta(0)) + exp(-a) mean(B)] 1 - exp(-a) B`, [S].
  [[nodiscard]] std::vector<double> limit_of_beta(double a, std::span<double const> beta_at_start,
                                                  context const& only) const {
    double level = 0;
    for (std::size_t i = 0; i < beta_at_start.size(); ++i)
      level += beta_at_start[i] + std::exp(-a) * only.pull[i];
    level /= static_cast<double>(beta_at_start.size());
    auto out = only.pull;
    for (auto& b : out) b = level - std::exp(-a) * b;
    return out;
  }

  /// Excess bigram risk in nats, at x [Q + S].
  [[nodiscard]] double loss(std::span<double const> x, std::span<context const> contexts) const {
    double sum = 0;
    for (std::size_t v = 0; v < queries_.size(); ++v)
      each_context(v, x, contexts, [&](double share, reply const& r) { sum += share * r.log_sum; });
    return sum;
  }

  /// dloss/dx into `dx` [Q + S].
  void gradient(std::span<double const> x, std::span<context const> contexts,
                std::span<double> dx) const {
    std::ranges::fill(dx, 0.0);
    auto const dbeta = beta(dx);
    for (std::size_t v = 0; v < queries_.size(); ++v) {
      auto const& row = rows_[v];
      each_context(v, x, contexts, [&](double share, reply const& r) {
        double slope = 0;
        for (std::size_t n = 0; n < row.size(); ++n) {
          slope += r.error[n] * r.turn[n];
          dbeta[row[n].successor] += share * r.sink * r.error[n];
        }
        dx[v] += share * r.sink * slope;
      });
    }
  }

  /// d^2 loss / dx^2 into `h` [Q + S, Q + S], row by row.
  void hessian(std::span<double const> x, std::span<context const> contexts,
               std::span<double> h) const {
    std::ranges::fill(h, 0.0);
    auto const at = [&](std::size_t i, std::size_t j) -> double& { return h[i * size() + j]; };
    std::vector<double> q, mixed, square; // [N], [N], [N, N] for the N outcomes of one query
    for (std::size_t v = 0; v < queries_.size(); ++v) {
      auto const& row = rows_[v];
      auto const N = row.size();
      q.resize(N);
      mixed.assign(N, 0);
      square.assign(N * N, 0);
      each_context(v, x, contexts, [&](double share, reply const& r) {
        double const w = r.sink;
        double slope = 0, mean = 0, second = 0; // sum g r, and moments of r under the model
        for (std::size_t n = 0; n < N; ++n) {
          q[n] = row[n].p + r.error[n];
          slope += r.error[n] * r.turn[n];
          mean += q[n] * r.turn[n];
          second += q[n] * r.turn[n] * r.turn[n];
        }
        at(v, v) += share * (w * (1 - 2 * w) * slope + w * w * (second - mean * mean));
        for (std::size_t n = 0; n < N; ++n) {
          double const scale = share * w * w * q[n];
          mixed[n] += share * w * (1 - w) * r.error[n] + scale * (r.turn[n] - mean);
          square[n * N + n] += scale;
          for (std::size_t m = 0; m < N; ++m) square[n * N + m] -= scale * q[m];
        }
      });
      for (std::size_t n = 0; n < N; ++n) {
        auto const i = queries_.size() + row[n].successor;
        at(v, i) = at(i, v) = mixed[n];
        for (std::size_t m = 0; m < N; ++m)
          at(i, queries_.size() + row[m].successor) += square[n * N + m];
      }
    }
  }

private:
  struct outcome {
    std::size_t successor = 0;
    double p = 0;
  };
  // What one query does in one context, over the outcomes of its row.
  struct reply {
    double sink = 0;           // attention on <s>, w
    double log_sum = 0;        // log sum_i p_i exp(z_i), with z shifted so that sum_i p_i z_i = 0
    std::vector<double> turn;  // (dz_i / dalpha) / w = beta_i - z_i, up to a shift
    std::vector<double> error; // what the model says minus p_i
  };

  // Calls f(share, reply) for query v in every context. Only differences between outcomes
  // matter. They vanish as alpha grows; taken before anything is added, and by expm1, they keep all
  // their digits, and are exactly 0 where beta and B do not tell outcomes apart.
  template <class F>
  void each_context(std::size_t v, std::span<double const> x, std::span<context const> contexts,
                    F&& f) const {
    auto const b = beta(x);
    auto const& row = rows_[v];
    reply r{.turn = std::vector<double>(row.size()), .error = std::vector<double>(row.size())};
    for (auto const& [pull, weight] : contexts) {
      r.sink = 1 / (1 + weight * std::exp(-x[v]));
      double const rest = 1 / (std::exp(x[v]) + weight);
      auto const origin = row.front().successor;
      double logit = 0; // mean under p
      for (std::size_t n = 0; n < row.size(); ++n) {
        auto const [i, p] = row[n];
        double const db = b[i] - b[origin], dpull = pull[i] - pull[origin];
        r.error[n] = r.sink * db + rest * dpull;
        r.turn[n] = rest * (weight * db - dpull);
        logit += p * r.error[n];
      }
      double sum = 0; // sum_i p_i exp(z_i) - 1
      for (std::size_t n = 0; n < row.size(); ++n) {
        r.error[n] = std::expm1(r.error[n] - logit);
        sum += row[n].p * r.error[n];
      }
      r.log_sum = std::log1p(sum);
      for (std::size_t n = 0; n < row.size(); ++n)
        r.error[n] = row[n].p * (r.error[n] - sum) / (1 + sum);
      f(weights_[v] / static_cast<double>(contexts.size()), std::as_const(r));
    }
  }

  std::vector<token> queries_;             // [Q]
  std::vector<double> weights_;            // [Q]
  std::vector<token> successors_;          // [S]
  std::vector<std::vector<outcome>> rows_; // [Q], the outcomes of p_v above zero
  std::vector<double> xi_;                 // [V]
};

} // namespace dormant::theory
