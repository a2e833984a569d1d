// SPDX-License-Identifier: MIT
// The runs behind a finding: variants x seeds, side by side, each a table of numbers over training.
#pragma once

#include "common/board.hpp"
#include "common/figures.hpp"
#include "common/kept_rows.hpp"
#include "common/outcome.hpp"
#include "dormant/checkpoint.hpp"
#include "dormant/io/csv.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/seeds.hpp"
#include "dormant/statistics.hpp"
#include "dormant/task/bigram_table.hpp"
#include "dormant/train.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace paper {

namespace dm = dormant;

/// What every experiment can be asked.
struct setting {
  bool paper_scale = false; ///< the authors' shape, batch and steps instead of the small ones
  std::uint64_t seeds = 30;
  dm::seeds first{1, 1};     ///< of the runs' seeds
  std::uint64_t steps = 0;   ///< 0: the experiment's own
  std::uint64_t threads = 0; ///< 0: as many as the machine has
  bool resume = false;       ///< keep the runs that are in the folder already
  dm::bigram_table table{};
  std::filesystem::path out{};
  std::string command{};  ///< that repeats it
  std::string identity{}; ///< the settings that numbers depend on, in words

  [[nodiscard]] std::uint64_t steps_or(std::uint64_t own) const { return steps != 0 ? steps : own; }
  /// Small models keep one core busy each; large ones take turns and share all cores.
  [[nodiscard]] dm::schedule schedule(std::uint64_t steps_taken, std::size_t batch) const {
    if (paper_scale) return {.steps = steps_taken, .batch = batch, .threads = threads};
    return {.steps = steps_taken, .batch = batch, .threads = 1, .shards = 1};
  }
};

/// One run of a variant.
struct one_run {
  dm::seeds seeds{};
  program::board& board;         ///< is told of the steps
  std::filesystem::path state{}; ///< of the files of a run under way, without ending; empty: none
  dm::run_identity identity{};   ///< what a run that goes on must agree with
};

/// One way of training. `train` is called for every seed, from several threads.
struct variant {
  std::string label{};
  std::uint64_t steps = 0; ///< of one run
  std::function<curve(one_run const& run)> train{};
  /// Its own, e.g. crossed ones; empty: the initial values and data of a seed together, as many as
  /// the setting has.
  std::vector<dm::seeds> seeds{};
};

/// What variants did on every seed. A column that no row of a run has is refused with an error that
/// lists those it has (`dm::probe_row`); NaN is what was not measured in a row.
class runs {
public:
  /// \param of the seeds of each variant's curves; unset: 1, 2, ...
  runs(std::vector<std::string> labels, std::vector<std::vector<curve>> curves,
       std::vector<std::vector<dm::seeds>> of = {})
      : labels_(std::move(labels)), curves_(std::move(curves)), seeds_(std::move(of)) {
    for (auto v = seeds_.size(); v < curves_.size(); ++v)
      seeds_.push_back(dm::paired_seeds({1, 1}, curves_[v].size()));
  }

  [[nodiscard]] std::size_t variants() const { return labels_.size(); }
  [[nodiscard]] std::vector<dm::seeds> const& seeds(std::size_t v) const { return seeds_[v]; }
  [[nodiscard]] std::string const& label(std::size_t v) const { return labels_[v]; }
  /// One curve a seed.
  [[nodiscard]] std::vector<curve> const& operator[](std::size_t v) const { return curves_[v]; }

  /// A number in the last row, for every seed.
  [[nodiscard]] std::vector<double> last(std::size_t v, std::string_view column) const;
  /// A number in the row of that step or the next one after it, for every seed.
  [[nodiscard]] std::vector<double> at(std::size_t v, std::string_view column,
                                       std::uint64_t step) const;
  /// Median over seeds with its 10 to 90% band, as a line over the first column.
  [[nodiscard]] figures::line line(std::size_t v, std::string_view column, std::string label) const;
  /// The same for what a function makes of a row.
  [[nodiscard]] figures::line line(std::size_t v,
                                   std::function<double(dm::probe_row const&)> const& number,
                                   std::string label) const;
  /// Numbers in the last rows as the categories of a comparison: medians with their bands.
  [[nodiscard]] figures::comparison::series
  series(std::size_t v, std::vector<std::string> const& columns, std::string label) const;
  /// For every seed, the first step from which on `shows` holds in
  /// `for_rows` rows in a row, or NaN.
  [[nodiscard]] std::vector<double>
  first_step(std::size_t v, std::function<bool(dm::probe_row const&)> const& shows,
             std::size_t for_rows = 3) const;
  /// variant, init_seed, data_seed, then the columns.
  [[nodiscard]] dm::csv_table table() const;

private:
  std::vector<std::string> labels_;
  std::vector<std::vector<curve>> curves_; // [variant][seed]
  std::vector<std::vector<dm::seeds>> seeds_;
};

/// Ctrl-C was pressed; finished runs are kept.
struct interrupted {};

/// Trains every variant on every seed. Rows of a finished run are kept in the folder; with
/// `how.resume`, runs whose rows are there are not repeated.
/// \throws dormant::error if a run fails or the rows there are of other settings; interrupted
runs over_seeds(setting const& how, std::vector<variant> const& variants);

/// Norm at `<s>` over the mean norm elsewhere, in a row of `value_drain` or `residual_peak`.
/// \param probe "value_drain" or "residual_peak"
double bos_ratio(dm::probe_row const& row, std::string_view probe, std::size_t layer);

/// One more category in a comparison.
inline void add(figures::comparison::series& to, dm::band const& over) {
  to.middle.push_back(over.middle);
  to.low.push_back(over.low);
  to.high.push_back(over.high);
}

/// What every seed has more in `a` than in `b`.
inline std::vector<double> difference(std::vector<double> a, std::vector<double> const& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] -= b[i];
  return a;
}

/// Which seeds show something, from numbers of each seed: `each_seed(a, b, [](double a, double b) {
/// ... })`. A seed with a NaN, which was not measured or not reached, does not, and is counted.
template <class F>
program::shown each_seed(std::vector<double> const& a, F f) {
  program::shown out;
  for (double const x : a) {
    out.unmeasured += std::isnan(x) ? 1 : 0;
    out.by.push_back(!std::isnan(x) && f(x));
  }
  return out;
}
template <class F>
program::shown each_seed(std::vector<double> const& a, std::vector<double> const& b, F f) {
  program::shown out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    bool const missing = std::isnan(a[i]) || std::isnan(b[i]);
    out.unmeasured += missing ? 1 : 0;
    out.by.push_back(!missing && f(a[i], b[i]));
  }
  return out;
}

} // namespace paper
