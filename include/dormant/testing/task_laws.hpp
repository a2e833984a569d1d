// SPDX-License-Identifier: MIT
// The laws of a task: rows are pure functions of (seed, stream, step, row), and the law it states
// for each next token is the one it draws from.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/task/oracle.hpp"
#include "dormant/testing/verdict.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace dormant::testing {

namespace detail {

inline void check_table(verdict& found, law_table const& table) {
  found.expect(table.probabilities.size() == table.rows * table.vocab &&
                   table.entropies.size() == table.rows,
               "the law table is not [", table.rows, ", ", table.vocab, "]");
  if (!found) return;
  for (std::size_t r = 0; r < table.rows; ++r) {
    double sum = 0, entropy = 0;
    for (double const p : table.row(r)) {
      found.expect(p >= 0, "law ", r, " has a negative probability");
      sum += p;
      if (p > 0) entropy -= p * std::log(p);
    }
    found.expect(std::abs(sum - 1) < 1e-12, "law ", r, " sums to ", sum, ", expected 1");
    found.expect(std::abs(entropy - table.entropies[r]) < 1e-9, "law ", r, " has entropy ", entropy,
                 ", the table says ", table.entropies[r]);
  }
}

/// Tokens and laws of one row.
template <class Task>
struct drawn_row {
  std::vector<token> tokens;
  std::vector<next_token_law> laws;
  drawn_row(Task const& task, stream which, std::uint64_t step, std::uint64_t row,
            std::size_t length = Task::context)
      : tokens(length + 1), laws(length) {
    task.sample_row(which, step, row, tokens, laws);
  }
  friend bool operator==(drawn_row const&, drawn_row const&) = default;
};

// How far the targets of some rows are from what their laws expect, in standard deviations.
template <class Task>
double surprise(verdict& found, Task const& task, law_table const& table) {
  double excess = 0, variance = 0;
  for (std::uint64_t row = 0; row < 200; ++row) {
    drawn_row<Task> const r(task, stream::user, 1, row);
    for (std::size_t t = 0; t < r.laws.size(); ++t) {
      auto const& law = r.laws[t];
      auto const next = static_cast<std::size_t>(r.tokens[t + 1]);
      if (r.tokens[t + 1] < 0 || next >= table.vocab || law.row < 0 ||
          static_cast<std::size_t>(law.row) >= table.rows) {
        found.fail("row ", row, ", position ", t, ": token ", r.tokens[t + 1], " or law ", law.row,
                   " is outside the table of [", table.rows, ", ", table.vocab, "]");
        return 0;
      }
      double const p = law_probability(law, table, next);
      found.expect(p > 0, "row ", row, ", position ", t, ": token ", next,
                   " was drawn, but its law says that it cannot come");
      if (p <= 0) continue;
      double const mean = law_entropy(law, table);
      double second = 0;
      for (std::size_t v = 0; v < table.vocab; ++v) {
        double const q = law_probability(law, table, v);
        if (q > 0) second += q * std::log(q) * std::log(q);
      }
      excess += -std::log(p) - mean;
      variance += std::max(second - mean * mean, 0.0);
    }
  }
  return variance > 0 ? excess / std::sqrt(variance) : 0;
}

} // namespace detail

/// Checks that laws are laws, that the tokens drawn fit them, and that a row does not depend on what
/// was drawn before it, on its length, or on whether its laws are wanted.
template <class Task>
verdict task_laws(Task const& task) {
  static_assert(dormant::task<Task>,
                "dormant::testing: this is no task; see <dormant/concepts.hpp>");
  using row = detail::drawn_row<Task>;
  verdict found;
  auto const table = task.table();
  if (table == nullptr) {
    found.fail("table() is null, so nothing can be said about the laws");
    return found;
  }
  detail::check_table(found, *table);
  if (!found) return found;

  row const first(task, stream::training_data, 3, 5);
  (void)row(task, stream::training_data, 4, 5);
  found.expect(first == row(task, stream::training_data, 3, 5),
               "the same row drawn again is another one");
  found.expect(first.tokens != row(task, stream::training_data, 4, 5).tokens &&
                   first.tokens != row(task, stream::training_data, 3, 6).tokens &&
                   first.tokens != row(task, stream::evaluation_data, 3, 5).tokens,
               "another stream, step or row gives the same tokens");
  std::vector<token> lawless(first.tokens.size());
  task.sample_row(stream::training_data, 3, 5, lawless, {});
  found.expect(lawless == first.tokens, "a row drawn without its laws has other tokens");
  for (std::size_t length = 1; length < Task::context; length += 1 + Task::context / 4) {
    row const shorter(task, stream::training_data, 3, 5, length);
    found.expect(std::equal(shorter.tokens.begin(), shorter.tokens.end(), first.tokens.begin()) &&
                     std::equal(shorter.laws.begin(), shorter.laws.end(), first.laws.begin()),
                 "a row of ", length, " is not the beginning of the whole row");
  }

  batch const some = task.sample(3), more = task.sample(5);
  found.expect(some.table() == table.get(), "sample() carries another table than table()");
  for (std::size_t b = 0; b < some.rows(); ++b) {
    found.expect(std::ranges::equal(some.tokens(b), more.tokens(b)) &&
                     std::ranges::equal(some.laws(b), more.laws(b)),
                 "row ", b, " of sample() depends on how many rows are asked for");
  }

  double const deviations = detail::surprise(found, task, *table);
  found.expect(std::abs(deviations) < 6, "the tokens drawn are ", deviations,
               " standard deviations from what their laws say");
  return found;
}

} // namespace dormant::testing
