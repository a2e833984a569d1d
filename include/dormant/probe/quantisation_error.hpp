// SPDX-License-Identifier: MIT
// What rounding the activations of a site to int8 or int4 would cost, ||x - Q(x)|| / ||x||, and
// beside it the excess kurtosis by which it is foretold (arXiv 2306.12929, 2506.19697).
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <string_view>

namespace dormant {

/// Fake quantisation, symmetric by the largest absolute value: Q(x) = s round(x / s) with
/// s = max |x| / (2^(bits - 1) - 1), halves to even. One s for a sequence ("by tensor") or for each
/// of its tokens. Norms are over a sequence (Frobenius), of which one of zeros has no error.
/// `quantisation_error<site::norm1>` is of another site than the residual stream after a layer.
template <class Site = site::resid_post, class T = float>
class quantisation_error {
public:
  enum class grain { per_tensor, per_token };

  void operator()(Site at, view<T const, 2> const& x) {
    auto& seen = seen_[at.layer];
    double const norm = std::sqrt(squares(x, 0, x.shape(0)));
    for (std::size_t i = 0; i < ways.size(); ++i) {
      bool const whole = ways[i].by == grain::per_tensor;
      std::size_t const block = whole ? x.shape(0) : 1;
      double lost = 0;
      for (std::size_t t = 0; t < x.shape(0); t += block) {
        lost += lost_squares(x, t, t + block, ways[i].bits);
      }
      seen.errors[i].add(norm == 0 ? 0 : std::sqrt(lost) / norm);
    }
    seen.kurtosis.add(excess_kurtosis_of(x));
  }
  void merge(quantisation_error const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_); }

  /// Relative error, the mean over sequences; NaN for a layer that was not heard of, or
  /// without numbers for so many bits.
  [[nodiscard]] double mean(int bits, grain by, std::size_t layer = 0) const {
    for (std::size_t i = 0; i < ways.size(); ++i) {
      if (ways[i].bits == bits && ways[i].by == by) return seen_.at(layer).errors[i].mean();
    }
    return running_mean{}.mean();
  }
  /// E[(x - mu)^4] / (sigma^4 + 1e-6) - 3 over all elements of a sequence, the mean over sequences;
  /// 0 for a normal distribution. `massive_activations` has that of each token's elements.
  [[nodiscard]] double excess_kurtosis(std::size_t layer = 0) const {
    return seen_.at(layer).kurtosis.mean();
  }
  void report(probe_row& row) const {
    auto const named = [](std::string_view quantity) {
      return sentence({"quantisation_error.", Site::name, ".", quantity});
    };
    for (std::size_t l = 0; l < seen_.size(); ++l) {
      auto const of = seen_.at(l);
      if (of.kurtosis.count == 0) continue; // the final norm stands at one layer only
      for (std::size_t i = 0; i < ways.size(); ++i) {
        row.add(named(ways[i].name), l, of.errors[i].mean());
      }
      row.add(named("excess_kurtosis"), l, of.kurtosis.mean());
    }
  }

private:
  struct way {
    int bits;
    grain by;
    std::string_view name;
  };
  static constexpr std::array<way, 4> ways{
      way{8, grain::per_tensor, "int8_by_tensor"}, way{8, grain::per_token, "int8_by_token"},
      way{4, grain::per_tensor, "int4_by_tensor"}, way{4, grain::per_token, "int4_by_token"}};
  struct of_layer {
    std::array<running_mean, ways.size()> errors{};
    running_mean kurtosis;
    of_layer& operator+=(of_layer const& o) {
      for (std::size_t i = 0; i < errors.size(); ++i) errors[i] += o.errors[i];
      kurtosis += o.kurtosis;
      return *this;
    }
  };

  template <class F>
  static double sum(view<T const, 2> const& x, std::size_t first, std::size_t last, F const& f) {
    double total = 0;
    for (std::size_t t = first; t < last; ++t) {
      for (std::size_t c = 0; c < x.shape(1); ++c) total += f(static_cast<double>(x(t, c)));
    }
    return total;
  }
  static double squares(view<T const, 2> const& x, std::size_t first, std::size_t last) {
    return sum(x, first, last, [](double a) { return a * a; });
  }
  static double lost_squares(view<T const, 2> const& x, std::size_t first, std::size_t last,
                             int bits) {
    double most = 0; // of numbers; a NaN is lost below all the same
    (void)sum(x, first, last, [&](double a) {
      if (std::abs(a) > most) most = std::abs(a);
      return 0.0;
    });
    double const steps = (1 << (bits - 1)) - 1, s = most / steps;
    return sum(x, first, last, [&](double a) {
      double const lost = a == 0 ? 0 : a - s * std::nearbyint(a / s);
      return lost * lost;
    });
  }
  static double excess_kurtosis_of(view<T const, 2> const& x) {
    auto const n = static_cast<double>(x.size());
    double const mean = sum(x, 0, x.shape(0), [](double a) { return a; }) / n;
    double const variance =
        sum(x, 0, x.shape(0), [&](double a) { return (a - mean) * (a - mean); }) / n;
    double const fourth = sum(x, 0, x.shape(0), [&](double a) {
      double const square = (a - mean) * (a - mean);
      return square * square;
    });
    return fourth / n / (variance * variance + 1e-6) - 3;
  }

  per_layer<of_layer> seen_;
};

} // namespace dormant
