// SPDX-License-Identifier: MIT
// The laws of a task: rows are pure functions of (seed, stream, step, row), and the law it states
// for each next token is the one it draws from.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/task/oracle.hpp"
#include "dormant/testing/verdict.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
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

/// Whether a law is one of that table, and gives the token a chance.
inline bool possible(verdict& found, std::string const& where, next_token_law const& law,
                     law_table const& table, token next) {
  auto const known = [&](token t) { return t >= 0 && static_cast<std::size_t>(t) < table.vocab; };
  if (!known(next) || !known(law.copied) || law.row < 0 ||
      static_cast<std::size_t>(law.row) >= table.rows) {
    found.fail(where, ": token ", next, " or law ", law.row, " is outside the table of [",
               table.rows, ", ", table.vocab, "]");
    return false;
  }
  found.expect(law.copy_weight >= 0 && law.copy_weight <= 1, where, ": the weight of copying is ",
               law.copy_weight, ", expected 0 to 1");
  double sum = law.spread.empty() ? 1 : 0;
  std::vector<bool> named(table.vocab);
  for (auto const& [id, weight] : law.spread) {
    found.expect(known(id) && !named[static_cast<std::size_t>(id)] && weight >= 0, where,
                 ": the law copies token ", id, " with weight ", weight,
                 "; expected each token once, with a weight of at least 0");
    if (!found) return false;
    named[static_cast<std::size_t>(id)] = true;
    sum += weight;
  }
  found.expect(std::abs(sum - 1) < 1e-12, where,
               ": the weights of the tokens that are copied sum "
               "to ",
               sum, ", expected 1");
  if (!found) return false;
  bool const comes = law_probability(law, table, static_cast<std::size_t>(next)) > 0;
  found.expect(comes, where, ": token ", next, " was drawn, but its law says that it cannot come");
  return comes;
}

/// Tokens and laws of one row.
template <class Task>
class drawn_row {
public:
  drawn_row(Task const& task, stream which, std::uint64_t step, std::uint64_t row,
            std::size_t length = Task::context)
      : kept_(1, length, nullptr, true, dormant::detail::most_copied_of<Task>) {
    task.sample_row(which, step, row, kept_.tokens(0), kept_.laws(0));
  }
  [[nodiscard]] std::span<token const> tokens() const { return kept_.tokens(0); }
  [[nodiscard]] std::span<next_token_law const> laws() const { return kept_.laws(0); }
  [[nodiscard]] bool begins(drawn_row const& longer) const {
    return std::ranges::equal(tokens(), longer.tokens().first(tokens().size())) &&
           std::ranges::equal(laws(), longer.laws().first(laws().size()));
  }

private:
  batch kept_;
};

/// Sums of what came minus what its law expects, term by term: 0 but for chance.
struct deviation {
  double sum = 0, variance = 0, largest = 0;

  void add(double term, double variance_of_term, double largest_term) {
    sum += term;
    variance += variance_of_term;
    largest = std::max(largest, largest_term);
  }
  [[nodiscard]] double in_standard_deviations() const { return sum / std::sqrt(variance); }
  /// A bound on the logarithm of the chance of such a sum or a larger one, on either side, for
  /// terms that may depend on all before them (Bernstein; Freedman 1975). 0 of what cannot vary.
  [[nodiscard]] double log_chance() const {
    if (variance <= 0) return 0;
    return std::log(2) - sum * sum / (2 * (variance + largest * std::abs(sum) / 3));
  }
};

/// What can go wrong with the laws of some positions: the mean surprise, how often the likeliest
/// token comes, and how often each token comes.
struct position_class {
  std::size_t positions = 0;
  deviation surprise, likeliest;
  std::vector<deviation> of_token; // [V]

  void add(next_token_law const& law, law_table const& table, std::size_t next) {
    of_token.resize(table.vocab);
    ++positions;
    double entropy = 0, second = 0, rarest = 1, most = -1;
    std::size_t top = 0;
    for (std::size_t v = 0; v < table.vocab; ++v) {
      double const p = law_probability(law, table, v);
      if (p > most) top = v;
      most = std::max(most, p);
      if (p <= 0) continue;
      double const log_p = std::log(p);
      entropy -= p * log_p;
      second += p * log_p * log_p;
      rarest = std::min(rarest, p);
      of_token[v].add((v == next ? 1 : 0) - p, p * (1 - p), 1);
    }
    likeliest.add((top == next ? 1 : 0) - most, most * (1 - most), 1);
    surprise.add(-std::log(law_probability(law, table, next)) - entropy,
                 std::max(second - entropy * entropy, 0.0), -std::log(rarest));
  }
  /// Calls f(deviation, what it is).
  template <class F>
  void each(F&& f) const {
    f(surprise, "their surprise");
    f(likeliest, "how often the likeliest token comes");
    for (std::size_t v = 0; v < of_token.size(); ++v)
      f(of_token[v], "how often token " + std::to_string(v) + " comes");
  }
};

