// SPDX-License-Identifier: MIT
// The laws of an attention rule: its backward is the gradient of its forward, for every row length,
// and no scores, however extreme, break it.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/part/attention/weighing.hpp"
#include "dormant/random.hpp"
#include "dormant/testing/gradient_check.hpp"
#include "dormant/testing/verdict.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace dormant::testing {

struct rule_check_options {
  std::size_t longest = 19; ///< rows of 1 .. longest visible keys
  std::size_t context = 32; ///< T of the model that the rows pretend to come from
  double spread = 1.5;      ///< standard deviation of scores and learned scalars
  gradient_check_options gradient{};
};

namespace detail {

/// One row that a rule can work on, with guards behind it.
template <class Rule, class T, class Arch>
struct rule_bench {
  static constexpr std::size_t slack = 128 / sizeof(T); // kernels may read this far
  static constexpr std::size_t learned = dormant::detail::scalars_per_head<Rule>;
  static constexpr T guard = T(1234.5);

  std::size_t keys, context;
  std::vector<T> weights, gradient;
  std::vector<T> scalars, dscalars;
  std::vector<T> scores;

  rule_bench(std::vector<T> s, std::vector<T> learned_scalars, std::size_t model_context)
      : keys(s.size()), context(model_context), scalars(std::move(learned_scalars)),
        scores(std::move(s)) {}

  // Weights of the scores.
  std::vector<T> const& forward() {
    weights = scores;
    weights.resize(keys + slack, guard);
    Rule::forward(row());
    return weights;
  }
  // dL/ds of L = sum_j upstream[j] A[j], after forward; dL/d(scalars) in dscalars.
  std::vector<T> const& backward(std::vector<T> const& upstream) {
    gradient = upstream;
    gradient.resize(keys + slack, guard);
    dscalars.assign(learned, T(0));
    T const* const kept = dormant::detail::needs_scores<Rule> ? scores.data() : nullptr;
    Rule::backward(row(), attention_row_gradient<T, Arch>{gradient.data(), keys, kept,
                                                          learned > 0 ? dscalars.data() : nullptr});
    return gradient;
  }
  [[nodiscard]] bool kept_to_its_row() const {
    auto const intact = [&](std::vector<T> const& v) {
      return v.empty() || std::all_of(v.begin() + static_cast<std::ptrdiff_t>(keys), v.end(),
                                      [](T x) { return x == guard; });
    };
    return intact(weights) && intact(gradient);
  }

private:
  attention_row<T, Arch> row() {
    return {weights.data(), keys, context, learned > 0 ? scalars.data() : nullptr};
  }
};

template <class T>
std::vector<T> draw_values(random_stream& draw, std::size_t n, double spread) {
  std::vector<T> values(n);
  for (auto& x : values) x = static_cast<T>(spread * draw.normal());
  return values;
}

template <class T>
bool every_finite(std::vector<T> const& values, std::size_t n) {
  return std::all_of(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(n),
                     [](T x) { return std::isfinite(x); });
}

} // namespace detail

/// Checks dL/ds of every score of every row length, and dL/d(learned scalar), against central
/// differences of L = sum_j g_j A_j with random g.
template <class Rule, class Arch = xsimd::default_arch>
verdict check_rule_gradient(rule_check_options const& how = {}) {
  static_assert(attention_rule<Rule>,
                "dormant::testing: this is no attention rule; see <dormant/concepts.hpp>");
  verdict found;
  for (std::size_t keys = 1; keys <= how.longest; ++keys) {
    random_stream draw(how.gradient.seed, stream::user, 0, keys);
    using bench_type = detail::rule_bench<Rule, double, Arch>;
    auto scores = detail::draw_values<double>(draw, keys, how.spread);
    auto learned = detail::draw_values<double>(draw, bench_type::learned, how.spread);
    bench_type bench(std::move(scores), std::move(learned), how.context);
    auto const upstream = detail::draw_values<double>(draw, keys, 1);
    bench.forward();
    auto const ds = bench.backward(upstream);
    auto const dscalars = bench.dscalars;

    auto const check = [&](double& input, double got, auto... name) {
      double const before = input;
      auto const at = detail::compare_derivative(before, got, how.gradient, [&](double value) {
        input = value;
        auto const& weights = bench.forward();
        double sum = 0;
        for (std::size_t j = 0; j < keys; ++j) sum += upstream[j] * weights[j];
        return sum;
      });
      input = before;
      found.expect(at.agrees, Rule::name, ": row of ", keys, ", gradient of ", name...,
                   ": expected ", at.expected, " (central difference), got ", got);
    };
    for (std::size_t j = 0; j < keys; ++j) check(bench.scores[j], ds[j], "score[", j, "]");
    for (std::size_t p = 0; p < bench.scalars.size(); ++p) {
      check(bench.scalars[p], dscalars[p], "learned scalar ", p);
    }
  }
  return found;
}

