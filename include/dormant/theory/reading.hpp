// SPDX-License-Identifier: MIT
// Where a trained transformer stands in the coordinates of the minimal model (arXiv 2410.13835,
// section 2): alpha, lambda, beta and xi, so that theory and training can share an axis.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/error.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/rule/softmax.hpp"
#include "dormant/sites.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <type_traits>
#include <vector>

namespace dormant::theory {

/// Reads a model of one layer and one head on a batch, over queries 2, 3, ...:
///   - `alpha(v)`, v no trigger: the score of `<s>` above that of the other visible keys, where
///     "the others' score" is the one that, if all had it, would leave `<s>` the attention it has:
///     s[q, 0] - log mean_{1 <= j <= q} exp s[q, j]. The paper's sink logit gap takes the mean of
///     the scores instead, which is larger wherever they differ;
///   - `lambda(v)`, v a trigger: the same for the previous token, s[q, q - 1], above all others;
///   - `beta(net)` and `xi(net)`: what `W_O v` adds to the logits at attention 1. The final norm is
///     taken as linear, divided by the mean standard deviation of the residual stream at queries
///     that are no trigger, and the MLP as deaf to it: the direct path, all that the minimal model
///     has. A trained MLP may well listen, so these two are in logits but not exact.
template <class T>
class reading_of {
public:
  void operator()(site::value_out at, view<T const, 3> const& values) {
    for (std::size_t t = 0; t < values.shape(1); ++t) {
      if (is_register(at.sequence.inputs[t])) refuse({"the minimal model knows no registers"});
      auto const v = static_cast<std::size_t>(at.sequence.inputs[t]);
      auto& sum = (t == 0 ? bos_ : grown(values_, v));
      sum.value.resize(values.shape(2));
      sum.count += 1;
      for (std::size_t c = 0; c < values.shape(2); ++c)
        sum.value[c] += static_cast<double>(values(0, t, c));
    }
  }
  void operator()(site::scores at, view<T const, 3> const& scores) {
    for (std::size_t q = 2; q < scores.shape(1); ++q) {
      bool const trigger = at.sequence.trigger(q);
      auto const looked_up = trigger ? q - 1 : 0;
      double const score = static_cast<double>(scores(0, q, looked_up));
      double others = 0;
      for (std::size_t j = 0; j <= q; ++j) {
        if (j != looked_up) others += std::exp(static_cast<double>(scores(0, q, j)) - score);
      }
      grown(trigger ? lambda_ : alpha_, static_cast<std::size_t>(at.sequence.inputs[q]))
          .add(-std::log(others / static_cast<double>(q)));
    }
  }
  void operator()(site::resid_post at, view<T const, 2> const& x) {
    double const width = static_cast<double>(x.shape(1));
    for (std::size_t q = 2; q < x.shape(0); ++q) {
      if (at.sequence.trigger(q)) continue;
      double mean = 0, square = 0;
      for (std::size_t c = 0; c < x.shape(1); ++c) mean += static_cast<double>(x(q, c)) / width;
      for (std::size_t c = 0; c < x.shape(1); ++c)
        square += std::pow(static_cast<double>(x(q, c)) - mean, 2);
      deviation_.add(std::sqrt(square / width));
    }
  }
  void merge(reading_of const& later) {
    for (std::size_t v = 0; v < later.values_.size(); ++v) grown(values_, v) += later.values_[v];
    for (std::size_t v = 0; v < later.alpha_.size(); ++v) grown(alpha_, v) += later.alpha_[v];
    for (std::size_t v = 0; v < later.lambda_.size(); ++v) grown(lambda_, v) += later.lambda_[v];
    bos_ += later.bos_;
    deviation_ += later.deviation_;
  }