/// Rows of a task against their laws, at triggers and elsewhere, at each of the first positions and
/// at the others together.
class positions_against_laws {
public:
  static constexpr std::size_t first = 4;      // positions with a class of their own
  static constexpr double false_alarms = 1e-6; // chance that a task without fault fails

  void add(next_token_law const& law, law_table const& table, std::size_t t, token next) {
    classes_[std::min(t, first)][law.trigger].add(law, table, static_cast<std::size_t>(next));
  }

  /// Says of each class of positions what is farthest from its law, if that is too far.
  void judge(verdict& found) const {
    std::size_t tests = 0;
    each([&](position_class const& c, auto const&) {
      c.each([&](deviation const& d, auto const&) { tests += d.variance > 0 ? 1 : 0; });
    });
    if (tests == 0) return;
    double const least = std::log(false_alarms / static_cast<double>(tests)); // shared among them
    each([&](position_class const& c, std::string const& where) {
      deviation worst;
      std::string by;
      c.each([&](deviation const& d, std::string const& what) {
        if (d.log_chance() >= worst.log_chance()) return;
        worst = d;
        by = what;
      });
      found.expect(worst.log_chance() >= least, where, " (", c.positions,
                   " of them) the tokens drawn are ", worst.in_standard_deviations(),
                   " standard deviations from what their laws say, by ", by);
    });
  }

private:
  template <class F>
  void each(F&& f) const {
    for (std::size_t t = 0; t <= first; ++t) {
      for (bool const trigger : {false, true}) {
        std::string const place = t < first ? "position " + std::to_string(t)
                                            : "positions from " + std::to_string(first) + " on";
        f(classes_[t][trigger], (trigger ? "at triggers, " : "at non-triggers, ") + place);
      }
    }
  }

  std::array<std::array<position_class, 2>, first + 1> classes_; // [position][trigger]
};

/// Adds rows of some length until something is impossible.
template <class Task>
bool draw_against_laws(verdict& found, Task const& task, law_table const& table, std::uint64_t step,
                       std::size_t rows, std::size_t length, positions_against_laws& to) {
  for (std::uint64_t row = 0; row < rows; ++row) {
    drawn_row<Task> const r(task, stream::user, step, row, length);
    for (std::size_t t = 0; t < length; ++t) {
      if (is_register(r.tokens()[t])) continue; // nothing is predicted from it
      auto const where = "row " + std::to_string(row) + ", position " + std::to_string(t);
      if (!possible(found, where, r.laws()[t], table, r.tokens()[t + 1])) return false;
      to.add(r.laws()[t], table, t, r.tokens()[t + 1]);
    }
  }
  return true;
}

} // namespace detail

/// Checks that laws are laws, that the tokens drawn fit them, and that a row does not depend on
/// what was drawn before it, on its length, or on whether its laws are wanted. Laws are tested
/// apart at triggers and elsewhere, and at each of the first four positions and the others; all
/// these tests together fail a right task once in a million seeds.
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
  row const later(task, stream::training_data, 4, 5);
  found.expect(first.begins(row(task, stream::training_data, 3, 5)),
               "the same row drawn again is another one");
  auto const differs = [&](row const& other) {
    return !std::ranges::equal(first.tokens(), other.tokens());
  };
  found.expect(differs(later) && differs(row(task, stream::training_data, 3, 6)) &&
                   differs(row(task, stream::evaluation_data, 3, 5)),
               "another stream, step or row gives the same tokens");
  std::vector<token> lawless(first.tokens().size());
  task.sample_row(stream::training_data, 3, 5, lawless, {});
  found.expect(std::ranges::equal(lawless, first.tokens()),
               "a row drawn without its laws has other tokens");
  for (std::size_t length = 1; length < Task::context; length += 1 + Task::context / 4) {
    found.expect(row(task, stream::training_data, 3, 5, length).begins(first), "a row of ", length,
                 " is not the beginning of the whole row");
  }

  batch const some = task.sample(3), more = task.sample(5);
  found.expect(some.table() == table.get(), "sample() carries another table than table()");
  for (std::size_t b = 0; b < some.rows(); ++b) {
    found.expect(std::ranges::equal(some.tokens(b), more.tokens(b)) &&
                     std::ranges::equal(some.laws(b), more.laws(b)),
                 "row ", b, " of sample() depends on how many rows are asked for");
  }

  detail::positions_against_laws against;
  auto const beginning = std::min(Task::context, against.first);
  auto const whole = std::max<std::size_t>(200, 40'000 / Task::context);
  if (detail::draw_against_laws(found, task, *table, 1, whole, Task::context, against) &&
      detail::draw_against_laws(found, task, *table, 2, 4000, beginning, against))
    against.judge(found);
  return found;
}

} // namespace dormant::testing
