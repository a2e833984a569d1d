// SPDX-License-Identifier: MIT
// Norms position by position, where the library's probes tell `<s>` from all others.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/probe/row.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

namespace program {

namespace dm = dormant;

/// Mean Euclidean norms at every position of every layer, over sequences and heads.
/// \tparam Site its shape ends in [T, C]
template <class Site>
struct norm_profile {
  void operator()(Site at, dm::view<float const, Site::rank> const& states) {
    std::size_t const positions = states.shape(Site::rank - 2);
    auto& norms = layers_[at.layer].norms;
    norms.resize(positions);
    for (std::size_t h = 0; h < (Site::rank == 3 ? states.shape(0) : 1); ++h) {
      for (std::size_t t = 0; t < positions; ++t) {
        double square = 0;
        for (std::size_t c = 0; c < states.shape(Site::rank - 1); ++c) {
          // A site without heads has no use for the first index.
          if constexpr (Site::rank == 3)
            square += std::pow(double{states(h, t, c)}, 2);
          else
            square += std::pow(double{states(t, c)}, 2);
        }
        norms[t].add(std::sqrt(square));
      }
    }
  }
  void merge(norm_profile const& later) { layers_ += later.layers_; }

  [[nodiscard]] double at(std::size_t layer, std::size_t position) const {
    return layers_.at(layer).norms.at(position).mean();
  }

private:
  struct by_position {
    std::vector<dm::running_mean> norms; // [T]
    by_position& operator+=(by_position const& o) {
      if (o.norms.size() > norms.size()) norms.resize(o.norms.size());
      for (std::size_t t = 0; t < o.norms.size(); ++t) norms[t] += o.norms[t];
      return *this;
    }
  };
  dm::per_layer<by_position> layers_;
};

} // namespace program
