// SPDX-License-Identifier: MIT
// The mean over runs that cross every initialisation with every sequence of batches. Its
// I D runs are not I D independent values: those of an initialisation go together, and so
// do those of a seed of data. An interval that takes them for independent is too narrow,
// the more so the larger the grid.
#pragma once

#include "dormant/differences.hpp"
#include "dormant/error.hpp"
#include "dormant/random.hpp"
#include "dormant/statistics.hpp"
#include "dormant/variance.hpp"

#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace dormant {

/// The mean of a complete grid and where it would lie for other initialisations and other seeds of
/// data: both are drawn again with replacement, each as a whole (pigeonhole bootstrap, Owen 2007,
/// arXiv 0712.1111), and the ends are quantiles of the means of those grids. Its variance counts
/// what the two do only together three times, and it is too narrow as every bootstrap of few
/// values: of 4000 grids of 8 by 8 normal effects a 95% interval held the mean in 89 to 91%, and in
/// 98% where 9/10 of the variance is of the two together.
/// \throws dormant::error for a grid that is not complete, or smaller than 2 by 2
/// \returns NaN if one number is NaN: a run that failed must not look like none
[[nodiscard]] inline estimated_mean crossed_mean(crossed_grid const& y, bootstrap const& how = {}) {
  detail::check_grid(y);
  auto const inits = y.size(), datas = y.front().size();
  auto const I = static_cast<double>(inits), D = static_cast<double>(datas);
  std::vector<std::size_t> drawn(datas);
  estimated_mean out{.mean = 0};
  for (auto const& row : y)
    for (double const v : row) out.mean += v / (I * D);
  if (std::isnan(out.mean)) return out; // resampling may leave the failed run out
  std::vector<double> means(how.resamples);
  for (std::size_t r = 0; r < how.resamples; ++r) {
    random_stream draw(how.seed, stream::user, 5, r);
    for (auto& d : drawn) d = draw.below(datas);
    double sum = 0;
    for (std::size_t i = 0; i < inits; ++i) {
      auto const& row = y[draw.below(inits)];
      for (auto const d : drawn) sum += row[d];
    }
    means[r] = sum / (I * D);
  }
  double square = 0;
  for (double const m : means) square += (m - out.mean) * (m - out.mean);
  out.standard_error = std::sqrt(square / static_cast<double>(how.resamples));
  out.low = quantile(means, (1 - how.share) / 2);
  out.high = quantile(std::move(means), (1 + how.share) / 2);
  return out;
}

/// a - b of two grids that cross the same seeds: what `crossed_mean` and `variance_of` take for how
/// a variant differs from another, and which seeds decide how much.
/// \throws dormant::error if they are not of one size
[[nodiscard]] inline crossed_grid differences_of(crossed_grid const& a, crossed_grid const& b) {
  if (a.size() != b.size())
    refuse({"grids of ", a.size(), " and ", b.size(), " initialisations have no differences"});
  crossed_grid out(a.size());
  for (std::size_t i = 0; i < a.size(); ++i) out[i] = differences_of(a[i], b[i]);
  return out;
}

} // namespace dormant
