// SPDX-License-Identifier: MIT
// An optimizer's step as jobs that threads can share: stretches of the tensors that it
// moves, in the order of the arena.
#pragma once

#include "dormant/detail/thread_pool.hpp"
#include "dormant/kernels/optimizer_steps.hpp"
#include "dormant/optimizer/wrapped.hpp"
#include "dormant/plan/placement.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace dormant::detail {

/// \tparam Piece elements of a stretch, for optimizers that let tensors be cut
template <class Model, class Optimizer, std::size_t Piece>
class update_jobs {
public:
  using T = typename Model::scalar;
  update_jobs(Optimizer const& optimizer, placement<Model> const& model)
      : tensors_(model.tensors()) {
    std::size_t const piece = cuts<Optimizer> ? Piece : model.total().parameters;
    for (std::size_t i = 0; i < tensors_.size(); ++i) {
      auto const& t = tensors_[i];
      double const scale = rate_of(optimizer, t.group);
      for (std::size_t at = 0; t.trained && scale != 0 && at < t.size(); at += piece) {
        jobs_.push_back({i, t.offset + at, std::min(piece, t.size() - at), scale});
      }
    }
    if constexpr (scales_gradients<Optimizer>) squares_.resize(jobs_.size());
  }

  [[nodiscard]] std::size_t count() const { return jobs_.size(); }
  [[nodiscard]] parameter_segment<T> segment(std::size_t i, T* parameters,
                                             T const* gradients) const {
    job const& j = jobs_[i];
    auto const& t = tensors_[j.tensor];
    return {.parameters = {parameters + j.offset, j.size},
            .gradients = {gradients + j.offset, j.size},
            .offset = j.offset,
            .rows = t.rows,
            .cols = t.cols,
            .rate_scale = j.rate_scale,
            .name = t.name.view(),
            .group = t.group,
            .layer = t.layer};
  }

  /// The norm of all gradients that step t follows, summed in the order of the jobs, whoever runs
  /// them.
  [[nodiscard]] double norm(Optimizer const& optimizer, T* parameters, T const* gradients,
                            std::uint64_t t, thread_pool& pool) {
    pool.run(jobs_.size(), [&](std::size_t i, std::size_t) {
      auto const s = segment(i, parameters, gradients);
      bool rests = false;
      if constexpr (may_rest<Optimizer, T>) rests = optimizer.rests(s, t);
      squares_[i] = rests ? 0 : kernels::sum_of_squares(s.gradients.data(), s.gradients.size());
    });
    double square = 0;
    for (std::size_t i = 0; i < jobs_.size(); ++i) square += squares_[i];
    return std::sqrt(square);
  }

private:
  struct job {
    std::size_t tensor, offset, size;
    double rate_scale;
  };

  std::span<tensor_spec const> tensors_;
  std::vector<job> jobs_;
  std::vector<double> squares_; // of each job's gradients
};

} // namespace dormant::detail
