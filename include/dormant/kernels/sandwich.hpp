// SPDX-License-Identifier: MIT
// A matrix in another basis of its rows, its columns, or both.
#pragma once

#include "dormant/kernels/matmul.hpp"
#include "dormant/kernels/matrix_steps.hpp"
#include "dormant/kernels/rows.hpp"

#include <algorithm>
#include <cstddef>

namespace dormant::kernels {

/// out = left^T x right with x, out and spare [rows, cols], left [rows, rows], right [cols, cols];
/// a null pointer stands for the identity. With the transposes of orthogonal matrices this is the
/// way back.
template <class Arch, class T>
[[gnu::noinline]] void sandwich(T const* x, T const* left, T const* right, std::size_t rows,
                                std::size_t cols, T* out, T* spare) {
  std::size_t const size = rows * cols;
  T const* half = x;
  if (left != nullptr) {
    T* const to = right != nullptr ? spare : out;
    clear<Arch, T>(to, size);
    multiply_transposed<Arch, T>({left, rows, rows, rows}, {x, rows, cols, cols},
                                 {to, rows, cols, cols});
    half = to;
  }
  if (right == nullptr) {
    if (left == nullptr) std::copy_n(x, size, out);
    return;
  }
  // What multiplies from the left has to be there as its transpose: [cols, rows] in the place of
  // out.
  transposed(half, rows, cols, out);
  clear<Arch, T>(spare, size);
  multiply_transposed<Arch, T>({out, cols, rows, rows}, {right, cols, cols, cols},
                               {spare, rows, cols, cols});
  std::copy_n(spare, size, out);
}

} // namespace dormant::kernels
