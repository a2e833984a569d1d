// SPDX-License-Identifier: MIT
// NumPy arrays that are the library's memory.
#pragma once

#include "module/doors.hpp"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace dormant::python {

namespace py = pybind11;

using sizes_of_array = std::vector<py::ssize_t>;

[[nodiscard]] inline py::dtype floats(std::size_t bytes) {
  return bytes == sizeof(double) ? py::dtype::of<double>() : py::dtype::of<float>();
}

/// \param strides in bytes
/// \param owner what keeps the memory; none if nobody does
[[nodiscard]] inline py::array array_on(py::dtype const& type, sizes_of_array extents,
                                        sizes_of_array strides, void const* data, py::object owner,
                                        bool writable) {
  py::array made(type, std::move(extents), std::move(strides), data, std::move(owner));
  // With an owner that is no array NumPy refuses to make it writable again.
  if (!writable) {
    py::detail::array_proxy(made.ptr())->flags &= ~py::detail::npy_api::NPY_ARRAY_WRITEABLE_;
  }
  return made;
}

/// A parameter as the state dict has it: [out, in], or [n] for a vector.
[[nodiscard]] inline py::array array_of(net_door& net, tensor_spec const& t, std::size_t bytes,
                                        py::object owner) {
  auto const size = [](std::size_t n) { return static_cast<py::ssize_t>(n); };
  void* const first = static_cast<char*>(net.parameters()) + t.offset * bytes;
  if (t.vector) {
    return array_on(floats(bytes), {size(t.cols)}, {size(bytes)}, first, std::move(owner), true);
  }
  return array_on(floats(bytes), {size(t.rows), size(t.cols)}, {size(t.cols * bytes), size(bytes)},
                  first, std::move(owner), true);
}

/// The tokens of a batch, [B, T + 1].
[[nodiscard]] inline py::array tokens_of(batch const& rows, py::object owner) {
  auto const b = static_cast<py::ssize_t>(rows.rows());
  auto const t = static_cast<py::ssize_t>(rows.context() + 1);
  auto const bytes = static_cast<py::ssize_t>(sizeof(token));
  token const* const first = rows.rows() == 0 ? nullptr : rows.tokens(0).data();
  return array_on(py::dtype::of<token>(), {b, t}, {t * bytes, bytes}, first, std::move(owner),
                  false);
}

/// Whether each input is a trigger, [B, T]: a look at the laws of the batch.
[[nodiscard]] inline py::array triggers_of(batch const& rows, py::object owner) {
  auto const b = static_cast<py::ssize_t>(rows.rows());
  auto const t = static_cast<py::ssize_t>(rows.context());
  auto const bytes = static_cast<py::ssize_t>(sizeof(next_token_law));
  if (rows.rows() == 0 || rows.laws(0).empty()) return py::array_t<bool>(sizes_of_array{0, t});
  return array_on(py::dtype::of<bool>(), {b, t}, {t * bytes, bytes}, &rows.laws(0)[0].trigger,
                  std::move(owner), false);
}

/// Rows of tokens as a batch. A copy, as a batch owns its tokens.
/// \param targets whether the last token of a row is to be predicted only
[[nodiscard]] inline batch batch_from(py::array_t<token, py::array::c_style> const& tokens,
                                      bool targets) {
  if (tokens.ndim() != 2 || tokens.shape(0) == 0 || tokens.shape(1) < (targets ? 2 : 1)) {
    refuse({"tokens: expected an array [rows, tokens] that is not empty"});
  }
  auto const columns = static_cast<std::size_t>(tokens.shape(1));
  batch rows(static_cast<std::size_t>(tokens.shape(0)), columns - (targets ? 1 : 0), nullptr,
             false);
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    std::span<token const> const row(tokens.data() + b * columns, columns);
    if (targets) {
      std::copy(row.begin(), row.end(), rows.tokens(b).begin());
    } else {
      rows.set_text(b, row);
    }
  }
  return rows;
}

} // namespace dormant::python
