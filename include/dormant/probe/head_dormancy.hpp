// SPDX-License-Identifier: MIT
// Scores by which heads are called dormant (arXiv 2504.03889), query by query, and these scores
// scored: a task knows where a head has to be active (on triggers) and where it is dormant.
#pragma once

#include "dormant/probe/norms.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/probe/scoring.hpp"
#include "dormant/sites.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>
#include <vector>

namespace dormant {

/// Of one head at one query i. A head is the more dormant the larger `attention` and `share`
/// are, and the smaller the others.
enum class dormancy : std::size_t {
  attention, ///< A[i, `<s>`]
  entropy,   ///< of the row of A, over ln of the keys it sees
  value, ///< `||v_<s>||` over the mean norm of the sequence's other values, the same for all queries
  output, ///< ||z_i|| over the mean norm of the layer, all heads and queries of the sequence
  share,  ///< A[i, `<s>`] `||v_<s>||` / ||sum_j A[i, j] v_j||
  truth   ///< what the task says: there is no trigger at i
};

/// Where a score calls a head dormant: above the threshold, or below, as `dormancy` says.
struct dormancy_thresholds {
  double attention = 0.5, entropy = 0.5, value = 0.5, output = 0.5, share = 0.5;
};

/// Over the queries that have a choice (see `attention_sink`). Values are those before a gate on
/// them. What is relative to nothing, as of a layer that puts out nothing, is 0. Where the task is
/// known, memory is five numbers for each query and head.
template <class T>
class head_dormancy_of {
public:
  static constexpr std::size_t scores = 5;
  static constexpr std::array<std::string_view, scores> names{"attention", "entropy", "value",
                                                              "output", "share"};

  head_dormancy_of() = default;
  explicit head_dormancy_of(dormancy_thresholds const& calls_dormant)
      : thresholds_{calls_dormant.attention, calls_dormant.entropy, calls_dormant.value,
                    calls_dormant.output, calls_dormant.share} {}
  [[nodiscard]] head_dormancy_of empty() const {
    head_dormancy_of out;
    out.thresholds_ = thresholds_;
    return out;
  }

  void operator()(site::v /*at*/, view<T const, 3> const& v) {
    kv_heads_ = v.shape(1), width_ = v.shape(2);
    values_.assign(v.begin(), v.end());
  }
  void operator()(site::pattern at, view<T const, 3> const& pattern) {
    heads_ = pattern.shape(0), length_ = pattern.shape(1);
    under_way_.assign(heads_ * length_, {});
    for (std::size_t h = 0; h < heads_; ++h) read_head(at, pattern, h);
  }
  void operator()(site::z at, view<T const, 3> const& z) {
    auto const first = at.sequence.first_with_choice();
    running_mean of_layer;
    for (std::size_t h = 0; h < heads_; ++h) {
      for (std::size_t q = first; q < length_; ++q) {
        double const norm =
            detail::euclidean(z.shape(2), [&](std::size_t d) { return z(q, h, d); });
        of_layer.add(norm);
        at_query(h, q)[index(dormancy::output)] = norm;
      }
    }
    for (std::size_t h = 0; h < heads_; ++h) {
      for (std::size_t q = first; q < length_; ++q) {
        auto& of = at_query(h, q);
        auto& output = of[index(dormancy::output)];
        output = relative(output, of_layer.mean());
        seen_[at.layer][h].add(of, thresholds_, at.sequence, q);
      }
    }
  }
  void merge(head_dormancy_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_); }

  /// Mean over queries and sequences; of `truth`, the share of queries without a trigger.
  [[nodiscard]] double mean(dormancy score, std::size_t layer = 0,
                            std::size_t head = all_heads) const {
    return seen_.of(layer, head).means[index(score)].mean();
  }
  /// Mean of `||v_<s>||`.
  [[nodiscard]] double value_norm(std::size_t layer = 0, std::size_t head = all_heads) const {
    return seen_.of(layer, head).value_norm.mean();
  }
  /// How probable it is that the score calls a query where the head is dormant more so than one
  /// where it is active: 1 tells them apart, 1/2 says nothing, 0 has it the wrong way. Exact; see
  /// `ranking`. Of `all_heads`: their queries together. NaN where the task is unknown.
  [[nodiscard]] double auc(dormancy score, std::size_t layer = 0,
                           std::size_t head = all_heads) const {
    return seen_.of(layer, head).area(index(score));
  }
  /// Cohen's kappa of two scores' verdicts, or of a score's and the truth.
  [[nodiscard]] double kappa(dormancy a, dormancy b, std::size_t layer = 0,
                             std::size_t head = all_heads) const {
    auto const of = seen_.of(layer, head);
    auto verdicts = of.known;
    if (a != dormancy::truth && b != dormancy::truth) verdicts += of.unknown;
    return verdicts.kappa(index(a), index(b));
  }
  [[nodiscard]] std::size_t layers() const { return seen_.size(); }
  void report(probe_row& row) const {
    seen_.each([&](std::size_t l, std::size_t h) {
      auto const of = seen_.of(l, h); // once, as the scores in it are many
      for (std::size_t s = 0; s < scores; ++s) {
        row.add(sentence({"head_dormancy.", names[s]}), l, of.means[s].mean(), h);
        row.add(sentence({"head_dormancy.auc_", names[s]}), l, of.area(s), h);
        row.add(sentence({"head_dormancy.kappa_", names[s]}), l, of.known.kappa(s, scores), h);
      }
      row.add("head_dormancy.value_norm", l, of.value_norm.mean(), h);
    });
  }

private:
  static constexpr std::size_t index(dormancy score) { return static_cast<std::size_t>(score); }
  static double relative(double x, double of) { return x == 0 && of == 0 ? 0 : x / of; }

