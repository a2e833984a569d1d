// SPDX-License-Identifier: MIT
// Replace what heads attend to: only `<s>`, only themselves, or the "clean" pattern
// (arXiv 2410.13835, section 3: interventions).
#pragma once

#include "dormant/intervention/require.hpp"
#include "dormant/sites.hpp"

#include <cstddef>
#include <string_view>

namespace dormant {

namespace detail {
/// Replaces the rows of a head's pattern by one-hot rows: query q attends to `Chosen::key(q)`. A
/// replaced pattern is a constant, so no gradient passes it.
template <class Chosen>
struct fixed_pattern {
  std::size_t layer = 0; ///< or `every_layer`
  std::size_t head = every_head;

  template <class T>
  void operator()(site::pattern at, view<T, 3>& pattern) const {
    each_head(at.layer, pattern, [&](std::size_t h, std::size_t q) {
      for (std::size_t k = 0; k <= q; ++k) pattern(h, q, k) = 0;
      pattern(h, q, Chosen::key(at.sequence, q)) = 1;
    });
  }
  template <class T>
  void operator()(site::gradient_of<site::pattern> at, view<T, 3>& dpattern) const {
    each_head(at.layer, dpattern, [&](std::size_t h, std::size_t q) {
      for (std::size_t k = 0; k <= q; ++k) dpattern(h, q, k) = 0;
    });
  }
  template <class Model>
  void require(Model const& model) const {
    require_branch(model, Chosen::name, layer, branch::attention);
    require_head(model, Chosen::name, head);
  }

private:
  template <class View, class F>
  void each_head(std::size_t l, View const& pattern, F f) const {
    if (!concerns(layer, l)) return;
    for (std::size_t h = 0; h < pattern.shape(0); ++h) {
      if (!concerns(head, h)) continue;
      for (std::size_t q = 0; q < pattern.shape(1); ++q) f(h, q);
    }
  }
};

struct bos_key {
  static constexpr std::string_view name = "attend_only_to_bos";
  static std::size_t key(sequence const&, std::size_t) { return 0; }
};
struct own_key {
  static constexpr std::string_view name = "identity_pattern";
  static std::size_t key(sequence const&, std::size_t query) { return query; }
};
struct clean_key {
  static constexpr std::string_view name = "clean_pattern";
  static std::size_t key(sequence const& seq, std::size_t query) {
    return query > 0 && seq.trigger(query) ? query - 1 : 0;
  }
};
} // namespace detail

/// All queries attend to `<s>` alone: the head is dormant everywhere.
using attend_only_to_bos = detail::fixed_pattern<detail::bos_key>;
/// All queries attend to themselves alone.
using identity_pattern = detail::fixed_pattern<detail::own_key>;
/// What an ideal active-dormant head does on Bigram-Backcopy: trigger queries attend to the
/// previous token, all others to `<s>`.
using clean_pattern = detail::fixed_pattern<detail::clean_key>;

} // namespace dormant
