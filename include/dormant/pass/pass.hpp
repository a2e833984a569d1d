// SPDX-License-Identifier: MIT
// One sequence on its way through a model, as its parts see it: `p[handle]` is memory,
// `p.show(site, v)` lets hooks see v, `p.s` are the sizes, and a few products are written once.
#pragma once

#include "dormant/kernels/deep_matmul.hpp"
#include "dormant/kernels/rows.hpp"
#include "dormant/pass/grid_view.hpp"
#include "dormant/pass/memory.hpp"
#include "dormant/pass/places.hpp"
#include "dormant/plan/placement.hpp"
#include "dormant/sites.hpp"
#include "dormant/task/batch.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace dormant {

/// Made for a sequence, copied for a layer. Parts take it as `Pass const& p` and may use its types:
/// `T`, `arch` and `matrix`, which is rows of T in memory.
template <class ModelType, class HookPack>
class pass : public placement<ModelType> {
  using memory_type = detail::sequence_memory<ModelType>;

public:
  using Model = ModelType;
  using Hooks = HookPack;
  using T = typename Model::scalar;
  using arch = typename Model::arch;
  using products = typename Model::products;
  using matrix = kernels::matrix<T>;

  std::size_t length;    ///< T of this sequence
  std::size_t layer = 0; ///< where the pass is

  /// \param step has `packed()`, `constants()` and `step()`, which are made once a step
  pass(placement<Model> const& where, T const* parameters, auto const& step, memory_type& m,
       HookPack const& hooks, sequence const& seq, T* gradients, T* gathered)
      : placement<Model>(where), length(seq.length()),
        in_(parameters, step, m, gradients, gathered), memory_(&m), hooks_(&hooks),
        sequence_(&seq) {}

  /// The tokens being read, [T], and what follows each of them.
  [[nodiscard]] sequence const& tokens() const { return *sequence_; }

  // ---- memory ----

  [[nodiscard]] T const* operator[](weight w) const { return in_.parameters + w.offset; }
  [[nodiscard]] T* gradient(weight w) const { return in_.gradients + w.offset; }
  [[nodiscard]] T const* operator[](constant c) const { return in_.constants + c.offset; }
  [[nodiscard]] T const* operator[](step_memory m) const { return in_.step + m.offset; }
  [[nodiscard]] T* gathered(shard_memory m) const { return in_.gathered + m.offset; }
  template <lifetime In>
  [[nodiscard]] matrix operator[](buffer_in<In> b) const {
    return {in_.template of<In>() + b.offset, length, b.cols, b.stride};
  }
  template <lifetime In>
  [[nodiscard]] grid_view<T> operator[](grid_in<In> g) const {
    return {in_.template of<In>() + g.offset, g.heads, length, g.head, g.stride};
  }
  [[nodiscard]] T* operator[](column c) const { return in_.kept + c.offset; }
  [[nodiscard]] T* operator[](panel) const { return memory_->panel.data(); }
  /// A borrowed buffer, all zero, for gradients to be added to.
  [[nodiscard]] matrix zeroed(borrowed_buffer b) const {
    matrix const m = (*this)[b];
    kernels::clear<arch, T>(m.data, m.rows * m.stride);
    return m;
  }
  /// Rows [T, cols] for values that only a listener asked for.
  [[nodiscard]] matrix side(std::size_t cols, std::size_t copies = 1) const {
    std::size_t const step = padded<T>(cols);
    T* const p = detail::grown(memory_->side, copies * this->s.context * step);
    return {p, length, cols, step};
  }
  /// The head of keys and values that query head `h` reads.
  [[nodiscard]] std::size_t kv_head(std::size_t h) const {
    return h / (this->s.heads / this->s.kv_heads);
  }
  /// Columns of one head: [T, D].
  [[nodiscard]] matrix head(matrix x, std::size_t h) const {
    return {x.data + h * this->s.head_width, x.rows, this->s.head_width, x.stride};
  }
  /// What `part` made of x: x itself where the part is absent.
  [[nodiscard]] matrix made(auto const& part, matrix x) const {
    if constexpr (requires { part.y; }) {
      return (*this)[part.y];
    } else if constexpr (requires { part.made(*this, x); }) {
      return part.made(*this, x);
    }
    return x;
  }