  struct of_head {
    std::array<running_mean, scores + 1> means{};
    running_mean value_norm;
    agreement<scores + 1> known, unknown; // by whether the truth is
    ranking<T> attention, entropy, value, output, share;

    void state(auto&& f) {
      f(means, value_norm, known, unknown, attention, entropy, value, output, share);
    }
    of_head& operator+=(of_head const& o) {
      for (std::size_t s = 0; s <= scores; ++s) means[s] += o.means[s];
      value_norm += o.value_norm;
      known += o.known;
      unknown += o.unknown;
      for (std::size_t s = 0; s < scores; ++s) this->*rankings[s] += o.*rankings[s];
      return *this;
    }
    void add(std::array<double, scores + 1> const& of, std::array<double, scores> const& thresholds,
             sequence const& seq, std::size_t q) {
      bool const knows = !seq.laws.empty(), dormant = !seq.trigger(q);
      std::array<bool, scores + 1> yes{};
      bool all_numbers = true;
      for (std::size_t s = 0; s < scores; ++s) {
        double const sign = s == index(dormancy::attention) || s == index(dormancy::share) ? 1 : -1;
        yes[s] = sign * of[s] > sign * thresholds[s];
        all_numbers = all_numbers && !std::isnan(of[s]);
        means[s].add(of[s]);
        if (knows) (this->*rankings[s]).add(dormant, sign * of[s]);
      }
      if (knows) means[scores].add(dormant ? 1 : 0);
      yes[scores] = dormant;
      auto& verdicts = knows ? known : unknown;
      verdicts.add(yes);
      // No verdict on a NaN is right, so none may seem to be.
      if (!all_numbers) verdicts.judged = std::numeric_limits<double>::quiet_NaN();
      value_norm.add(of[scores]);
    }
    [[nodiscard]] double area(std::size_t score) const { return (this->*rankings[score]).auc(); }

    static constexpr std::array<ranking<T> of_head::*, scores> rankings{
        &of_head::attention, &of_head::entropy, &of_head::value, &of_head::output, &of_head::share};
  };

  /// The scores of a query so far and, in the place of the truth, `||v_<s>||`.
  std::array<double, scores + 1>& at_query(std::size_t h, std::size_t q) {
    return under_way_[h * length_ + q];
  }
  void read_head(site::pattern const& at, view<T const, 3> const& pattern, std::size_t h) {
    auto const& seq = at.sequence;
    std::size_t const kv = h / (heads_ / kv_heads_);
    auto const value = [&](std::size_t j, std::size_t d) {
      return values_[(j * kv_heads_ + kv) * width_ + d];
    };
    bos_norms norms;
    std::vector<double> norm_of_value(length_), mixed(width_);
    for (std::size_t j = 0; j < length_; ++j) {
      auto const of_value = [&](std::size_t d) { return value(j, d); };
      norm_of_value[j] = detail::euclidean(width_, of_value);
      norms.add(seq.sink(j), width_, of_value);
    }
    for (std::size_t q = seq.first_with_choice(); q < length_; ++q) {
      double attention = 0, entropy = 0, weighed = 0;
      mixed.assign(width_, 0.0);
      for (std::size_t j = 0; j <= q; ++j) {
        auto const a = static_cast<double>(pattern(h, q, j));
        if (!(a <= 0)) entropy -= a * std::log(a); // also of a NaN
        if (seq.sink(j)) attention += a, weighed += a * norm_of_value[j];
        for (std::size_t d = 0; d < width_; ++d) mixed[d] += a * value(j, d);
      }
      double const all = detail::euclidean(width_, [&](std::size_t d) { return mixed[d]; });
      at_query(h, q) = {attention,
                        entropy / std::log(static_cast<double>(q + 1)),
                        relative(norms.bos.mean(), norms.other.mean()),
                        0,
                        relative(weighed, all),
                        norms.bos.mean()};
    }
  }

  std::array<double, scores> thresholds_{0.5, 0.5, 0.5, 0.5, 0.5};
  per_head<of_head> seen_;
  // Of the sequence and layer under way.
  std::size_t heads_ = 0, kv_heads_ = 0, length_ = 0, width_ = 0;
  std::vector<double> values_;                            // [T, KV, D]
  std::vector<std::array<double, scores + 1>> under_way_; // [H, T]
};
using head_dormancy = head_dormancy_of<float>;

} // namespace dormant
