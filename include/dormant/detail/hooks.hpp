// SPDX-License-Identifier: MIT
// The hooks of one call, as one object: who listens is known at compile time, so a site that nobody
// hears leaves no instruction behind.
#pragma once

#include "dormant/concepts.hpp"

#include <array>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace dormant::detail {

/// Hooks that read the forward or backward pass are copied for each shard of the batch and merged.
template <class H, class Model>
inline constexpr bool reads_sequences =
    observes_any<H, typename Model::scalar, typename Model::sites> ||
    observes_any<H, typename Model::scalar, typename mirrors<typename Model::sites>::type>;
template <class H, class T>
inline constexpr bool reads_events = observes_any<H, T, site::events>;
template <class H, class Model>
inline constexpr bool writes = edits_any<H, typename Model::scalar, sites_of_model<Model>>;

template <class H>
[[nodiscard]] H empty_copy(H const& hook) {
  if constexpr (empties<H>) {
    return hook.empty();
  } else {
    return H{};
  }
}

/// Calls `f` with those hooks for which `Keep::keeps<Hook>` holds, in their order. What a pass is
/// compiled for are the hooks that it can reach, so that progress bars do not make a second copy of
/// it.
template <class Keep, class F>
decltype(auto) with_hooks(F&& f) {
  return f();
}
template <class Keep, class F, class Hook, class... Hooks>
decltype(auto) with_hooks(F&& f, Hook& first, Hooks&... others) {
  if constexpr (Keep::template keeps<Hook>) {
    return with_hooks<Keep>([&](auto&... kept) -> decltype(auto) { return f(first, kept...); },
                            others...);
  } else {
    return with_hooks<Keep>(f, others...);
  }
}
template <class Model>
struct reaching_sequences {
  using T = typename Model::scalar;
  template <class H>
  static constexpr bool keeps =
      reads_sequences<H, Model> || edits_any<H, T, typename Model::sites> ||
      edits_any<H, T, typename mirrors<typename Model::sites>::type>;
};

// A tuple as bases told apart by number, of which the compiler makes far fewer functions than of
// std::tuple.
template <std::size_t I, class X>
struct held {
  X value;
};
template <class Numbers, class... X>
struct held_all;
template <std::size_t... I, class... X>
struct held_all<std::index_sequence<I...>, X...> : held<I, X>... {
  explicit constexpr held_all(X... x) : held<I, X>{std::forward<X>(x)}... {}
  /// f(first), f(second), ...
  template <class F>
  void each(F&& f) const {
    (f(static_cast<held<I, X> const&>(*this).value), ...);
  }
  /// f(first, first of others), f(second, second of others), ...
  template <class F, class... Others>
  void each_with(F&& f, Others&... others) {
    (f(static_cast<held<I, X>&>(*this).value, others), ...);
  }
  /// f(first, second, ...)
  template <class F>
  auto apply(F&& f) {
    return f(static_cast<held<I, X>&>(*this).value...);
  }
};

/// References to hooks, called in the order in which they were given.
template <class T, class... Hooks>
class hook_pack {
public:
  explicit constexpr hook_pack(Hooks&... hooks) : hooks_(hooks...) {}

  template <class Site>
  static constexpr bool observed = (observes<Hooks, Site, T> || ...);
  template <class Site>
  static constexpr bool edited = (edits<Hooks, Site, T> || ...);
  template <class Site>
  static constexpr bool heard = observed<Site> || edited<Site>;

  /// Shows `[rows.., ]` of memory at a site of the forward or backward pass.
  template <class Site>
  void at(std::size_t layer, sequence const& seq, T* data,
          std::array<std::size_t, Site::rank> extents,
          std::array<std::size_t, Site::rank> strides) const {
    if constexpr (heard<Site>) {
      auto const look = [&]<class Hook>(Hook& hook) {
        if constexpr (observes<Hook, Site, T>) {
          hook(Site{{layer, seq}}, make_view<T const, Site::rank>(data, extents, strides));
        } else if constexpr (edits<Hook, Site, T>) {
          auto writable = make_view<T, Site::rank>(data, extents, strides);
          std::as_const(hook)(Site{{layer, seq}}, writable);
        }
      };
      each(look);
    }
  }

  /// Tells a training event whose value can only be read.
  template <class Site, class Value>
  void event(Site where, Value const& value) const {
    if constexpr (observed<Site>) {
      each([&](auto& hook) {
        if constexpr (observes<decltype(hook), Site, T>) hook(where, value);
      });
    }
  }
  /// Tells a training event about one parameter tensor, [rows, cols].
  template <class Site>
  void event(Site where, T* data, std::size_t rows, std::size_t cols) const {
    if constexpr (heard<Site>) {
      each([&]<class Hook>(Hook& hook) {
        if constexpr (observes<Hook, Site, T>) {
          hook(where, make_matrix_view<T const>(data, rows, cols, cols));
        } else if constexpr (edits<Hook, Site, T>) {
          auto writable = make_matrix_view<T>(data, rows, cols, cols);
          std::as_const(hook)(where, writable);
        }
      });
    }
  }

  template <class F>
  void each(F&& f) const {
    hooks_.each(f);
  }

private:
  held_all<std::index_sequence_for<Hooks...>, Hooks&...> hooks_;
};

} // namespace dormant::detail
