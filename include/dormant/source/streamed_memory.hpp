// SPDX-License-Identifier: MIT
// How much memory a pass over a pretrained model will take, said before it begins.
#pragma once

#include "dormant/kernels/matmul.hpp"
#include "dormant/pass/residual_streams.hpp"
#include "dormant/source/pretrained.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace dormant {

/// What `evaluate` of a `pretrained` model takes at most beside the mapped files, bytes;
/// what its hooks keep is their own.
struct streamed_memory {
  std::size_t weights = 0;   ///< the largest of the embedding's rows, one layer, and the output
  std::size_t streams = 0;   ///< residual streams of all rows, [B, T, C]
  std::size_t sequences = 0; ///< the values of one sequence and one layer, a thread

  [[nodiscard]] std::size_t total() const { return weights + streams + sequences; }
};

/// \param rows as they will be evaluated, on that many threads
/// \throws error for tokens outside the vocabulary or rows longer than the context
template <class Family, class Scalar>
[[nodiscard]] streamed_memory memory_of(pretrained<Family, Scalar> const& net, batch const& rows,
                                        execution how) {
  using model = typename pretrained<Family, Scalar>::model;
  detail::check_batch(rows, net.s());
  sizes s = net.s();
  s.context = rows.context();
  s.layers = 1;
  detail::layout_in_memory<model> const one(s);
  placement<model> const where(one);

  // Matrices are there packed, W_O plain too, for those who look at values as they are received.
  std::size_t embedding = 0, layer = 0, end = 0;
  for (auto const& t : where.tensors()) {
    bool const is_matrix =
        std::any_of(where.jobs().begin(), where.jobs().end(),
                    [&](detail::packing_job const& job) { return job.source == t.offset; });
    std::size_t const packed =
        is_matrix ? kernels::packed_size<typename model::arch, Scalar>(t.cols, t.rows) : 0;
    if (t.group == group::embeddings) {
      embedding += std::min(t.size(), rows.rows() * rows.context() * t.cols);
    } else if (t.name.view().starts_with("layers.")) {
      layer +=
          is_matrix ? packed + (t.name.view().ends_with(".wo.weight") ? t.size() : 0) : t.size();
    } else {
      end += is_matrix ? packed : t.size();
    }
  }
  auto const& total = where.total();
  std::size_t const values = total.kept + total.spare + total.panel + total.operand +
                             s.heads * s.context * padded<Scalar>(s.width); // value_out
  // Huge pages are taken whole; pieces that are packed, stacks, tables.
  constexpr std::size_t beside = std::size_t{16} << 20U;
  return {.weights = std::max({embedding, layer, end}) * sizeof(Scalar) + beside,
          .streams = rows.rows() * rows.context() * padded<Scalar>(s.width) * sizeof(Scalar),
          .sequences = detail::thread_count(how) * values * sizeof(Scalar)};
}

} // namespace dormant
