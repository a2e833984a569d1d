// SPDX-License-Identifier: MIT
// The weights of one layer of a model, or of its two ends, packed
// straight from where they are stored.
#pragma once

#include "dormant/detail/thread_pool.hpp"
#include "dormant/kernels/matmul.hpp"
#include "dormant/pass/pages.hpp"
#include "dormant/plan/placement.hpp"
#include "dormant/tensor.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace dormant::detail {

/// Memory of a model that was planned with one layer, in which the weights of any layer can lie.
/// Matrices exist packed only, save those that `keep_plain` asks for.
template <class Model, class Source>
class layer_weights {
public:
  using T = typename Model::scalar;
  using arch = typename Model::arch;
  using products = typename Model::products;
  static_assert(products::factors == 1,
                "dormant: weights that are streamed are not rounded to bf16");

  /// \param one the plan with one layer
  /// \param layers how many the model has
  layer_weights(placement<Model> const& one, std::size_t layers, Source const& source)
      : one_(one), layers_(layers), source_(&source),
        parameters_(one.total().parameters, paging::sparse),
        packed_(one.total().packed, paging::end_to_end), constants_(one.total().constants) {
    for (auto const& t : one_.tables()) {
      for (std::size_t i = 0; i < t.rows * t.cols; ++i) {
        constants_.data()[t.offset + i] = static_cast<T>(t.value(one_.s, i / t.cols, i % t.cols));
      }
    }
    auto const tensors = one_.tensors();
    auto const is_layer = [](tensor_spec const& t) { return t.name.view().starts_with("layers."); };
    first_ = static_cast<std::size_t>(std::find_if(tensors.begin(), tensors.end(), is_layer) -
                                      tensors.begin());
    per_layer_ = static_cast<std::size_t>(std::count_if(tensors.begin(), tensors.end(), is_layer));
    for (auto const& job : one_.jobs()) {
      if (job.of_step) refuse({"a model that is streamed has no matrices that are made in a step"});
    }
  }

  [[nodiscard]] T const* parameters() const { return parameters_.data(); }
  [[nodiscard]] T const* packed() const { return packed_.data(); }
  [[nodiscard]] T const* constants() const { return constants_.data(); }
  [[nodiscard]] T const* step() const { return nullptr; }

  /// Rows of the token table, those of `tokens` alone, and of the positions.
  void load_embedding(std::span<char const> tokens) {
    for (std::size_t i = 0; i < first_; ++i) {
      auto const& t = one_.tensors()[i];
      bool const is_table = i == 0;
      for (std::size_t r = 0; r < t.rows; ++r) {
        if (is_table && !tokens[r]) continue;
        source_->read(i, r, 1, parameters_.data() + t.offset + r * t.cols);
      }
    }
  }
  /// Layer `l`. `plain` tells of which tensors the matrices themselves are needed too.
  template <class Plain>
  void load_layer(std::size_t l, thread_pool& threads, Plain plain) {
    load(first_, first_ + per_layer_, l * per_layer_, threads, plain);
  }
  /// The last norm and the output.
  void load_end(thread_pool& threads) {
    load(first_ + per_layer_, one_.tensors().size(), (layers_ - 1) * per_layer_, threads,
         [](tensor_spec const&) { return false; });
  }
  void release() {
    parameters_.release();
    packed_.release();
  }
  /// f(i) for the tensors, by their number in the whole model, of layer `l`.
  template <class F>
  void each_of_layer(std::size_t l, F f) const {
    for (std::size_t i = 0; i < per_layer_; ++i) f(first_ + l * per_layer_ + i);
  }

private:
  struct piece {
    std::size_t stored;       // number of the tensor in the whole model
    std::size_t rows, cols;   // of the tensor
    std::size_t first, count; // rows of this piece
    std::size_t to;           // of the tensor: where it is kept plain
    packing_job const* job;   // null: a vector or table, kept plain
    bool plain;
  };

  template <class Plain>
  void load(std::size_t begin, std::size_t end, std::size_t further, thread_pool& threads,
            Plain plain) {
    constexpr std::size_t width = kernels::tile_cols<arch, T>;
    std::vector<piece> pieces;
    std::size_t scratch = 0;
    for (std::size_t i = begin; i < end; ++i) {
      auto const& t = one_.tensors()[i];
      auto const job = std::find_if(one_.jobs().begin(), one_.jobs().end(),
                                    [&](packing_job const& j) { return j.source == t.offset; });
      std::size_t const rows = source_->rows(i + further), cols = source_->cols(i + further);
      if (job == one_.jobs().end()) {
        pieces.push_back({i + further, rows, cols, 0, rows, t.offset, nullptr, true});
        continue;
      }
      // Pieces of whole panels that fit the cache beside what they are packed to.
      std::size_t const count =
          std::max<std::size_t>(1, (128 * 1024 / sizeof(T)) / (width * cols)) * width;
      scratch = std::max(scratch, count * cols);
      for (std::size_t r = 0; r < rows; r += count) {
        pieces.push_back(
            {i + further, rows, cols, r, std::min(count, rows - r), t.offset, &*job, plain(t)});
      }
    }
    std::vector<arena<T>> rows_of(threads.threads());
    for (auto& rows : rows_of) rows = arena<T>(scratch);
    threads.run(pieces.size(), [&](std::size_t i, std::size_t thread) {
      piece const& p = pieces[i];
      T* const kept = parameters_.data() + p.to + p.first * p.cols;
      T* const rows = p.plain ? kept : rows_of[thread].data();
      source_->read(p.stored, p.first, p.count, rows);
      if (p.job == nullptr) return;
      kernels::pack_transposed<arch, T>({rows, p.count, p.cols, p.cols},
                                        packed_.data() + p.job->forward +
                                            kernels::packed_size<arch, T>(p.cols, p.first));
    });
  }

  placement<Model> one_;
  std::size_t layers_;
  Source const* source_;
  pages<T> parameters_, packed_;
  arena<T> constants_;
  std::size_t first_ = 0, per_layer_ = 0; // tensors before, and in, a layer
};

} // namespace dormant::detail
