// SPDX-License-Identifier: MIT
// What follows a trigger token: the difference between Bigram-Backcopy and its relatives
// (arXiv 2410.13835, section 2 and the ablations of its appendix).
#pragma once

namespace dormant {

/// After trigger `x[n]`: with probability `copy` the token before it, `x[n-1]`, comes again;
/// otherwise the next token is drawn from a row of the bigram table. For 0 < copy < 1
/// the law is the mixture of both.
struct trigger_rule {
  enum class row { current, previous };

  double copy = 1;              ///< probability of copying, 0 to 1
  row otherwise = row::current; ///< draw from P(.|x[n]) or from P(.|x[n-1])

  friend constexpr bool operator==(trigger_rule const&, trigger_rule const&) = default;
};

/// Bigram-Backcopy: `x[n+1] = x[n-1]`.
inline constexpr trigger_rule backcopy{};
/// A plain Markov chain: triggers are like any other token.
inline constexpr trigger_rule plain_markov{.copy = 0};
/// Bigram-backward: `x[n+1] ~ P(.|x[n-1])`.
inline constexpr trigger_rule bigram_backward{.copy = 0, .otherwise = trigger_rule::row::previous};
// Interpolations: `{.copy = p}` and `{.copy = p, .otherwise = trigger_rule::row::previous}`.

} // namespace dormant
