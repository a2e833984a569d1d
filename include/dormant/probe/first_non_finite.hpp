// SPDX-License-Identifier: MIT
// Where a pass first met a NaN or an infinity.
#pragma once

#include "dormant/sites.hpp"

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

namespace dormant {

/// The first site, in the order of the batch and of the forward pass, that held a value which is not
/// finite. Scores above the diagonal are minus infinity by construction and do not count, and
/// neither does `value_out`, which is not on the way to the loss.
template <class T>
class first_non_finite {
public:
  template <class Site, class View>
    requires(Site::rank > 0 && !std::same_as<Site, site::value_out>)
  void operator()(Site at, View const& values) {
    if constexpr (requires { Site::name; }) {
      if (found()) return;
      if constexpr (Site::rank == 3) {
        for (std::size_t a = 0; a < values.shape(0); ++a) {
          for (std::size_t b = 0; b < values.shape(1); ++b) {
            std::size_t const end = std::same_as<Site, site::scores> ? b + 1 : values.shape(2);
            for (std::size_t c = 0; c < end; ++c) look(at, Site::name, values(a, b, c));
          }
        }
      } else {
        for (std::size_t a = 0; a < values.shape(0); ++a) {
          for (std::size_t b = 0; b < values.shape(1); ++b) look(at, Site::name, values(a, b));
        }
      }
    }
  }
  void merge(first_non_finite const& later) {
    if (!found()) *this = later;
  }

  [[nodiscard]] bool found() const { return !site_.empty(); }
  /// e.g. "layer 0, tensor scores holds a value that is not finite (sequence 3 of the batch)"
  [[nodiscard]] std::string sentence() const {
    return "layer " + std::to_string(layer_) + ", tensor " + std::string(site_) +
           " holds a value that is not finite (sequence " + std::to_string(sequence_) +
           " of the batch)";
  }

private:
  template <class Place>
  void look(Place const& at, std::string_view name, T value) {
    if (found() || std::isfinite(value)) return;
    site_ = name;
    layer_ = at.layer;
    sequence_ = at.sequence.index;
  }

  std::string_view site_;
  std::size_t layer_ = 0;
  std::size_t sequence_ = 0;
};

} // namespace dormant
