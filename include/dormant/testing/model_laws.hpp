// SPDX-License-Identifier: MIT
// The laws of a model: no position sees what comes after it, no sequence sees another, and threads
// do not change a bit.
#pragma once

#include "dormant/evaluate.hpp"
#include "dormant/probe/record.hpp"
#include "dormant/testing/hook_laws.hpp"
#include "dormant/testing/verdict.hpp"

#include <cstddef>
#include <vector>

namespace dormant::testing {

namespace detail {

template <class Net>
std::vector<typename Net::scalar> logits_of(Net const& net, batch const& rows) {
  record<site::logits, typename Net::scalar> kept;
  (void)evaluate(net, rows, {.threads = 1, .shards = 1}, kept);
  auto const values = kept.values(net.shape.layers - 1);
  return {values.begin(), values.end()}; // [B, T, V]
}

} // namespace detail

/// Checks that changing token t leaves the logits before t, and those of every other sequence, as
/// they were, bit by bit; and changes those at t.
/// \param rows two or more different sequences
template <shape Shape, class... Parts>
verdict causality_law(transformer<Shape, Parts...> const& net, batch const& rows) {
  verdict found;
  auto const before = detail::logits_of(net, rows);
  std::size_t const length = rows.context(), vocab = net.shape.vocab;
  for (std::size_t t = 0; t < length; ++t) {
    batch changed = rows;
    std::size_t const b = t % rows.rows();
    token& id = changed.tokens(b)[t];
    id = static_cast<token>((static_cast<std::size_t>(id) + 1) % vocab);
    auto const after = detail::logits_of(net, changed);
    for (std::size_t n = 0; n < rows.rows() * length; ++n) {
      bool const same = detail::same_bits(&before[n * vocab], &after[n * vocab], vocab);
      if (n == b * length + t) {
        found.expect(!same || vocab == 1, "changing token ", t, " does not change its own logits");
      } else if (n / length != b || n % length < t) {
        found.expect(same, "changing token ", t, " of sequence ", b, " changes the logits at ",
                     n % length, " of sequence ", n / length);
      }
    }
  }
  return found;
}

/// Checks that any number of threads computes the same loss and gradient, bit by bit.
template <shape Shape, class... Parts>
verdict thread_law(transformer<Shape, Parts...> const& net, batch const& rows,
                   std::size_t shards = 8) {
  verdict found;
  auto const one = differentiate(net, rows, {.threads = 1, .shards = shards});
  for (std::size_t const threads : {2UL, 3UL, 7UL}) {
    auto const many = differentiate(net, rows, {.threads = threads, .shards = shards});
    found.expect(detail::same_bits(one.loss, many.loss) &&
                     detail::same_bits(one.values.data(), many.values.data(), one.values.size()),
                 threads, " threads give other bits than one");
  }
  return found;
}

/// All laws of a model.
template <shape Shape, class... Parts>
verdict model_laws(transformer<Shape, Parts...> const& net, batch const& rows) {
  verdict found = causality_law(net, rows);
  found += thread_law(net, rows);
  return found;
}

} // namespace dormant::testing
