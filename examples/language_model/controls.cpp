// SPDX-License-Identifier: MIT
#include "language_model/controls.hpp"

#include <dormant/dormant.hpp>
#include <dormant/probe/mean_output.hpp>
#include <dormant/probe/sequence_loss.hpp>
#include <dormant/random.hpp>
#include <dormant/source/pretrained.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

namespace language_model {

namespace {

// Streams of random numbers, so that no two draws are the same ones.
enum : std::uint64_t { draws_heads = 1, draws_rows, draws_keys };

dm::random_stream drawing(std::uint64_t seed, std::uint64_t what, std::uint64_t of) {
  return {seed, dm::stream::user, what, of};
}

/// What every head sends to W_O, of each row.
class kept_outputs {
public:
  void operator()(dm::site::z at, dm::view<float const, 3> const& z) {
    rows_[at.sequence.index].values.assign(z.begin(), z.end());
  }
  void merge(kept_outputs const& later) { rows_ += later.rows_; }
  /// [T, H, D]
  [[nodiscard]] std::vector<float> of(std::size_t row) const { return rows_.at(row).values; }

private:
  struct output {
    std::vector<float> values;
    output& operator+=(output const& o) {
      if (!o.values.empty()) values = o.values;
      return *this;
    }
  };
  dm::per_layer<output> rows_; // by row, not by layer
};

/// One head under one control.
struct controlled_head {
  control by;
  head_place of;
  std::uint64_t seed;
  std::vector<double> mean;             // [D]
  kept_outputs const& outputs;          // of its layer
  std::vector<std::size_t> const& from; // [B], rows that outputs are taken from

  void operator()(dm::site::pattern at, dm::view<float, 3>& pattern) const {
    if (by != control::random_key || at.layer != of.layer) return;
    auto draw = drawing(seed, draws_keys, at.sequence.index);
    // The key with the largest draw among those that a query sees: one key for those that see it,
    // and those before it are not left to token 0 either. Query 0 has no other key.
    double largest = -1;
    std::size_t key = 0;
    for (std::size_t q = 1; q < pattern.shape(1); ++q) {
      if (double const drawn = draw.uniform(); drawn > largest) largest = drawn, key = q;
      for (std::size_t k = 0; k <= q; ++k) pattern(of.head, q, k) = k == key ? 1.0F : 0.0F;
    }
  }
  void operator()(dm::site::z at, dm::view<float, 3>& z) const {
    if (by == control::random_key || at.layer != of.layer) return;
    std::size_t const heads = z.shape(1), width = z.shape(2);
    auto const other =
        by == control::swap ? outputs.of(from[at.sequence.index]) : std::vector<float>();
    for (std::size_t t = 0; t < z.shape(0); ++t) {
      // A longer row goes on with the last output of a shorter one.
      std::size_t const there = other.empty() ? 0 : std::min(t, other.size() / (heads * width) - 1);
      for (std::size_t d = 0; d < width; ++d) {
        z(t, of.head, d) = by == control::mean ? static_cast<float>(mean[d])
                                               : other[(there * heads + of.head) * width + d];
      }
    }
  }
};

} // namespace

head_place other_head(head_place of, std::size_t heads, std::uint64_t seed) {
  if (heads < 2) return of;
  auto draw = drawing(seed, draws_heads, of.layer * heads + of.head);
  std::size_t const other = draw.below(heads - 1);
  return {of.layer, other < of.head ? other : other + 1};
}

std::vector<std::size_t> swapped_rows(std::size_t rows, std::uint64_t seed) {
  std::vector<std::size_t> from(rows);
  std::iota(from.begin(), from.end(), std::size_t{0});
  auto draw = drawing(seed, draws_rows, 0);
  // Exchanged with an earlier one each, never itself: one cycle through all rows (Sattolo 1986).
  for (std::size_t b = rows; b-- > 1;) std::swap(from[b], from[draw.below(b)]);
  return from;
}

std::vector<std::vector<std::vector<double>>>
losses_with_controls(dm::model_folder const& folder, dm::batch const& rows, dm::execution how,
                     std::vector<head_place> const& heads, std::vector<control> const& controls,
                     std::uint64_t seed, void (*done)(std::size_t, std::size_t)) {
  return dm::with_pretrained(folder, [&](auto const& net) {
    std::vector<std::vector<std::vector<double>>> losses(heads.size());
    auto const from = swapped_rows(rows.rows(), seed);
    auto streams = dm::residuals_of(net, rows, how);
    std::size_t last = 0, passes = 0;
    for (auto const& h : heads) last = std::max(last, h.layer + 1);
    while (streams.layer < last) {
      std::size_t const l = streams.layer;
      dm::mean_output means;
      kept_outputs outputs;
      auto next = dm::advance(net, rows, streams, how, means, outputs);
      for (std::size_t i = 0; i < heads.size(); ++i) {
        if (heads[i].layer != l) continue;
        for (auto const by : controls) {
          controlled_head const edit{by,      heads[i], seed, means.head(l, heads[i].head),
                                     outputs, from};
          dm::sequence_loss found;
          dm::evaluate_from(net, rows, streams, how, edit, found);
          auto& of_rows = losses[i].emplace_back();
          for (std::size_t b = 0; b < rows.rows(); ++b) of_rows.push_back(found.of(b));
          done(++passes, heads.size() * controls.size());
        }
      }
      streams = std::move(next);
    }
    return losses;
  });
}

} // namespace language_model
