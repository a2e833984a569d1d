// SPDX-License-Identifier: MIT
// What a plan adds up, and the lists it can write while it does.
#pragma once

#include "dormant/plan/sizes.hpp"
#include "dormant/tensor_spec.hpp"

#include <cstddef>
#include <string_view>

namespace dormant {

/// Element [row, col] of a table that never changes.
using constant_value = double (*)(sizes const&, std::size_t row, std::size_t col);

namespace detail {

/// What a plan has to know of scalar and kernels, so that parts need not.
struct kernel_sizes {
  std::size_t line;                                    // elements of a cache line
  std::size_t factors;                                 // of an operand in one element
  std::size_t (*packed)(std::size_t k, std::size_t n); // elements of a packed operand
  std::size_t (*scratch)(std::size_t rows, std::size_t cols);
};

/// Elements of each kind of memory, and how long each list is.
struct totals {
  std::size_t parameters = 0;
  std::size_t packed = 0;                      // matrices as the kernels want them
  std::size_t constants = 0;                   // tables that never change
  std::size_t step = 0;                        // what is made once a step
  std::size_t gathered = 0;                    // beside a shard's gradient
  std::size_t kept = 0, spare = 0;             // values of one sequence
  std::size_t borrowed = 0, most_borrowed = 0; // for the way back
  std::size_t panel = 0, operand = 0;          // scratch of products
  std::size_t tensors = 0, jobs = 0, values = 0, tables = 0;
};

/// A matrix to pack: [out, in] at `source` of the parameters, or of the memory of the step.
struct packing_job {
  std::size_t forward, backward, scratch;
  std::size_t out, in;
  std::size_t source;
  bool of_step;
};

/// A kept value by the name of the site that shows it: [T, cols], or [heads, T, T].
struct named_value {
  std::string_view name;
  std::size_t layer, offset, heads, cols, stride;
};

struct filled_table {
  std::size_t offset, rows, cols;
  constant_value value;
};

/// Where the lists go, each with room for as many as the totals count.
struct listing {
  tensor_spec* tensors;
  packing_job* jobs;
  named_value* values;
  filled_table* tables;
};

} // namespace detail
} // namespace dormant
