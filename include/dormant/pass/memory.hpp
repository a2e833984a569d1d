// SPDX-License-Identifier: MIT
// The memory behind the handles of a plan: what a whole model shares for one step, and what one
// thread needs to carry one sequence forward and back. Taken once; none depends on the batch.
#pragma once

#include "dormant/kernels/matmul.hpp"
#include "dormant/plan/placement.hpp"
#include "dormant/tensor.hpp"

#include <cstddef>
#include <span>

namespace dormant::detail {

/// Memory for `n` elements that only exists because a hook asked for it.
template <class T>
T* grown(arena<T>& memory, std::size_t n) {
  if (memory.size() < n) memory = arena<T>(n);
  return memory.data();
}

/// Matrices as the kernels want them, constants, and what parts make of the parameters once a step.
template <class Model>
class step_arena {
public:
  using T = typename Model::scalar;
  using arch = typename Model::arch;
  using products = typename Model::products;

  explicit step_arena(placement<Model> const& where)
      : packed_(where.total().packed), constants_(where.total().constants),
        step_(where.total().step), jobs_(where.jobs()) {
    for (auto const& t : where.tables()) {
      for (std::size_t i = 0; i < t.rows * t.cols; ++i) {
        constants_.data()[t.offset + i] = static_cast<T>(t.value(where.s, i / t.cols, i % t.cols));
      }
    }
  }

  [[nodiscard]] T const* packed() const { return packed_.data(); }
  [[nodiscard]] T const* constants() const { return constants_.data(); }
  [[nodiscard]] T* step() { return step_.data(); }
  [[nodiscard]] T const* step() const { return step_.data(); }

  /// How many independent packing jobs there are, and the i-th of them.
  [[nodiscard]] std::size_t jobs() const { return jobs_.size(); }
  void pack(std::size_t i, T const* parameters, bool with_backward) {
    packing_job const& job = jobs_[i];
    T const* const from = (job.of_step ? step_.data() : parameters) + job.source;
    kernels::matrix<T const> const w{from, job.out, job.in, job.in};
    T* const scratch = packed_.data() + job.scratch;
    kernels::pack_transposed<arch, T>(products::template along_rows<arch, T>(w, scratch),
                                      packed_.data() + job.forward);
    if (!with_backward) return;
    kernels::pack<arch, T>(products::template along_columns<arch, T>(w, scratch),
                           packed_.data() + job.backward);
  }

private:
  arena<T> packed_, constants_, step_;
  std::span<packing_job const> jobs_;
};

/// All buffers for one sequence of a model.
template <class Model>
class sequence_memory {
public:
  using T = typename Model::scalar;

  sequence_memory() = default;
  sequence_memory(totals const& t, bool with_backward)
      : kept(t.kept), borrowed(with_backward ? t.most_borrowed : 0), panel(t.panel),
        left(t.operand), right(with_backward ? t.operand : 0) {}

  arena<T> kept;        // what the way back reads, and probes see
  arena<T> borrowed;    // gradients, shared by all layers; none where nothing goes back
  arena<T> panel;       // keys or values of one head, packed
  arena<T> left, right; // operands of a product, rewritten for short factors
  arena<T> spare;       // kept values from before an edit, only if a hook edits them
  arena<T> side;        // values computed only because a probe listens
};

} // namespace dormant::detail
