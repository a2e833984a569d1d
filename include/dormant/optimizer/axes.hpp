// SPDX-License-Identifier: MIT
// Square matrices for the rows and the columns of each tensor, one after the other in an arena.
#pragma once

#include "dormant/error.hpp"
#include "dormant/tensor_spec.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace dormant::detail {

/// One tensor's; an axis that stays as it is has no matrix, and its `..._size` is 0.
struct tensor_axes {
  std::size_t tensor = 0; ///< its number
  std::size_t offset = 0; ///< of the tensor in its arena
  std::size_t left = 0;   ///< where [rows, rows] begins
  std::size_t right = 0;  ///< where [cols, cols] begins
  std::size_t left_size = 0;
  std::size_t right_size = 0;

  /// Those matrices of an arena; null where the axis stays.
  template <class T>
  [[nodiscard]] T* left_of(T* all) const {
    return left_size == 0 ? nullptr : all + left;
  }
  template <class T>
  [[nodiscard]] T* right_of(T* all) const {
    return right_size == 0 ? nullptr : all + right;
  }
};

class axis_layout {
public:
  /// Axes of 2 to `widest` elements get a matrix; of vectors only if `vectors`.
  axis_layout(std::span<tensor_spec const> tensors, std::size_t widest, bool vectors) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      auto const& t = tensors[i];
      bool const turned = vectors || (t.rows > 1 && t.cols > 1);
      auto const size = [&](std::size_t n) { return turned && n > 1 && n <= widest ? n : 0; };
      auto& axes = all_.emplace_back();
      axes.tensor = i;
      axes.offset = t.offset;
      axes.left_size = size(t.rows);
      axes.right_size = size(t.cols);
      axes.left = taken(axes.left_size);
      axes.right = taken(axes.right_size);
    }
    std::ranges::sort(all_, {}, &tensor_axes::offset);
  }

  /// Elements of an arena that holds them all.
  [[nodiscard]] std::size_t size() const { return end_; }
  [[nodiscard]] std::span<tensor_axes const> all() const { return all_; }
  /// \throws error if no tensor begins there
  [[nodiscard]] tensor_axes const& at(std::size_t offset) const {
    auto const found = std::ranges::lower_bound(all_, offset, {}, &tensor_axes::offset);
    if (found == all_.end() || found->offset != offset) {
      refuse({"optimizer: no tensor begins at element ", offset,
              ", and this one steps whole tensors only"});
    }
    return *found;
  }

private:
  std::size_t taken(std::size_t n) {
    std::size_t const begin = end_;
    end_ += (n * n + 15) / 16 * 16; // each on a line of its own
    return begin;
  }
  std::vector<tensor_axes> all_;
  std::size_t end_ = 0;
};

} // namespace dormant::detail
