// SPDX-License-Identifier: MIT
// The mean vector that each head, attention and MLP puts out, over all positions of all sequences:
// what mean ablation puts in its place (intervention/replace.hpp).
#pragma once

#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"

#include <cstddef>
#include <vector>

namespace dormant {

/// Every position counts alike, position 0 with them. Memory is that of three vectors a layer.
template <class T>
class mean_output_of {
public:
  void operator()(site::z at, view<T const, 3> const& z) {
    auto& sum = seen_[at.layer].heads;
    sum.positions(z.shape(0), z.shape(1) * z.shape(2));
    for (std::size_t t = 0; t < z.shape(0); ++t) {
      for (std::size_t h = 0, i = 0; h < z.shape(1); ++h) {
        for (std::size_t d = 0; d < z.shape(2); ++d, ++i) {
          sum.total[i] += static_cast<double>(z(t, h, d));
        }
      }
    }
    seen_[at.layer].head_width = z.shape(2);
  }
  void operator()(site::attn_out at, view<T const, 2> const& out) {
    add(seen_[at.layer].attention, out);
  }
  void operator()(site::mlp_out at, view<T const, 2> const& out) { add(seen_[at.layer].mlp, out); }
  void merge(mean_output_of const& later) { seen_ += later.seen_; }
  void state(auto&& f) { f(seen_); }

  /// Of what a head sends to W_O, [D]; empty for a layer or head that was
  /// not heard of, as all of these.
  [[nodiscard]] std::vector<double> head(std::size_t layer, std::size_t head) const {
    auto const of = seen_.at(layer);
    auto const all = of.heads.mean();
    if (of.head_width == 0 || head >= all.size() / of.head_width) return {};
    auto const first = all.begin() + static_cast<std::ptrdiff_t>(head * of.head_width);
    return {first, first + static_cast<std::ptrdiff_t>(of.head_width)};
  }
  /// Of what an attention adds to the residual stream, [C].
  [[nodiscard]] std::vector<double> attention(std::size_t layer) const {
    return seen_.at(layer).attention.mean();
  }
  /// Of what an MLP adds to it, [C].
  [[nodiscard]] std::vector<double> mlp(std::size_t layer) const {
    return seen_.at(layer).mlp.mean();
  }
  [[nodiscard]] std::size_t layers() const { return seen_.size(); }

private:
  struct sums {
    double count = 0;
    std::vector<double> total;

    void state(auto&& f) { f(count, total); }
    void positions(std::size_t more, std::size_t width) {
      count += static_cast<double>(more);
      if (total.size() < width) total.resize(width);
    }
    [[nodiscard]] std::vector<double> mean() const {
      auto out = total;
      for (double& x : out) x /= count;
      return out;
    }
    sums& operator+=(sums const& o) {
      count += o.count;
      if (total.size() < o.total.size()) total.resize(o.total.size());
      for (std::size_t i = 0; i < o.total.size(); ++i) total[i] += o.total[i];
      return *this;
    }
  };
  struct of_layer {
    sums heads, attention, mlp;
    std::size_t head_width = 0;

    void state(auto&& f) { f(heads, attention, mlp, head_width); }
    of_layer& operator+=(of_layer const& o) {
      heads += o.heads;
      attention += o.attention;
      mlp += o.mlp;
      if (o.head_width != 0) head_width = o.head_width;
      return *this;
    }
  };
  static void add(sums& sum, view<T const, 2> const& out) {
    sum.positions(out.shape(0), out.shape(1));
    for (std::size_t t = 0; t < out.shape(0); ++t) {
      for (std::size_t c = 0; c < out.shape(1); ++c) {
        sum.total[c] += static_cast<double>(out(t, c));
      }
    }
  }

  per_layer<of_layer> seen_;
};
using mean_output = mean_output_of<float>;

} // namespace dormant
