// SPDX-License-Identifier: MIT
// The sentences for hooks that cannot work.
#pragma once

#include "dormant/detail/hooks.hpp"
#include "dormant/detail/saved.hpp"

#include <concepts>
#include <cstdint>

namespace dormant::detail {

template <class H, class T, class... Site>
constexpr bool mirrored(types<Site...>) {
  return ((!edits<H, Site, T> || edits<H, site::gradient_of<Site>, T>)&&...);
}

template <class H>
concept has_due = requires(H& h, std::uint64_t step) {
  h.due(step);
};
template <class H>
concept has_close = requires(H& h) {
  h.close();
};

/// The sentences for hooks that cannot work, checked where `evaluate` and `train` are called.
template <class Model, bool Training, class Hook>
constexpr bool check_hook() {
  using T = typename Model::scalar;
  using all = sites_of_model<Model>;
  static_assert(probe<Hook, T, all> || intervention<Hook, T, all>,
                "dormant: this hook hears no site: it is neither a probe (callable with a site and "
                "a view<T const, rank>) nor an intervention (callable with a site and a view<T, "
                "rank>); T is the model's scalar. See <dormant/concepts.hpp>");
  static_assert(
      !(probe<Hook, T, all> && writes<Hook, Model>),
      "dormant: this hook reads at one site and writes at another; make it a probe and an "
      "intervention, so that measuring cannot perturb");
  static_assert(
      scheduled<Hook> || !(has_due<Hook> || has_close<Hook>),
      "dormant: a hook with a schedule of its own has both `bool due(std::uint64_t step)` and "
      "`void close()`; this one has only half of it, so it would be heard in every step");
  if constexpr (keeps<Hook, Model>) {
    using saved = typename Hook::saved;
    static_assert(
        takes_saved<Hook, T, all>,
        "dormant: this intervention has a `saved` that none of its calls takes: it is "
        "their third argument, (site::pattern at, view<T, 3>& pattern, saved& kept) const");
    static_assert(std::default_initializable<saved> || std::constructible_from<saved, shape const&>,
                  "dormant: the `saved` of an intervention is made before the pass, so it must be "
                  "default constructible or constructible from the model's dormant::shape");
  }
  using bypassed = typename Model::bypassed;
  static_assert(
      !edits_any<Hook, T, bypassed>,
      "dormant: this intervention edits a site that merged_projections or "
      "factored_embedding goes around, so it would change nothing; use the model without");
  static_assert(!edits_any<Hook, T, typename mirrors<bypassed>::type> &&
                    !observes_any<Hook, T, typename mirrors<bypassed>::type> &&
                    !takes_saved<Hook, T, typename mirrors<bypassed>::type>,
                "dormant: this hook hears a gradient that merged_projections or factored_embedding "
                "never computes; use the model without");
  if constexpr (intervention<Hook, T, all>) {
    static_assert(edits_any<Hook, T, typename Model::sites> ||
                      edits_any<Hook, T, typename mirrors<typename Model::sites>::type> ||
                      edits_any<Hook, T, site::events>,
                  "dormant: this intervention edits a site that does not exist in this model's "
                  "structure, so it would change nothing");
    static_assert(!Training || mirrored<Hook, T>(typename Model::sites{}),
                  "dormant: an intervention used in training needs the backward pass that belongs "
                  "to it: edit site::gradient_of<Site> for every Site it edits");
  } else if constexpr (probe<Hook, T, all>) {
    static_assert(observes_any<Hook, T, typename Model::sites> ||
                      observes_any<Hook, T, typename mirrors<typename Model::sites>::type> ||
                      observes_any<Hook, T, site::events>,
                  "dormant: this probe listens to a site that does not exist in this model's "
                  "structure, so it would hear nothing");
    static_assert(!reads_sequences<Hook, Model> || merges<Hook>,
                  "dormant: a probe of the forward pass is copied for every shard of the batch, so "
                  "it must be default constructible (or have empty()) and have merge(other)");
  }
  return true;
}

} // namespace dormant::detail
