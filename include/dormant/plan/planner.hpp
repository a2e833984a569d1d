// SPDX-License-Identifier: MIT
// What a plan keeps while it is made: how much memory is given out, where in the model
// it is, and the lists it writes.
#pragma once

#include "dormant/plan/handles.hpp"
#include "dormant/plan/totals.hpp"
#include "dormant/tensor_spec.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace dormant::detail {

/// The half of a plan that parts do not see. No function here is a template: clang 16 has not made
/// its body when it evaluates a plan.
class planner {
protected:
  constexpr planner(std::size_t context, kernel_sizes const& kernels, totals& total, listing* list)
      : context_(context), kernels_(&kernels), total_(&total), list_(list) {}

  /// A row length, or a size, rounded up so that what follows starts on a line of the cache.
  [[nodiscard]] constexpr std::size_t padded(std::size_t n) const {
    return (n + kernels_->line - 1) / kernels_->line * kernels_->line;
  }
  constexpr std::size_t take(std::size_t& used, std::size_t n) const {
    std::size_t const at = used;
    return used += padded(n), at;
  }
  // Elements of [heads, T query, T key].
  [[nodiscard]] constexpr std::size_t grid_size(std::size_t heads) const {
    return heads * context_ * grid_row();
  }
  [[nodiscard]] constexpr std::size_t grid_row() const { return padded(context_ + more_keys_); }
  constexpr void grow_borrowed() const {
    total_->most_borrowed = std::max(total_->most_borrowed, total_->borrowed);
  }
  [[gnu::noinline]] constexpr weight parameter(std::string_view name, std::size_t rows,
                                               std::size_t cols, initial_value from, group of,
                                               bool vector, std::string_view former) const {
    weight const w(take(total_->parameters, rows * cols), rows, cols, trained_);
    if (list_ != nullptr) {
      tensor_spec& t = list_->tensors[total_->tensors];
      t = {.name = {},
           .former = former,
           .layer = layer_,
           .rows = rows,
           .cols = cols,
           .offset = w.offset,
           .group = of,
           .initial = from,
           .trained = trained_,
           .vector = vector};
      write(t.name);
      t.scope = t.name.view().size();
      t.name.add(name);
    }
    ++total_->tensors;
    return w;
  }
  [[gnu::noinline]] constexpr packed_weight pack(weight w, std::size_t source, bool of_step) const {
    packed_weight m(w);
    m.trained = m.trained || of_step; // what is made of w has a gradient, whatever becomes of it
    auto const& k = *kernels_;
    m.forward = take(total_->packed, k.packed((w.cols + k.factors - 1) / k.factors, w.rows));
    m.backward = take(total_->packed, k.packed((w.rows + k.factors - 1) / k.factors, w.cols));
    m.scratch = take(total_->packed, k.scratch(w.rows, w.cols));
    total_->operand =
        std::max(total_->operand, padded(k.scratch(context_, std::max(w.rows, w.cols))));
    if (list_ != nullptr) {
      list_->jobs[total_->jobs] = {m.forward, m.backward, m.scratch, w.rows,
                                   w.cols,    source,     of_step};
    }
    ++total_->jobs;
    return m;
  }
  [[gnu::noinline]] constexpr void note(std::string_view name, std::size_t offset,
                                        std::size_t heads, std::size_t cols,
                                        std::size_t stride) const {
    if (name.empty()) return;
    if (list_ != nullptr) {
      list_->values[total_->values] = {name, seen_in_, offset, heads, cols, stride};
    }
    ++total_->values;
  }
  // The scopes that enclose this place, outermost first.
  constexpr void write(short_text& t) const {
    if (outer_ != nullptr) outer_->write(t), t.add(name_), t.add(more_), t.add(".");
  }

  std::size_t context_;
  kernel_sizes const* kernels_;
  totals* total_;
  listing* list_;
  planner const* outer_ = nullptr;
  std::string_view name_{}, more_{};
  std::string_view known_as_{};
  std::size_t layer_ = 0, seen_in_ = 0, more_keys_ = 0;
  bool trained_ = true;
};

} // namespace dormant::detail
