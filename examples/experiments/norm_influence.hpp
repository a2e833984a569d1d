// SPDX-License-Identifier: MIT
// Which matrices push the residual norm of <s>: norm influence <d||x_0||/dW, update of W>
// (arXiv 2410.13835, appendix: optimizer-side measurements).
#pragma once

#include <dormant/evaluate.hpp>
#include <dormant/probe/residual_peak.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace paper {

namespace dm = dormant;

/// What the residual state of `<s>` after layer 0, an MLP, is a function of.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 6> matrices = {
    {{"tok_embeddings.weight", "token emb."},
     {"pos_embeddings.weight", "position emb."},
     {"layers.0.ff_norm.weight", "norm weight"},
     {"layers.0.ff_norm.bias", "norm bias"},
     {"layers.0.ff.w1.weight", "MLP W1"},
     {"layers.0.ff.w2.weight", "MLP W2"}}};

/// Norm influence `<d||x_0||/dW, update of W>` of one matrix at a time: the central difference of
/// `||x_0||` along the update around the middle of the step, where what all matrices do adds up to
/// the change of `||x_0||` but for terms of third order.
template <class Net>
struct norm_influence {
  /// \param counts_from the first step that counts
  norm_influence(dm::token bos, std::uint64_t counts_from) : from(counts_from) {
    std::ranges::fill(bos_alone.tokens(0), bos);
  }

  std::uint64_t from;
  dm::batch bos_alone{1, 1, nullptr, false};
  Net middle{};
  std::vector<float> update = std::vector<float>(Net::plan::size);
  std::array<dm::running_mean, matrices.size()> per_step{};
  dm::running_mean change{}; ///< of `||x_0||` by all at once

  void operator()(dm::site::update at, dm::view<float const, 2> const& u) {
    std::copy(u.begin(), u.end(), update.begin() + std::ptrdiff_t(Net::find(at.tensor).offset));
  }
  void operator()(dm::site::step, dm::run_state<float> const& now) {
    if (now.step <= from) return;
    std::ranges::copy(now.parameters, middle.parameters().begin());
    double const after = norm();
    move(0, update.size(), -1);
    change.add(after - norm());
    move(0, update.size(), 0.5F);
    for (std::size_t m = 0; m < matrices.size(); ++m) {
      auto const& t = Net::find(matrices[m].first);
      move(t.offset, t.size(), 0.5F);
      double const ahead = norm();
      move(t.offset, t.size(), -1);
      per_step[m].add(ahead - norm());
      move(t.offset, t.size(), 0.5F);
    }
  }

  /// Change of `||x_0||` per 1000 steps, by each matrix and by all.
  void report(dm::probe_row& row) const {
    for (std::size_t m = 0; m < matrices.size(); ++m) {
      row.add(matrices[m].second, 1000 * per_step[m].mean());
    }
    row.add("all", 1000 * change.mean());
  }

private:
  void move(std::size_t offset, std::size_t size, float by) {
    for (std::size_t i = offset; i < offset + size; ++i) middle.parameters()[i] += by * update[i];
  }
  [[nodiscard]] double norm() const {
    dm::residual_peak peak;
    dm::evaluate(middle, bos_alone, {.threads = 1, .shards = 1}, peak);
    return peak.bos(0);
  }
};

} // namespace paper