  /// `d` itself, or a copy of it in `b` where a hook edits the site,
  /// so that nobody else is touched.
  template <class Site>
  [[nodiscard]] matrix apart(Site, matrix d, borrowed_buffer b) const {
    if constexpr (edited<Site>) {
      copy(d, (*this)[b]);
      return (*this)[b];
    }
    return d;
  }

  // ---- products and sums ----

  /// out = epilogue of x W^T
  void multiply(matrix x, packed_weight const& w, matrix out, kernels::epilogue<T> e = {}) const {
    kernels::multiply_by_weights<Model::fixed, arch, T, products>(rows_of(x),
                                                                  in_.packed + w.forward, out, e);
  }
  /// dx = epilogue of dy W
  void multiply_back(matrix dy, packed_weight const& w, matrix dx, kernels::epilogue<T> e) const {
    kernels::multiply<arch, T, products>(rows_of(dy), in_.packed + w.backward, dx, e);
  }
  /// dW += dy^T x, if the matrix is trained
  void weight_gradient(matrix dy, matrix x, weight const& w) const {
    if (!w.trained) return;
    kernels::multiply_transposed<arch, T, products>(
        products::template along_columns<arch, T>(dy, memory_->left.data()),
        products::template along_columns<arch, T>(x, memory_->right.data()),
        {gradient(w), w.rows, w.cols, w.cols});
  }
  void add(matrix x, matrix y, matrix out) const {
    for (std::size_t t = 0; t < x.rows; ++t) {
      kernels::add<arch, T>(x.row(t), y.row(t), out.row(t), x.cols);
    }
  }
  void multiply_elements(matrix x, matrix y, matrix out) const {
    for (std::size_t t = 0; t < x.rows; ++t) {
      kernels::multiply_elements<arch, T>(x.row(t), y.row(t), out.row(t), x.cols);
    }
  }
  void copy(matrix x, matrix out) const { std::copy_n(x.data, x.rows * x.stride, out.data); }

  // ---- hooks ----

  template <class Site>
  static constexpr bool heard = HookPack::template heard<Site>;
  template <class Site>
  static constexpr bool edited = HookPack::template edited<Site>;

  /// Shows [T, cols], or the same as [T, heads, D] where the site says so.
  template <class Site>
  [[gnu::always_inline]] void show(Site, [[maybe_unused]] matrix x) const {
    if constexpr (!heard<Site>) {
      return;
    } else if constexpr (Site::rank == 2) {
      tell<Site>(x.data, {x.rows, x.cols}, {x.stride, 1});
    } else {
      std::size_t const d = this->s.head_width;
      tell<Site>(x.data, {x.rows, x.cols / d, d}, {x.stride, d, 1});
    }
  }
  /// Shows [heads, T query, T key].
  template <class Site>
  [[gnu::always_inline]] void show(Site, [[maybe_unused]] grid_view<T> g) const {
    if constexpr (heard<Site>) {
      tell<Site>(g.data, {g.heads, g.length, g.length}, {g.head, g.stride, 1});
    }
  }
  /// Shows [heads, T, cols], `head` elements from one head to the next.
  template <class Site>
  void show_heads(Site, matrix of_first, std::size_t heads, std::size_t head) const {
    tell<Site>(of_first.data, {heads, of_first.rows, of_first.cols}, {head, of_first.stride, 1});
  }

  // ---- layers ----

  /// The same pass in layer `l`, where each layer is planned `step` after the one before.
  [[nodiscard]] pass at(std::size_t l, detail::totals const& step) const {
    pass p = *this;
    p.layer = l;
    p.in_.go_to(l, step);
    return p;
  }
  /// The same pass, shown as layer `l`.
  [[nodiscard]] pass as_layer(std::size_t l) const {
    pass p = *this;
    p.layer = l;
    return p;
  }

private:
  template <class Site>
  [[gnu::noinline]] void tell(T* data, std::array<std::size_t, Site::rank> extents,
                              std::array<std::size_t, Site::rank> strides) const {
    hooks_->template at<Site>(layer, *sequence_, data, extents, strides);
  }
  [[nodiscard]] kernels::matrix<T const> rows_of(matrix x) const {
    return products::template along_rows<arch, T>(x, memory_->left.data());
  }

  detail::pass_places<T> in_;
  memory_type* memory_;
  HookPack const* hooks_;
  sequence const* sequence_;
};

} // namespace dormant
