// SPDX-License-Identifier: MIT
// What a part's constructor talks to: it asks for every tensor and buffer once and
// gets a handle, the place of memory that does not exist yet. The constructor is the
// plan; nobody else lists tensors.
#pragma once

#include "dormant/plan/planner.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace dormant {

/// The plan of a model at one place of it. Passed by value; `in` opens a scope of names, to be used
/// in the expression that makes the part: `norm(d.in("attention_norm"), s)`.
class plan : private detail::planner {
public:
  constexpr plan(std::size_t context, detail::kernel_sizes const& kernels, detail::totals& total,
                 detail::listing* list = nullptr)
      : planner(context, kernels, total, list) {}

  // ---- parameters, in the order of the arena ----

  /// A vector of `n` parameters: a gain, a bias, a scalar of each head.
  [[nodiscard]] constexpr weight vector(std::string_view name, std::size_t n, initial_value from,
                                        group of) const {
    return parameter(name, 1, n, from, of, true, {});
  }
  /// A table [rows, cols] that is read by rows: embeddings, scalars of heads.
  [[nodiscard]] constexpr weight table(std::string_view name, std::size_t rows, std::size_t cols,
                                       initial_value from, group of) const {
    return parameter(name, rows, cols, from, of, false, {});
  }
  /// A matrix [out, in] to multiply by.
  [[nodiscard]] constexpr packed_weight matrix(std::string_view name, std::size_t out,
                                               std::size_t in, group of,
                                               std::string_view former = {}) const {
    return packed(parameter(name, out, in, initial_value::uniform, of, false, former));
  }
  /// A tensor that another part owns, as a matrix to multiply by.
  [[nodiscard]] constexpr packed_weight packed(weight w) const { return pack(w, w.offset, false); }
  /// A matrix that is made once a step in `from`, and whose gradient goes to `w`.
  [[nodiscard]] constexpr packed_weight packed(weight w, step_memory from) const {
    return pack(w, from.offset, true);
  }

  // ---- values of one sequence ----

  /// [T, cols] kept from the way there for the way back, one for each layer.
  [[nodiscard]] constexpr buffer keep(std::size_t cols, std::string_view name = {}) const {
    buffer const b(take(total_->kept, context_ * padded(cols)), cols, padded(cols));
    note(name, b.offset, 0, cols, b.stride);
    return b;
  }
  /// The same for what the part hands on; the part around it has said by what name it is known.
  [[nodiscard]] constexpr buffer output(std::size_t cols) const { return keep(cols, known_as_); }
  /// [T] kept, or `n` of them.
  [[nodiscard]] constexpr column keep_column(std::size_t n = 1) const {
    return column(take(total_->kept, n * context_));
  }
  /// [heads, T query, T key] kept.
  [[nodiscard]] constexpr grid keep_grid(std::size_t heads, std::string_view name = {}) const {
    grid const g(take(total_->kept, grid_size(heads)), heads, grid_size(1), grid_row());
    note(name, g.offset, heads, 0, g.stride);
    return g;
  }
  /// [T, cols] for the way back, shared by all layers.
  [[nodiscard]] constexpr borrowed_buffer borrow(std::size_t cols) const {
    borrowed_buffer const b(take(total_->borrowed, context_ * padded(cols)), cols, padded(cols));
    return grow_borrowed(), b;
  }
  [[nodiscard]] constexpr borrowed_grid borrow_grid(std::size_t heads) const {
    borrowed_grid const g(take(total_->borrowed, grid_size(heads)), heads, grid_size(1),
                          grid_row());
    return grow_borrowed(), g;
  }
  /// Values from before an edit, taken only where a hook edits what is
  /// kept: [T, cols], [heads, T, T].
  [[nodiscard]] constexpr spare_buffer spare(std::size_t cols) const {
    return {take(total_->spare, context_ * padded(cols)), cols, padded(cols)};
  }
  [[nodiscard]] constexpr dormant::spare_grid spare_grid(std::size_t heads) const {
    return {take(total_->spare, grid_size(heads)), heads, grid_size(1), grid_row()};
  }
  /// An operand [k, n] packed while a sequence is under way.
  [[nodiscard]] constexpr panel scratch_panel(std::size_t k, std::size_t n) const {
    total_->panel = std::max(total_->panel, kernels_->packed(k, n));
    return {};
  }

  // ---- values of the whole model ----

  /// A table [rows, cols] of numbers that never change.
  [[nodiscard]] constexpr constant fixed_table(std::size_t rows, std::size_t cols,
                                               constant_value value) const {
    constant const c(take(total_->constants, rows * cols), cols);
    if (list_ != nullptr) list_->tables[total_->tables] = {c.offset, rows, cols, value};
    ++total_->tables;
    return c;
  }
  /// `n` elements that are made once a step, from the parameters.
  [[nodiscard]] constexpr step_memory per_step(std::size_t n) const {
    return step_memory(take(total_->step, n));
  }
  /// Room for an operand [k, n] that is packed once a step.
  [[nodiscard]] constexpr step_memory per_step_panel(std::size_t k, std::size_t n) const {
    return per_step(kernels_->packed(k, n));
  }
  /// `n` elements beside the gradient of a shard, summed as it is.
  [[nodiscard]] constexpr shard_memory per_shard(std::size_t n) const {
    return shard_memory(take(total_->gathered, n));
  }

  // ---- where we are ----

  [[nodiscard]] constexpr plan in(std::string_view name, std::string_view more = {}) const {
    plan p = *this;
    return p.outer_ = this, p.name_ = name, p.more_ = more, p;
  }
  [[nodiscard]] constexpr plan layer(std::size_t l) const {
    plan p = *this;
    return p.layer_ = p.seen_in_ = l, p;
  }
  /// What the part puts out is shown at this site, as of layer `l` if that is not where we are.
  [[nodiscard]] constexpr plan known_as(std::string_view site) const {
    plan p = *this;
    return p.known_as_ = site, p;
  }
  [[nodiscard]] constexpr plan known_as(std::string_view site, std::size_t l) const {
    plan p = known_as(site);
    return p.seen_in_ = l, p;
  }
  /// Rows of grids have room for `n` keys that are no position.
  [[nodiscard]] constexpr plan with_more_keys(std::size_t n) const {
    plan p = *this;
    return p.more_keys_ = n, p;
  }
  /// All tensors of the part keep their initial values.
  [[nodiscard]] constexpr plan untrained() const {
    plan p = *this;
    return p.trained_ = false, p;
  }
  [[nodiscard]] constexpr detail::totals so_far() const { return *total_; }
  /// What is borrowed from here on may lie where it lay then; returns where borrowed memory ended.
  constexpr std::size_t share_borrowed(detail::totals const& then) const {
    std::size_t const end = total_->borrowed;
    return total_->borrowed = then.borrowed, end;
  }
  /// What is borrowed from here on lies behind this end too.
  constexpr void borrow_past(std::size_t end) const {
    total_->borrowed = std::max(total_->borrowed, end);
  }
  /// So may constants: what follows is the same part again.
  constexpr void share_constants(detail::totals const& then) const {
    total_->constants = then.constants;
  }
  using planner::padded;
};

} // namespace dormant
