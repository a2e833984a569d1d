// SPDX-License-Identifier: MIT
// The laws of hooks: a probe leaves no trace and can be split and merged; an intervention's
// backward is the gradient of the loss that it intervenes on.
#pragma once

#include "dormant/evaluate.hpp"
#include "dormant/probe/record.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/testing/gradient_check.hpp"
#include "dormant/testing/verdict.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace dormant::testing {

/// Reads a probe through its `report`. Laws take another reader for a probe without one: anything
/// that turns it into named numbers, `probe_row reader(probe const&)`.
struct read_report {
  template <class Probe>
  probe_row operator()(Probe const& probe) const {
    probe_row row;
    probe.report(row);
    return row;
  }
};

namespace detail {

template <class T>
[[nodiscard]] bool same_bits(T const* a, T const* b, std::size_t n) {
  return n == 0 || std::memcmp(a, b, n * sizeof(T)) == 0;
}
[[nodiscard]] inline bool same_bits(double a, double b) { return same_bits(&a, &b, 1); }

/// Two rows of numbers are the same up to rounding; NaN (nothing seen) equals NaN.
inline void expect_same(verdict& found, std::string const& who, probe_row const& expected,
                        probe_row const& got, double tolerance) {
  if (expected.cells().size() != got.cells().size()) {
    found.fail(who, "expected ", expected.cells().size(), " numbers, got ", got.cells().size());
    return;
  }
  for (std::size_t i = 0; i < got.cells().size(); ++i) {
    auto const& [name, x] = expected.cells()[i];
    auto const& [other, y] = got.cells()[i];
    bool const same = same_bits(x, y) || (std::isnan(x) && std::isnan(y)) ||
                      std::abs(x - y) <= tolerance * std::max(std::abs(x), std::abs(y));
    found.expect(name == other && same, who, name, ": expected ", x, ", got ", y);
  }
}

/// What an intervention does to a sequence may not depend on those before it.
template <class Intervention, shape Shape, class... Parts>
verdict rests_between_sequences(Intervention const& edit, transformer<Shape, Parts...> const& net,
                                batch const& rows) {
  verdict found;
  double apart = 0;
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    apart += evaluate(net, rows.only(b), {.threads = 1}, edit).loss;
  }
  apart /= static_cast<double>(rows.rows());
  double const together = evaluate(net, rows, {.threads = 1, .shards = 1}, edit).loss;
  found.expect(std::abs(together - apart) <= 1e-12 * std::abs(apart),
               "what it does to a sequence depends on the sequences before it: the loss is ",
               together, " over the batch and ", apart, " over its sequences one by one");
  return found;
}

} // namespace detail

/// Checks that a model computes the same bits with the probe attached, and that the probe is a
/// monoid: parts of a batch merged in order are the whole, and merging what saw nothing changes
/// nothing.
/// One that hears gradients is shown the backward pass, too.
/// \param empty a probe that has seen nothing; it is copied
/// \param rows at least three sequences
template <class Probe, shape Shape, class... Parts, class Reader = read_report>
verdict probe_laws(Probe const& empty, transformer<Shape, Parts...> const& net, batch const& rows,
                   Reader read = {}, double tolerance = 1e-9) {
  using T = typename transformer<Shape, Parts...>::scalar;
  verdict found;
  if (rows.rows() < 3) {
    found.fail("dormant::testing::probe_laws needs at least three sequences");
    return found;
  }
  using mirrors = dormant::detail::mirrors<typename structure<Shape, Parts...>::sites>;
  auto const seen = [&](std::size_t shards) {
    Probe probe = empty;
    execution const how{.threads = 1, .shards = shards};
    if constexpr (dormant::detail::observes_any<Probe, T, typename mirrors::type>) {
      (void)differentiate(net, rows, how, probe);
    } else {
      (void)evaluate(net, rows, how, probe);
    }
    return probe;
  };

  record<site::logits, T> alone, beside;
  Probe probe = empty;
  double const loss = evaluate(net, rows, {.threads = 1}, alone).loss;
  double const watched = evaluate(net, rows, {.threads = 1}, probe, beside).loss;
  auto const expected = alone.values(Shape.layers - 1), got = beside.values(Shape.layers - 1);
  found.expect(detail::same_bits(expected.data(), got.data(), expected.size()),
               "the logits change when the probe is attached");
  found.expect(detail::same_bits(loss, watched),
               "the loss changes when the probe is attached: ", loss, " without, ", watched,
               " with it");
  probe = empty;
  auto const plain = differentiate(net, rows, {.threads = 1});
  auto const with = differentiate(net, rows, {.threads = 1}, probe);
  found.expect(detail::same_bits(plain.values.data(), with.values.data(), plain.values.size()),
               "the gradient changes when the probe is attached");

  auto const whole = seen(1);
  auto const said = read(whole);
  verdict unmoved;
  detail::expect_same(unmoved, "", read(empty), said, 0);
  found.expect(!unmoved, "the probe reports the same after a batch as before it; does merge keep "
                         "what the other has seen?");
  detail::expect_same(found, "merged from two parts, ", said, read(seen(2)), tolerance);
  detail::expect_same(found, "merged from one part for each sequence, ", said,
                      read(seen(std::min<std::size_t>(rows.rows(), 64))), tolerance);
  Probe before = dormant::detail::empty_copy(empty), after = whole;
  before.merge(whole);
  after.merge(dormant::detail::empty_copy(empty));
  detail::expect_same(found, "merged into an empty probe, ", said, read(before), 0);
  detail::expect_same(found, "merged with an empty probe, ", said, read(after), 0);
  return found;
}

/// Checks an intervention as training uses it: the gradient with its backward is that of the loss
/// with its forward, and neither threads, nor the backward pass, nor the
/// sequences before change that loss.
template <class Intervention, shape Shape, class... Parts>
verdict intervention_laws(Intervention const& edit, transformer<Shape, Parts...> const& net,
                          batch const& rows, gradient_check_options const& how = {}) {
  static_assert(intervention<Intervention, typename transformer<Shape, Parts...>::scalar>,
                "dormant::testing: this is no intervention; see <dormant/concepts.hpp>");
  verdict found = check_gradients(net, rows, how, edit);
  found += detail::rests_between_sequences(edit, net, rows);
  auto const one = differentiate(net, rows, {.threads = 1}, edit);
  auto const three = differentiate(net, rows, {.threads = 3}, edit);
  double const evaluated = evaluate(net, rows, {.threads = 1}, edit).loss;
  found.expect(detail::same_bits(one.loss, evaluated), "the intervention gives a loss of ",
               evaluated, " in evaluation and ", one.loss, " in training");
  found.expect(detail::same_bits(one.loss, three.loss) &&
                   detail::same_bits(one.values.data(), three.values.data(), one.values.size()),
               "with three threads the intervention gives other bits than with one");
  return found;
}

} // namespace dormant::testing
