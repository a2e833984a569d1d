// SPDX-License-Identifier: MIT
// An optimizer's step as jobs that threads can share: stretches of the tensors that it moves, in the
// order of the arena.
#pragma once

#include "dormant/detail/thread_pool.hpp"
#include "dormant/kernels/optimizer_steps.hpp"
#include "dormant/model/layout.hpp"
#include "dormant/optimizer/wrapped.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

namespace dormant::detail {

/// \tparam Piece elements of a stretch, for optimizers that let tensors be cut
template <class Model, class Optimizer, std::size_t Piece>
class update_jobs {
public:
  using T = typename Model::scalar;
  static constexpr auto const& tensors = layout<Model>::tensors;

  explicit update_jobs(Optimizer const& optimizer) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      auto const& t = tensors[i];
      names[i] = tensor_name(t);
      double scale = 1;
      if constexpr (requires { optimizer.rates.of(t.what); }) scale = optimizer.rates.of(t.what);
      for (std::size_t at = 0; t.trained && scale != 0 && at < t.size(); at += piece) {
        jobs_[count_++] = {i, t.offset + at, std::min(piece, t.size() - at), scale};
      }
    }
  }

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] parameter_segment<T> segment(std::size_t i, T* parameters,
                                             T const* gradients) const {
    job const& j = jobs_[i];
    auto const& t = tensors[j.tensor];
    return {.parameters = {parameters + j.offset, j.size},
            .gradients = {gradients + j.offset, j.size},
            .offset = j.offset,
            .rows = t.rows,
            .cols = t.cols,
            .rate_scale = j.rate_scale,
            .name = names[j.tensor],
            .what = t.what,
            .layer = t.layer};
  }

  /// The norm of all gradients that step t follows, summed in the order of the jobs, whoever runs
  /// them.
  [[nodiscard]] double norm(Optimizer const& optimizer, T* parameters, T const* gradients,
                            std::uint64_t t, thread_pool& pool) {
    pool.run(count_, [&](std::size_t i, std::size_t) {
      auto const s = segment(i, parameters, gradients);
      bool rests = false;
      if constexpr (may_rest<Optimizer, T>) rests = optimizer.rests(s, t);
      squares_[i] = rests ? 0 : kernels::sum_of_squares(s.gradients.data(), s.gradients.size());
    });
    double square = 0;
    for (std::size_t i = 0; i < count_; ++i) square += squares_[i];
    return std::sqrt(square);
  }

  std::array<std::string, tensors.size()> names; ///< of all tensors, in the state dict

private:
  struct job {
    std::size_t tensor, offset, size;
    double rate_scale;
  };
  static constexpr std::size_t piece = [] {
    if constexpr (requires { Optimizer::elementwise; }) {
      if (Optimizer::elementwise) return Piece;
    }
    return layout<Model>::size;
  }();
  static constexpr std::size_t most = [] {
    std::size_t sum = 0;
    for (auto const& t : layout<Model>::tensors) sum += (t.size() + piece - 1) / piece;
    return sum;
  }();

  std::array<job, most> jobs_; // the first count_ of them
  std::size_t count_ = 0;
  std::array<double, scales_gradients<Optimizer> ? most : 0> squares_; // of each job's gradients
};

} // namespace dormant::detail