/// Checks that weights and gradients are finite for scores of any finite size, that a rule writes
/// to its own row only, and that a NaN among the scores is not swallowed.
template <class Rule, class T = float, class Arch = xsimd::default_arch>
verdict check_rule_extremes(rule_check_options const& how = {}) {
  using bench_type = detail::rule_bench<Rule, T, Arch>;
  constexpr T huge = T(1e4); // far beyond where exp overflows
  verdict found;
  struct extreme {
    char const* name;
    T even, odd;
  };
  extreme const extremes[] = {{"huge", huge, huge},
                              {"negative huge", -huge, -huge},
                              {"huge of both signs", huge, -huge},
                              {"equal", T(0.25), T(0.25)},
                              {"zero", T(0), T(0)}};
  for (std::size_t keys = 1; keys <= how.longest; ++keys) {
    for (auto const& e : extremes) {
      for (T const scalar : {T(0), huge, -huge}) {
        std::vector<T> scores(keys);
        for (std::size_t j = 0; j < keys; ++j) scores[j] = j % 2 == 0 ? e.even : e.odd;
        bench_type bench(scores, std::vector<T>(bench_type::learned, scalar), how.context);
        std::string const where = std::string(Rule::name) + ": row of " + std::to_string(keys) +
                                  ", " + e.name + " scores: ";
        found.expect(detail::every_finite(bench.forward(), keys), where, "a weight is not finite");
        bench.backward(std::vector<T>(keys, T(1)));
        found.expect(detail::every_finite(bench.gradient, keys) &&
                         detail::every_finite(bench.dscalars, bench.dscalars.size()),
                     where, "a gradient is not finite");
        found.expect(bench.kept_to_its_row(), where, "something was written behind the row");
        if (bench_type::learned == 0) break;
      }
    }
    std::vector<T> scores(keys, T(0.5));
    scores[keys / 2] = std::numeric_limits<T>::quiet_NaN();
    bench_type bench(scores, std::vector<T>(bench_type::learned), how.context);
    bench.forward();
    found.expect(!detail::every_finite(bench.weights, keys), Rule::name, ": row of ", keys,
                 ": a NaN among the scores leaves no trace in the weights, so that training could "
                 "not stop on it");
  }
  return found;
}

/// Checks the gate of a rule that has one: dL/da of L = sum_i g_i gate(a_i) against central
/// differences.
template <class Rule, class Arch = xsimd::default_arch>
verdict check_gate_gradient(rule_check_options const& how = {}) {
  verdict found;
  if constexpr (requires { typename Rule::gate; }) {
    using gate = typename Rule::gate;
    std::size_t const n = how.longest;
    random_stream draw(how.gradient.seed, stream::user, 1, 0);
    auto const inputs = detail::draw_values<double>(draw, n + 16, how.spread);
    auto const upstream = detail::draw_values<double>(draw, n + 16, 1);
    auto opening = inputs;
    auto gradient = upstream;
    gate::template forward<Arch, double>(opening.data(), n);
    gate::template backward<Arch, double>(opening.data(), gradient.data(), n);
    for (std::size_t i = 0; i < n; ++i) {
      auto const at =
          detail::compare_derivative(inputs[i], gradient[i], how.gradient, [&](double value) {
            auto moved = inputs;
            moved[i] = value;
            gate::template forward<Arch, double>(moved.data(), n);
            return upstream[i] * moved[i];
          });
      found.expect(at.agrees, Rule::name, ": gradient of gate input ", i, ": expected ",
                   at.expected, " (central difference), got ", gradient[i]);
    }
  }
  return found;
}

/// All laws of an attention rule, in float and double.
template <class Rule, class Arch = xsimd::default_arch>
verdict attention_rule_laws(rule_check_options const& how = {}) {
  verdict found = check_rule_gradient<Rule, Arch>(how);
  found += check_gate_gradient<Rule, Arch>(how);
  found += check_rule_extremes<Rule, float, Arch>(how);
  found += check_rule_extremes<Rule, double, Arch>(how);
  return found;
}

} // namespace dormant::testing
