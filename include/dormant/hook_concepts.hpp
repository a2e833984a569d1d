// SPDX-License-Identifier: MIT
// What a probe and an intervention are, and what else a hook may say; each with its archetype.
#pragma once

#include "dormant/sites.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace dormant {

/// Whether P reads at `Site`: callable with the site and a read-only view. Use it for a
/// `static_assert` under your probe: a misspelt overload among several is not an error by itself.
template <class P, class Site, class T = float>
concept observes = requires(P& p, Site at, typename detail::heard<Site, T>::reading const& value) {
  p(at, value);
};

namespace detail {
// An intervention with a nested `saved`, and the sites that it is handed to: one that reads into it
// changes nothing there, and so needs no mirror.
template <class I>
concept has_saved = requires {
  typename I::saved;
};
template <class I, class Site, class T>
concept reads_into_saved = has_saved<I> &&
    requires(I const& i, Site at, typename heard<Site, T>::reading const& value,
             typename I::saved& kept) {
  Site::rank;
  i(at, value, kept);
};
template <class I, class Site, class T>
concept edits_with_saved = has_saved<I> &&
    requires(I const& i, Site at, typename heard<Site, T>::writing& value,
             typename I::saved& kept) {
  Site::rank;
  i(at, value, kept);
};
} // namespace detail

/// Whether I writes at `Site`: callable with a writable view only. Const decides the role, so a
/// generic callable, which accepts both, observes.
template <class I, class Site, class T = float>
concept edits = !observes<I, Site, T> && !detail::reads_into_saved<I, Site, T> &&
                (detail::edits_with_saved<I, Site, T> ||
                 requires(I const& i, Site at, typename detail::heard<Site, T>::writing& value) {
                   i(at, value);
                 });

namespace detail {
template <class...>
inline constexpr bool never = false; // for sentences about what must not be instantiated

template <class H, class T, class Sites>
inline constexpr bool observes_any = false;
template <class H, class T, class... Site>
inline constexpr bool observes_any<H, T, types<Site...>> = (observes<H, Site, T> || ...);

template <class H, class T, class Sites>
inline constexpr bool edits_any = false;
template <class H, class T, class... Site>
inline constexpr bool edits_any<H, T, types<Site...>> = (edits<H, Site, T> || ...);

template <class I, class T, class Sites>
inline constexpr bool takes_saved = false;
template <class I, class T, class... Site>
inline constexpr bool takes_saved<I, T, types<Site...>> =
    ((reads_into_saved<I, Site, T> || edits_with_saved<I, Site, T>) || ...);

template <class Sites>
struct mirrors;
template <class... Site>
struct mirrors<types<Site...>> {
  using type = types<site::gradient_of<Site>...>;
};
using all_sites = join<site::forward, mirrors<site::forward>::type, site::events>;
/// The same with the sites that a model's own parts bring along.
template <class Model>
using sites_of_model =
    join<typename Model::sites, typename mirrors<typename Model::sites>::type, all_sites>;
} // namespace detail

// What a hook may say beside its sites. Each part is optional; an adaptor, a hook that holds
// another, hands on every one (`testing::adaptor_laws` checks it).

class probe_row;

/// It may refuse a model, by throwing `error`: `void require(auto const& model) const`, where the
/// model is a `placement` (plan/placement.hpp): its sizes are `model.s`, its tensors
/// `model.tensors()`. Asked before the model runs.
template <class H, class Model>
concept checks = requires(H& h, Model const& model) {
  h.require(model);
};

/// It has a schedule of its own. `bool due(step)` is asked before every step and also tells it
/// whether to listen: other hooks may be due, so after a no it has to ignore what it hears. `void
/// close()` comes after every step that was heard by anyone with a schedule.
template <class H>
concept scheduled = requires(H& h, std::uint64_t step) {
  { h.due(step) } -> std::same_as<bool>;
  h.close();
};

/// It may want to know that a step for which it was due was not taken, because a hook threw:
/// `void abandon()` then comes instead of `close()`. The step will be asked for again.
template <class H>
concept abandons = requires(H& h) {
  h.abandon();
};

/// It can end a run after the step that is under way: `bool stop_requested() const`.
template <class H>
concept stops = requires(H& h) {
  { h.stop_requested() } -> std::convertible_to<bool>;
};

/// It can say what it saw in named numbers: `void report(probe_row&) const`.
template <class H>
concept reports = requires(H& h, probe_row& row) {
  h.report(row);
};

/// It makes a copy of itself that has seen nothing, `H empty() const`, where a default constructed
/// one would lose its settings.
template <class H>
concept empties = requires(H const h) {
  { h.empty() } -> std::same_as<H>;
};

/// Copies of it can see parts of a batch: `void merge(H const& later)`, and a state that has seen
/// nothing.
template <class H>
concept merges = (empties<H> || std::default_initializable<H>)&&requires(H a, H const b) {
  a.merge(b);
};

/// A hook that reads at one site at least: `void operator()(site::pattern at, view<T const, 3>
/// const& pattern)`. One that reads the forward or backward pass is a monoid: a
/// default-constructed (or `empty()`) state, observations, and `merge(other)`, where `other`
/// saw the sequences that follow.
/// \tparam Sites those of the library, or a list with your own parts'
///   (see `detail::sites_of_model`)
template <class P, class T = float, class Sites = detail::all_sites>
concept probe = detail::observes_any<P, T, Sites>;

/// A hook that writes at one site at least, and reads at none: `void operator()(site::z at,
/// view<T, 3>& z) const`. To be used in training it also edits the mirror,
/// `site::gradient_of<site::z>`. Optional: a nested `saved`, which its forward fills for its
/// backward, one for each sequence and layer: `void operator()(site::z at, view<T, 3>& z, saved&
/// kept) const`; see cap_attention.hpp.
template <class I, class T = float, class Sites = detail::all_sites>
concept intervention = !probe<I, T, Sites> && detail::edits_any<I, T, Sites>;

namespace archetype {
struct probe {
  void operator()(site::resid_post /*at*/, view<float const, 2> const& /*[T, C]*/) {}
  void merge(probe const& /*later*/) {}
};
static_assert(dormant::probe<probe> && !dormant::intervention<probe>);

/// A probe with every optional part.
struct talkative_probe : probe {
  void merge(talkative_probe const& /*later*/) {}
  [[nodiscard]] talkative_probe empty() const { return {}; }
  void report(probe_row& /*numbers*/) const {}
  template <class Model>
  void require(Model const& /*model*/) const {}
  [[nodiscard]] bool due(std::uint64_t /*step*/) { return true; }
  void close() {}
  void abandon() {}
  [[nodiscard]] bool stop_requested() const { return false; }
};
static_assert(merges<talkative_probe> && empties<talkative_probe> && reports<talkative_probe>);
static_assert(checks<talkative_probe, int> && scheduled<talkative_probe>);
static_assert(abandons<talkative_probe> && stops<talkative_probe>);

struct intervention {
  void operator()(site::z /*at*/, view<float, 3>& /*[T, H, D]*/) const {}
  void operator()(site::gradient_of<site::z> /*at*/, view<float, 3>& /*[T, H, D]*/) const {}
};
static_assert(dormant::intervention<intervention> && !dormant::probe<intervention>);
} // namespace archetype

} // namespace dormant
