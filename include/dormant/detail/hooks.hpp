// SPDX-License-Identifier: MIT
// The hooks of one call, as one object: who listens is known at compile time, so a site that nobody
// hears leaves no instruction behind.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/detail/saved.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
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

template <class H, class T, class... Site>
constexpr bool mirrored(types<Site...>) {
  return ((!edits<H, Site, T> || edits<H, site::gradient_of<Site>, T>)&&...);
}

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

/// One shard's own copies of the probes, references to the interventions, which are shared, and what
/// these keep of the shard's sequence.
template <class Model, class... Hooks>
class shard_hooks {
  using T = typename Model::scalar;

public:
  shard_hooks(saved_places<sizeof...(Hooks)> const& kept, std::size_t shard, Hooks&... hooks)
      : shard_hooks(std::index_sequence_for<Hooks...>{}, kept, shard, hooks...) {}

  [[nodiscard]] auto pack() {
    return own_.apply([](auto&... own) {
      return hook_pack<T, std::remove_reference_t<decltype(own.get())>...>(own.get()...);
    });
  }
  /// Adds what this shard saw to the caller's hooks.
  void merge_into(Hooks&... targets) {
    own_.each_with(
        []<class H>(auto& own, H& target) {
          if constexpr (reads_sequences<H, Model>) target.merge(own.hook);
        },
        targets...);
  }

private:
  template <std::size_t... I>
  shard_hooks(std::index_sequence<I...>, saved_places<sizeof...(Hooks)> const& kept,
              [[maybe_unused]] std::size_t shard, Hooks&... hooks)
      : own_(make<Hooks>(hooks, kept.at[I], shard * kept.layers)...) {}

  template <class H>
  struct copy {
    H hook;
    H& get() { return hook; }
  };
  template <class H>
  struct shared {
    H* hook;
    H& get() const { return *hook; }
  };
  template <class H>
  static auto make(H& hook, [[maybe_unused]] void* kept, [[maybe_unused]] std::size_t first) {
    if constexpr (reads_sequences<H, Model>) {
      return copy<H>{empty_copy(hook)};
    } else if constexpr (keeps<H, Model>) {
      return copy<keeping<H>>{{&hook, static_cast<saved_slot<typename H::saved>*>(kept) + first}};
    } else {
      return shared<H>{&hook};
    }
  }
  template <class H>
  using slot = decltype(make(std::declval<H&>(), nullptr, 0));
  held_all<std::index_sequence_for<Hooks...>, slot<Hooks>...> own_;
};

/// One for each shard. Standard containers ask of their elements that they can be moved, and take longer
/// to compile.
template <class Model, class... Hooks>
class hooks_of_shards {
  using element = shard_hooks<Model, Hooks...>;

public:
  hooks_of_shards(std::size_t shards, saved_places<sizeof...(Hooks)> const& kept, Hooks&... hooks)
      : room_(shards), first_(std::allocator<element>().allocate(room_)) {
    try {
      for (; made_ < room_; ++made_) std::construct_at(first_ + made_, kept, made_, hooks...);
    } catch (...) {
      clear();
      throw;
    }
  }
  hooks_of_shards(hooks_of_shards const&) = delete;
  hooks_of_shards& operator=(hooks_of_shards const&) = delete;
  ~hooks_of_shards() { clear(); }

  [[nodiscard]] element& operator[](std::size_t shard) const { return first_[shard]; }
  /// Adds what all saw to the caller's hooks, in order.
  void merge_into(Hooks&... targets) const {
    for (std::size_t s = 0; s < made_; ++s) first_[s].merge_into(targets...);
  }

private:
  void clear() {
    std::destroy_n(first_, made_);
    std::allocator<element>().deallocate(first_, room_);
  }

  std::size_t room_, made_ = 0;
  element* first_;
};

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
