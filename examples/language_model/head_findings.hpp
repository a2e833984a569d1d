// SPDX-License-Identifier: MIT
// What `domains` finds of each head: how it rests on token 0 and what it is worth, domain by
// domain, and what controls of the same cost do.
#pragma once

#include "language_model/controls.hpp"
#include "language_model/simultaneous.hpp"

#include <dormant/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace language_model {

namespace dm = dormant;

/// What one domain shows of a head, row by row. Rows of one token predict nothing,
/// and rows of two have no query that could look elsewhere than at token 0 and at
/// itself, so that there may be fewer.
struct rows_of_head {
  std::vector<double> attention; ///< on token 0, mean over the queries from 2 on
  std::vector<double> change;    ///< of the loss when the head is removed, nats a token
};

/// A head on the texts of one domain; intervals are over rows, and hold for all numbers together.
struct head_on_domain {
  dm::estimated_mean attention, change;
};
/// A control on one or on both domains.
struct control_found {
  control by;
  std::size_t other = 0;                                      ///< head, of `other_head`
  std::vector<std::optional<dm::estimated_mean>> change = {}; ///< one a domain, where it can be
};
struct head_on_domains {
  std::size_t layer = 0, head = 0;
  std::vector<head_on_domain> on;      ///< one a domain
  std::vector<control_found> controls; ///< of the heads that are controlled

  /// Whether it is worth something on domain b, less on a, and rests on token 0 there alone: the
  /// intervals of both kinds lie apart, and what it rests is a sink's.
  [[nodiscard]] bool active_dormant(std::size_t a, std::size_t b) const {
    return on[b].change.low > 0 && on[a].change.high < on[b].change.low &&
           on[a].attention.low > std::max(on[b].attention.high, sink_threshold);
  }
  /// The same of the means alone, one on either side of what counts as a sink: no verdict.
  [[nodiscard]] bool looks_active_dormant(std::size_t a, std::size_t b) const {
    return on[b].change.mean > 0 && on[a].change.mean < on[b].change.mean &&
           on[a].attention.mean > sink_threshold && on[b].attention.mean < sink_threshold;
  }
  [[nodiscard]] bool active_dormant() const { return active_dormant(0, 1) || active_dormant(1, 0); }
  [[nodiscard]] double difference() const {
    return std::abs(on[1].change.mean - on[0].change.mean);
  }
};

/// How many intervals are to hold together, and whether there are rows for that.
struct together {
  std::size_t numbers = 1;
  std::size_t rows = 0; ///< those of the domain that has fewest
  [[nodiscard]] bool enough() const { return rows >= rows_needed(numbers); }
  [[nodiscard]] dm::estimated_mean mean(std::vector<double> const& of_rows) const {
    return mean_among(numbers, of_rows, enough());
  }
};

/// Attention and loss change of every head on two domains, and any control of any head: which of
/// them are controlled is decided by what is found.
/// \param found [domains][heads]
inline together all_together(std::vector<std::vector<rows_of_head>> const& found,
                             std::size_t controls) {
  // A row that shows attention has a second token, so that there are not more of these.
  return {2 * found[0].size() * (2 + controls),
          std::min(found[0].front().attention.size(), found[1].front().attention.size())};
}

/// The heads to control: those that are active on one domain and dormant on the other, then those
/// whose worth differs most between the domains.
inline std::vector<std::size_t> heads_to_control(std::vector<head_on_domains> const& heads,
                                                 std::size_t most) {
  std::vector<std::size_t> chosen(heads.size());
  for (std::size_t i = 0; i < chosen.size(); ++i) chosen[i] = i;
  std::stable_sort(chosen.begin(), chosen.end(), [&](std::size_t a, std::size_t b) {
    bool const first = heads[a].active_dormant(), second = heads[b].active_dormant();
    return first != second ? first : heads[a].difference() > heads[b].difference();
  });
  chosen.resize(std::min(chosen.size(), most));
  return chosen;
}

} // namespace language_model
