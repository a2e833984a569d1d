// SPDX-License-Identifier: MIT
// Residual streams in the middle of a model, as a value: what many passes that differ only
// from some layer on begin with.
#pragma once

#include "dormant/error.hpp"
#include "dormant/plan/sizes.hpp"
#include "dormant/task/batch.hpp"
#include "dormant/tensor.hpp"

#include <cstddef>

namespace dormant {

/// The residual streams of all rows of a batch where a layer is about to read them. `residuals_of`
/// makes them, `advance` takes them through a layer, `evaluate_from` goes on from there to the
/// loss. Copy them to keep a place to come back to; edit them to patch an activation.
template <class Scalar>
struct residual_streams {
  std::size_t layer = 0; ///< that reads them next; the number of layers where the last has been
  std::size_t rows = 0, context = 0, width = 0; ///< B, T of the longest row, C
  arena<Scalar> values;                         ///< [B, T, C], each position on lines of its own

  residual_streams() = default;
  /// Zeros, for the rows of a batch in a model of that width.
  residual_streams(batch const& of, std::size_t model_width)
      : rows(of.rows()), context(of.context()), width(model_width),
        values(rows * context * padded<Scalar>(width)) {}

  /// From one position to the next in `values`.
  [[nodiscard]] std::size_t stride() const { return padded<Scalar>(width); }
  /// Of row b, [T, C]. Positions after the end of a shorter row mean nothing.
  [[nodiscard]] view<Scalar const, 2> of(std::size_t b) const {
    return make_matrix_view(values.data() + b * context * stride(), context, width, stride());
  }
  [[nodiscard]] view<Scalar, 2> of(std::size_t b) {
    return make_matrix_view(values.data() + b * context * stride(), context, width, stride());
  }
};

namespace detail {
/// \throws error unless the streams can be those of such a batch in such a model
template <class Scalar>
void check_streams(residual_streams<Scalar> const& x, batch const& of, sizes const& s) {
  if (x.rows != of.rows() || x.context != of.context() || x.width != s.width ||
      x.values.size() != x.rows * x.context * x.stride()) {
    refuse({"residual streams of ", x.rows, " rows of ", x.context, " positions and ", x.width,
            " channels are not those of this batch, which has ", of.rows(), " rows of ",
            of.context(), ", in a model of width ", s.width});
  }
  if (x.layer > s.layers) {
    refuse({"residual streams before layer ", x.layer, ", but the model has ", s.layers,
            " layers, counted from 0"});
  }
}
} // namespace detail

} // namespace dormant
