// SPDX-License-Identifier: MIT
// What the runs of a grid say together: each cell against the baseline on the same seeds, with an
// interval, a control, a p-value that knows how many were asked for, and what could have been seen.
#pragma once

#include "grid/plan.hpp"
#include "grid/store.hpp"

#include "dormant/statistics.hpp"
#include "dormant/variance.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace grid {

/// One of the numbers that cells are compared by.
struct measure {
  std::string_view key;   ///< in comparisons.csv
  std::string_view title; ///< in the report
  std::string_view unit;
  bool falls; ///< the one-sided question: is it less than the baseline's? else: is it more?
  std::string_view change; ///< what a difference in that direction is called
  bool log;                ///< of the scale in pictures
};
enum measured : std::size_t { sink, drain, peak, risk };
inline constexpr std::array<measure, 4> measures = {{
    {"sink", "share of attention on <s>, non-triggers", "share", true, "less sink", false},
    {"drain", "value norm, <s> / others", "ratio", false, "less drain", true},
    {"peak", "residual norm, <s> / others", "ratio", true, "less peak", true},
    {"backcopy", "excess backcopy risk", "nats", false, "learns less", true},
}};

/// A measure of a unit; NaN where the run failed. Peaks are those of the layer that writes them,
/// sinks and drains of the layer with the head.
[[nodiscard]] double number_of(configuration const& c, result const& r, measured what);

/// A cell against the baseline of its depth.
struct comparison {
  dm::interval value{};      ///< median over seeds, 95% bootstrap
  dm::interval difference{}; ///< mean of the seeds' differences from the baseline, 95% bootstrap
  double p = 0;              ///< one-sided sign-flip test of that mean; NaN for the baseline itself
  double adjusted = 0;       ///< Holm over all cells and measures
  double control_p = 0; ///< against the differences that other seeds alone make (Mann and Whitney)
  /// The difference that so many seeds find in four of five studies at Holm's first bar, the
  /// level over the number of tests.
  double detectable = 0;
};

struct cell {
  configuration of{};
  std::size_t runs = 0, failed = 0;
  std::vector<dm::seeds> seeds{};
  std::array<std::vector<double>, measures.size()> values{}; ///< one a seed
  std::array<comparison, measures.size()> compared{};
  bool baseline = false;
  bool against_learnt = false; ///< the baseline has learnt to copy

  /// Nine of ten runs have learnt to copy, without which sinks say nothing.
  [[nodiscard]] bool learnt() const;
  /// The residual stream is normed after each branch, so that its norms are
  /// alike whatever attention does.
  [[nodiscard]] bool peak_is_fixed() const;
  /// The difference is beyond chance and beyond what other seeds do,
  /// and says something of attention.
  [[nodiscard]] bool shows(measured what) const;
  /// "removed", "less sink", "not shown", ... ; what the words mean stands in the report.
  [[nodiscard]] std::string_view verdict(measured what) const;
};

/// One square of a phase diagram.
struct phase {
  double x = 0, y = 0;
  std::size_t runs = 0;
  std::array<double, measures.size()> medians{};
};

/// The baseline at one learning rate of one optimizer.
struct rate_tried {
  std::string optimizer;
  double factor = 0; ///< on the optimizer's own rate
  std::size_t runs = 0;
  double loss = 0; ///< median, nats; NaN if a run failed
};

/// How right a score of dormant heads is, query by query, where the
/// task knows which heads are active.
struct score_of_dormancy {
  std::string name;
  dm::interval area{};  ///< under the ROC curve: 1/2 says nothing, 0 has it the wrong way
  dm::interval kappa{}; ///< agreement of its usual threshold with the truth, beyond chance
};

struct analysis {
  std::vector<cell> cells; ///< in the plan's order; the baseline first
  double smallest_p = 1;   ///< that so many seeds can give
  std::size_t tests = 0;   ///< that the adjusted p-values are over
  /// Mean difference that other seeds alone make to the first baseline.
  std::array<dm::interval, measures.size()> nothing{};
  std::array<dm::variance_by_cause, measures.size()>
      shares{}; ///< of the crossed design, if there is one
  bool crossed = false;
  std::vector<score_of_dormancy> scores{}; ///< of the baseline
  std::vector<rate_tried> rates{};
  std::vector<phase> rate_decay{}, triggers_context{};
};

[[nodiscard]] analysis analysed(plan const& p, std::vector<unit> const& units,
                                std::vector<result> const& results);

/// comparisons.csv: a line for each cell and measure.
[[nodiscard]] std::string comparisons_csv(analysis const& a);

} // namespace grid
