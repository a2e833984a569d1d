// SPDX-License-Identifier: MIT
// The runs behind a finding: variants x seeds, side by side, each a table of numbers over training.
#pragma once

#include "common/board.hpp"
#include "common/figures.hpp"
#include "dormant/cadence.hpp"
#include "dormant/io/csv.hpp"
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
  std::uint64_t seeds = 5;
  std::uint64_t first_seed = 1;
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

/// What was measured in one run. The first column is the step, or whatever else lines are drawn
/// over; numbers that only the trained model has are added to the last row.
using curve = std::vector<dm::probe_row>;

/// One way of training. `train` is called for every seed, from several threads, and tells the board
/// of its steps.
struct variant {
  std::string label{};
  std::uint64_t steps = 0; ///< of one run
  std::function<curve(std::uint64_t seed, program::board& all)> train{};
};

/// What variants did on every seed. A column that no row of a run has is refused with an error that
/// lists those it has (`dm::probe_row`); NaN is what was not measured in a row.
class runs {
public:
  runs(std::vector<std::string> labels, std::vector<std::vector<curve>> curves)
      : labels_(std::move(labels)), curves_(std::move(curves)) {}

  [[nodiscard]] std::size_t variants() const { return labels_.size(); }
  [[nodiscard]] std::string const& label(std::size_t v) const { return labels_[v]; }
  /// One curve a seed.
  [[nodiscard]] std::vector<curve> const& operator[](std::size_t v) const { return curves_[v]; }

  /// A number in the last row, for every seed.
  [[nodiscard]] std::vector<double> last(std::size_t v, std::string_view column) const;
  /// A number in the row of that step or the next one after it, for every seed.
  [[nodiscard]] std::vector<double> at(std::size_t v, std::string_view column,
                                       std::uint64_t step) const;
  /// A number in the row of a step of each seed's own, as `first_step` finds it; NaN without one.
  [[nodiscard]] std::vector<double> at(std::size_t v, std::string_view column,
                                       std::vector<double> const& steps) const;
  /// Median over seeds with its 10 to 90% band, as a line over the first column.
  [[nodiscard]] figures::line line(std::size_t v, std::string_view column, std::string label) const;
  /// The same for what a function makes of a row.
  [[nodiscard]] figures::line line(std::size_t v,
                                   std::function<double(dm::probe_row const&)> const& number,
                                   std::string label) const;
  /// Numbers in the last rows as the categories of a comparison: medians with their bands.
  [[nodiscard]] figures::comparison::series
  series(std::size_t v, std::vector<std::string> const& columns, std::string label) const;
  /// For every seed, the first step from which on `shows` holds in `for_rows` rows in a row, or NaN.
  [[nodiscard]] std::vector<double>
  first_step(std::size_t v, std::function<bool(dm::probe_row const&)> const& shows,
             std::size_t for_rows = 3) const;
  /// variant, seed, then the columns.
  [[nodiscard]] dm::csv_table table(std::uint64_t first_seed) const;

private:
  std::vector<std::string> labels_;
  std::vector<std::vector<curve>> curves_; // [variant][seed]
};

/// Ctrl-C was pressed; finished runs are kept.
struct interrupted {};

/// Trains every variant on every seed. Rows of a finished run are kept in the folder; with
/// `how.resume`, runs whose rows are there are not repeated.
/// \throws dormant::error if a run fails or the rows there are of other settings; interrupted
runs over_seeds(setting const& how, std::vector<variant> const& variants);

/// Steps from one of about sixty measurements to the next; every hundredth step is among them.
inline std::uint64_t measuring_interval(std::uint64_t steps) {
  auto interval = std::clamp<std::uint64_t>(steps / 60, 1, 100);
  while (100 % interval != 0) --interval;
  return interval;
}

/// Trains a model and measures it at every `measuring_interval`, on the batches it is trained on.
/// \param edits interventions that take part in every step, as a std::tie; probes see what they leave
/// \param probes whose numbers become the columns
template <class... Edits, class Net, class Task, class Optimizer, class... Probes>
curve train_under(std::tuple<Edits const&...> edits, program::board& all, Net& net,
                  Task const& task, Optimizer const& optimizer, dm::schedule const& plan,
                  Probes... probes) {
  dm::history log(dm::every{measuring_interval(plan.steps)}, std::move(probes)...);
  std::apply(
      [&](auto&... edit) {
        dm::train(net, task, optimizer, plan, edit..., log, program::on_board{all});
      },
      edits);
  if (all.stopping()) throw interrupted{};
  if (!log.rows().empty() && !std::isfinite(log.rows().back()["loss"])) { // no step finds this one
    throw dm::non_finite("the loss after the last step is not finite");
  }
  return log.rows();
}
template <class Net, class Task, class Optimizer, class... Probes>
curve train(program::board& all, Net& net, Task const& task, Optimizer const& optimizer,
            dm::schedule const& plan, Probes... probes) {
  return train_under(std::tie(), all, net, task, optimizer, plan, std::move(probes)...);
}

/// Norm at `<s>` over the mean norm elsewhere, in a row of `value_drain` or `residual_peak`.
/// \param probe "value_drain" or "residual_peak"
double bos_ratio(dm::probe_row const& row, std::string_view probe, std::size_t layer);

/// One more category in a comparison.
inline void add(figures::comparison::series& to, dm::band const& over) {
  to.middle.push_back(over.middle);
  to.low.push_back(over.low);
  to.high.push_back(over.high);
}

/// One boolean a seed from numbers of each seed: `each(a, b, [](double a, double b) { ... })`.
template <class F>
std::vector<bool> each_seed(std::vector<double> const& a, F f) {
  std::vector<bool> out;
  for (double const x : a) out.push_back(f(x));
  return out;
}
template <class F>
std::vector<bool> each_seed(std::vector<double> const& a, std::vector<double> const& b, F f) {
  std::vector<bool> out;
  for (std::size_t i = 0; i < a.size(); ++i) out.push_back(f(a[i], b[i]));
  return out;
}

} // namespace paper
