// SPDX-License-Identifier: MIT
// The largest elements of the residual stream (arXiv 2402.17762) and how heavy its tails are: the
// kurtosis of a token's elements, 3 for a normal distribution.
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cmath>
#include <cstddef>

namespace dormant {

/// Of the residual stream as each layer leaves it.
template <class T>
class massive_activations_of {
public:
  /// One element, and where it stands.
  struct element {
    double size = 0;
    std::size_t position = 0, channel = 0;
  };

  void operator()(site::resid_post at, view<T const, 2> const& x) {
    auto& seen = seen_[at.layer];
    auto const width = static_cast<double>(x.shape(1));
    for (std::size_t t = 0; t < x.shape(0); ++t) {
      double sum = 0, squares = 0;
      for (std::size_t c = 0; c < x.shape(1); ++c) {
        auto const value = static_cast<double>(x(t, c));
        sum += value;
        squares += value * value;
        seen.absolute.add(std::abs(value));
        if (std::abs(value) > seen.largest.size) seen.largest = {std::abs(value), t, c};
      }
      double const mean = sum / width, variance = squares / width - mean * mean;
      double fourth = 0;
      for (std::size_t c = 0; c < x.shape(1); ++c) {
        fourth += std::pow(static_cast<double>(x(t, c)) - mean, 4);
      }
      (at.sequence.sink(t) ? seen.kurtosis_at_sinks : seen.kurtosis)
          .add(fourth / width / (variance * variance));
    }
  }
  void merge(massive_activations_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_); }

  [[nodiscard]] element largest(std::size_t layer) const { return seen_.at(layer).largest; }
  /// The largest over the mean size of all elements.
  [[nodiscard]] double ratio(std::size_t layer) const {
    return largest(layer).size / seen_.at(layer).absolute.mean();
  }
  /// Mean over the tokens that are no sink, and over those that are.
  [[nodiscard]] double kurtosis(std::size_t layer) const { return seen_.at(layer).kurtosis.mean(); }
  [[nodiscard]] double kurtosis_at_sinks(std::size_t layer) const {
    return seen_.at(layer).kurtosis_at_sinks.mean();
  }
  void report(probe_row& row) const {
    for (std::size_t l = 0; l < seen_.size(); ++l) {
      row.add("massive_activations.largest", l, largest(l).size);
      row.add("massive_activations.ratio", l, ratio(l));
      row.add("massive_activations.kurtosis", l, kurtosis(l));
      row.add("massive_activations.kurtosis_at_sinks", l, kurtosis_at_sinks(l));
    }
  }

private:
  struct of_layer {
    element largest;
    running_mean absolute, kurtosis, kurtosis_at_sinks;
    of_layer& operator+=(of_layer const& o) {
      if (o.largest.size > largest.size) largest = o.largest;
      absolute += o.absolute;
      kurtosis += o.kurtosis;
      kurtosis_at_sinks += o.kurtosis_at_sinks;
      return *this;
    }
  };
  per_layer<of_layer> seen_;
};
using massive_activations = massive_activations_of<float>;

} // namespace dormant
