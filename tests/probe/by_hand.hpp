// SPDX-License-Identifier: MIT
// What the tests of probes share: tensors made by hand and shown to a
// probe, and its way through bytes.
#pragma once

#include "dormant/evaluate.hpp"
#include "dormant/probe/bytes.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/sites.hpp"
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/testing/hook_laws.hpp"

#include "catch.hpp"
#include "models.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace by_hand {

using namespace dormant;

/// Tokens 0, 1, ... and, if any are named, triggers at those positions; else nobody knows the laws.
/// Position 0 is a sink as always, and so is the one of token `bos`.
class text {
public:
  explicit text(std::size_t length, std::initializer_list<std::size_t> triggers = {},
                token bos = -1)
      : tokens_(length), laws_(triggers.size() == 0 ? 0 : length), table_(1, 1) {
    table_.bos = bos;
    std::iota(tokens_.begin(), tokens_.end(), token{0});
    for (std::size_t const t : triggers) laws_[t].trigger = true;
  }
  [[nodiscard]] sequence as_sequence() const {
    std::span<token const> const all(tokens_);
    return {0, all, all, laws_, &table_};
  }

private:
  std::vector<token> tokens_;
  std::vector<next_token_law> laws_;
  law_table table_;
};

/// Shows a probe of doubles a tensor of some site, row by row as it lies in memory.
template <class Site, class Probe>
void show(Probe& probe, text const& of, std::array<std::size_t, Site::rank> extents,
          std::vector<double> const& values, std::size_t layer = 0) {
  std::array<std::size_t, Site::rank> strides{};
  std::size_t stride = 1;
  for (std::size_t axis = Site::rank; axis-- > 0; stride *= extents[axis]) strides[axis] = stride;
  REQUIRE(values.size() == stride);
  probe(Site{{layer, of.as_sequence()}},
        make_view<double const, Site::rank>(values.data(), extents, strides));
}

inline constexpr shape small{
    .layers = 2, .heads = 2, .width = 20, .vocab = 67, .context = 13, .expansion = 2};
inline batch some_rows(std::size_t rows) {
  return bigram_backcopy<small>({.seed = 5}).sample(rows);
}

/// The probe keeps the laws of probes, and comes through bytes as it went in.
template <class Probe>
void keeps_its_laws(Probe const& empty = {}) {
  auto const net = models::shaken<transformer<small, softmax>>();
  CHECK(testing::probe_laws(empty, net, some_rows(7)));

  auto const of_rows = [&](std::uint64_t seed) {
    Probe probe = dormant::detail::empty_copy(empty);
    (void)differentiate(net, bigram_backcopy<small>({.seed = seed}).sample(3), {.threads = 1},
                        probe);
    return probe;
  };
  Probe direct = of_rows(1), sent = direct;
  Probe const later = of_rows(2);
  direct.merge(later);
  merge_bytes(sent, to_bytes(later));
  CHECK(to_bytes(sent) == to_bytes(direct));
  CHECK(to_bytes(sent) != to_bytes(later));
  auto const bytes = to_bytes(later);
  auto const before = to_bytes(sent);
  for (std::size_t n = 0; n < bytes.size(); n += 1 + bytes.size() / 50) {
    CHECK_THROWS_AS(merge_bytes(sent, std::span(bytes).first(n)), error);
  }
  CHECK(to_bytes(sent) == before);
}

} // namespace by_hand
