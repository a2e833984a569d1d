// SPDX-License-Identifier: MIT
// Synthetic bigram tables whose frequencies fall off as a power of the rank (Zipf's law).
#pragma once

#include "dormant/error.hpp"
#include "dormant/random.hpp"
#include "dormant/task/bigram_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace dormant {

struct zipf_options {
  std::size_t size = 65;  ///< N, number of characters
  double exponent = 1;    ///< weight of rank r is r^-exponent; 0 is uniform
  std::uint64_t seed = 0; ///< of the ranks that each row has of its own
};

/// A table in which character w follows character v with weight `r(w)^-s r_v(w)^-s`: its rank among
/// all characters (its id + 1) times a rank drawn for row v, so that rows differ as in a language.
/// Counts are what a chain of about 10^9 characters would give, at least one each.
/// Throws `dormant::error` if the size is zero or above 4096 or the exponent not in [0, 10].
[[nodiscard]] inline bigram_table zipf_bigrams(zipf_options const& options = {}) {
  constexpr double length = 1e9;
  constexpr std::size_t sweeps = 200;
  auto const n = options.size;
  if (n == 0 || n > 4096) {
    refuse({"the size of a Zipf table must be between 1 and 4096, found ", n});
  }
  if (!(options.exponent >= 0 && options.exponent <= 10)) {
    refuse({"the exponent of a Zipf table must be between 0 and 10, found ", options.exponent});
  }

  std::vector<double> weight(n);
  for (std::size_t r = 0; r < n; ++r)
    weight[r] = std::pow(static_cast<double>(r + 1), -options.exponent);
  std::vector<double> law(n * n); // [N, N], rows sum to one
  std::vector<std::size_t> rank(n);
  for (std::size_t v = 0; v < n; ++v) {
    random_stream random(options.seed, stream::user, 0, v);
    std::iota(rank.begin(), rank.end(), std::size_t{0});
    for (auto k = n; k > 1; --k) std::swap(rank[k - 1], rank[random.below(k)]);
    double total = 0;
    for (std::size_t w = 0; w < n; ++w) total += law[v * n + w] = weight[w] * weight[rank[w]];
    for (std::size_t w = 0; w < n; ++w) law[v * n + w] /= total;
  }

  // How often each character occurs in a long chain. All entries are positive, so this converges.
  std::vector<double> often(n, 1.0 / static_cast<double>(n));
  std::vector<double> next(n);
  for (std::size_t i = 0; i < sweeps; ++i) {
    std::ranges::fill(next, 0.0);
    for (std::size_t v = 0; v < n; ++v)
      for (std::size_t w = 0; w < n; ++w) next[w] += often[v] * law[v * n + w];
    often.swap(next);
  }

  bigram_table table;
  table.unigrams.resize(n);
  for (std::size_t v = 0; v < n; ++v) {
    // Printable from the start: ! to ~, then the Latin letters from U+00C0 on.
    table.characters.push_back(static_cast<char32_t>(v < 94 ? 0x21 + v : 0xC0 + (v - 94)));
    for (std::size_t w = 0; w < n; ++w) {
      auto const count = std::max(1.0, std::round(length * often[v] * law[v * n + w]));
      table.bigrams.push_back(static_cast<std::uint64_t>(count));
      table.unigrams[v] += table.bigrams.back();
    }
  }
  return table;
}

} // namespace dormant