  /// NaN for a token that was not met as a query of its kind.
  [[nodiscard]] double alpha(token v) const { return mean_at(alpha_, v); }
  [[nodiscard]] double lambda(token v) const { return mean_at(lambda_, v); }
  /// The mean over the tokens that were met.
  [[nodiscard]] double mean_alpha() const { return mean_over_tokens(alpha_); }
  [[nodiscard]] double mean_lambda() const { return mean_over_tokens(lambda_); }
  void report(probe_row& row) const {
    row.add("reading.alpha", mean_alpha());
    row.add("reading.lambda", mean_lambda());
  }

  /// [V] the logits of the value of `<s>`, with mean 0: a common shift is no part of any law.
  template <class Net>
  [[nodiscard]] std::vector<double> beta(Net const& net) const {
    return logits(net, bos_);
  }
  /// [V] the logit that the value of each token adds to the token itself, above the mean of what it
  /// adds to all; NaN for a token that was not met.
  template <class Net>
  [[nodiscard]] std::vector<double> xi(Net const& net) const {
    std::vector<double> out(net.shape.vocab, std::nan(""));
    for (std::size_t v = 0; v < values_.size(); ++v) {
      if (values_[v].count > 0) out[v] = logits(net, values_[v])[v];
    }
    return out;
  }

  template <class Placed>
  void require(Placed const& /*model*/) const {
    using Model = typename Placed::model;
    static_assert(Model::shape.layers == 1 && Model::shape.heads == 1,
                  "dormant::theory::reading: the minimal model has one layer with one head");
    static_assert(std::is_same_v<typename Model::template block_at<0>::attention, softmax>,
                  "dormant::theory::reading: alpha is a score of softmax attention");
    static_assert(Model::final_norm && !Model::post_norm && !Model::tied_output,
                  "dormant::theory::reading: values are read through the final norm and an output "
                  "matrix of its own");
  }

private:
  struct sum_of_values {
    std::vector<double> value; // [C]
    double count = 0;
    sum_of_values& operator+=(sum_of_values const& o) {
      value.resize(std::max(value.size(), o.value.size()));
      for (std::size_t c = 0; c < o.value.size(); ++c) value[c] += o.value[c];
      count += o.count;
      return *this;
    }
  };
  template <class Monoid>
  static Monoid& grown(std::vector<Monoid>& by_token, std::size_t v) {
    if (v >= by_token.size()) by_token.resize(v + 1);
    return by_token[v];
  }
  static double mean_at(std::vector<running_mean> const& by_token, token v) {
    auto const i = static_cast<std::size_t>(v);
    return i < by_token.size() ? by_token[i].mean() : std::nan("");
  }
  static double mean_over_tokens(std::vector<running_mean> const& by_token) {
    running_mean all;
    for (auto const& one : by_token) {
      if (one.count > 0) all.add(one.mean());
    }
    return all.mean();
  }

  // W_U (gamma * (u - mean u)) / deviation for the mean value u, its own mean taken off
  template <class Net>
  [[nodiscard]] std::vector<double> logits(Net const& net, sum_of_values const& from) const {
    auto const output = net.parameter("output.weight"); // [V, C]
    auto const gamma = net.parameter("norm.weight");    // [1, C]
    auto const C = from.value.size();
    double const mean =
        std::accumulate(from.value.begin(), from.value.end(), 0.0) / static_cast<double>(C);
    std::vector<double> out(net.shape.vocab);
    double level = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      for (std::size_t c = 0; c < C; ++c) {
        out[i] += static_cast<double>(output(i, c)) * static_cast<double>(gamma(0, c)) *
                  (from.value[c] - mean);
      }
      out[i] /= from.count * deviation_.mean();
      level += out[i] / static_cast<double>(out.size());
    }
    for (auto& logit : out) logit -= level;
    return out;
  }

  std::vector<running_mean> alpha_, lambda_; // [V]
  std::vector<sum_of_values> values_;        // [V]
  sum_of_values bos_;
  running_mean deviation_;
};
using reading = reading_of<float>;
static_assert(observes<reading, site::value_out> && observes<reading, site::scores> &&
              observes<reading, site::resid_post>);

} // namespace dormant::theory
