// SPDX-License-Identifier: MIT
// Keeps the tensor of a site for every sequence of a batch.
#pragma once

#include "dormant/error.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace dormant {

/// `record<site::pattern> kept; net.evaluate(batch, kept); kept.values(layer)` is [B, H, T, T].
template <class Site, class T = float>
class record {
public:
  static constexpr std::size_t rank = Site::rank + 1;

  void operator()(Site at, view<T const, Site::rank> const& values) {
    rows_of_layer seen;
    for (std::size_t axis = 0; axis < Site::rank; ++axis) seen.extents[axis] = values.shape(axis);
    seen.rows = 1;
    seen.values.assign(values.begin(), values.end());
    layers_[at.layer] += seen;
  }
  void merge(record const& later) { layers_ += later.layers_; }
  void state(auto&& f) { f(layers_); }

  [[nodiscard]] std::size_t layers() const { return layers_.size(); }
  /// [B, ...] in the order of the batch; empty if the layer does not have the site.
  [[nodiscard]] tensor<T, rank> values(std::size_t layer = 0) const {
    auto const kept = layers_.at(layer);
    std::array<std::size_t, rank> extents{kept.rows};
    for (std::size_t axis = 0; axis < Site::rank; ++axis) extents[axis + 1] = kept.extents[axis];
    tensor<T, rank> joined(extents);
    std::copy(kept.values.begin(), kept.values.end(), joined.begin());
    return joined;
  }

private:
  struct rows_of_layer {
    std::size_t rows = 0;
    std::array<std::size_t, Site::rank> extents{};
    std::vector<T> values;
    rows_of_layer& operator+=(rows_of_layer const& later) {
      if (later.rows == 0) return *this;
      if (rows != 0 && extents != later.extents) {
        refuse({"record: the sequences differ in length, so their values are no one array; record "
                "sequences of one length"});
      }
      rows += later.rows;
      extents = later.extents;
      values.insert(values.end(), later.values.begin(), later.values.end());
      return *this;
    }
    void state(auto&& f) { f(rows, extents, values); }
    [[nodiscard]] bool whole() const {
      std::size_t left = values.size(); // divided, as a product might overflow
      for (std::size_t const n : extents) {
        if (n == 0 || left % n != 0) return left == 0;
        left /= n;
      }
      return left == rows;
    }
  };
  per_layer<rows_of_layer> layers_;
};

} // namespace dormant
