// SPDX-License-Identifier: MIT
// Sinks other than token 0: positions that much attention goes to, and tokens that are such a sink
// wherever they first stand (arXiv 2402.17762 has delimiters).
#pragma once

#include "language_model/simultaneous.hpp"

#include <dormant/probe/row.hpp>
#include <dormant/sites.hpp>
#include <dormant/source/token_files.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <vector>

namespace language_model {

namespace dm = dormant;

/// A position that fewer queries see than this, itself and the next one not counted, is not judged:
/// one query that attends to it would be enough.
inline constexpr std::size_t queries_of_a_sink = 8;

/// What a row has at a position, k >= 1: the mean of A[q, k] over the queries q >= k + 2. For k = 0
/// this would be `attention_sink`. Queries k and k + 1 are left out, as a head that looks at each
/// token itself, or at the one before, has no sink.
class later_mass {
public:
  struct hits {
    double mass = 0, rows = 0; ///< of rows above the threshold; their sum
    hits& operator+=(hits const& o) {
      mass += o.mass;
      rows += o.rows;
      return *this;
    }
  };
  struct of_head {
    std::vector<dm::running_mean> at; // [T key]
    std::vector<std::size_t> above;   // [T key], rows
    std::map<dm::token, hits> tokens; // where they stand first, after position 0
    of_head& operator+=(of_head const& o) {
      if (at.size() < o.at.size()) at.resize(o.at.size()), above.resize(o.at.size());
      for (std::size_t k = 0; k < o.at.size(); ++k) at[k] += o.at[k], above[k] += o.above[k];
      for (auto const& [token, found] : o.tokens) tokens[token] += found;
      return *this;
    }
  };
  /// Positions from 1 to before this one are judged.
  static std::size_t end_of(std::size_t length) {
    return length > queries_of_a_sink + 2 ? length - queries_of_a_sink - 1 : 1;
  }
  /// Whether position k is the first of its token, position 0 not counted.
  template <class Tokens>
  static bool is_first(Tokens const& tokens, std::size_t k) {
    auto const begin = tokens.begin() + 1, here = tokens.begin() + static_cast<std::ptrdiff_t>(k);
    return std::find(begin, here, *here) == here;
  }

  void operator()(dm::site::pattern at, dm::view<float const, 3> const& pattern) {
    auto const& tokens = at.sequence.inputs;
    std::size_t const length = pattern.shape(1), end = end_of(length);
    std::vector<double> mass(end);
    std::vector<char> first(end);
    for (std::size_t k = 1; k < end; ++k) first[k] = is_first(tokens, k);
    for (std::size_t h = 0; h < pattern.shape(0); ++h) {
      std::fill(mass.begin(), mass.end(), 0.0);
      for (std::size_t q = 3; q < length; ++q) {
        for (std::size_t k = 1; k < end && k + 2 <= q; ++k) {
          mass[k] += static_cast<double>(pattern(h, q, k));
        }
      }
      auto& seen = seen_[at.layer][h];
      if (seen.at.size() < end) seen.at.resize(end), seen.above.resize(end);
      for (std::size_t k = 1; k < end; ++k) {
        mass[k] /= static_cast<double>(length - k - 2);
        seen.at[k].add(mass[k]);
        if (mass[k] <= sink_threshold) continue;
        ++seen.above[k];
        if (first[k]) seen.tokens[tokens[k]] += {mass[k], 1};
      }
    }
  }
  void merge(later_mass const& later) { seen_ += later.seen_; }
  [[nodiscard]] of_head of(std::size_t layer, std::size_t head) const {
    return seen_.of(layer, head);
  }

private:
  dm::per_head<of_head> seen_;
};

/// A position or, where `position` is empty, a token that stands at different ones.
struct secondary_sink {
  std::size_t layer, head;
  std::optional<std::size_t> position;
  std::optional<dm::token> token; ///< of a position: where all rows agree
  double mass; ///< of a position, mean over rows; of a token, over those where it is above
  std::size_t rows_above, rows; ///< above the threshold, of those that say something
};

/// Positions whose mean over rows is above the threshold; and tokens that are above
/// it, where they first stand, in more than half of the rows that have them, two at
/// least. The most attention first.
inline std::vector<secondary_sink> secondary_sinks(later_mass const& mass, std::size_t layers,
                                                   std::size_t heads, dm::token_rows const& rows) {
  std::map<dm::token, std::size_t> rows_with;
  std::map<std::size_t, std::optional<dm::token>> agreed; // by position
  for (auto const& row : rows) {
    for (std::size_t k = 1; k < later_mass::end_of(row.size()); ++k) {
      if (later_mass::is_first(row, k)) ++rows_with[row[k]];
      auto const [place, is_new] = agreed.try_emplace(k, row[k]);
      if (!is_new && place->second != row[k]) place->second.reset();
    }
  }
  std::vector<secondary_sink> out;
  for (std::size_t l = 0; l < layers; ++l) {
    for (std::size_t h = 0; h < heads; ++h) {
      auto const seen = mass.of(l, h);
      std::vector<dm::token> named;
      for (std::size_t k = 1; k < seen.at.size(); ++k) {
        if (!(seen.at[k].mean() > sink_threshold)) continue;
        out.push_back({l, h, k, agreed[k], seen.at[k].mean(), seen.above[k],
                       static_cast<std::size_t>(seen.at[k].count)});
        if (agreed[k]) named.push_back(*agreed[k]);
      }
      for (auto const& [token, hits] : seen.tokens) {
        auto const above = static_cast<std::size_t>(hits.rows), of = rows_with[token];
        bool const said = std::find(named.begin(), named.end(), token) != named.end();
        if (said || of < 2 || 2 * above <= of) continue;
        out.push_back({l, h, std::nullopt, token, hits.mass / hits.rows, above, of});
      }
    }
  }
  std::stable_sort(out.begin(), out.end(),
                   [](auto const& a, auto const& b) { return a.mass > b.mass; });
  return out;
}

} // namespace language_model
