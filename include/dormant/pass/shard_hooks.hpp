// SPDX-License-Identifier: MIT
// What listens to one shard of a batch: copies of the probes, which are
// merged when all shards are done.
#pragma once

#include "dormant/detail/check_hook.hpp" // IWYU pragma: export
#include "dormant/detail/hooks.hpp"
#include "dormant/detail/saved.hpp"

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace dormant::detail {

/// One shard's own copies of the probes, references to the interventions, which are shared, and
/// what these keep of the shard's sequence.
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
    each_copy([](auto& own, auto& target) { target.merge(own); }, targets...);
  }
  /// f(this shard's copy, the caller's own) of every probe that is copied.
  template <class F>
  void each_copy(F f, Hooks&... targets) {
    own_.each_with(
        [&f]<class H>(auto& own, H& target) {
          if constexpr (reads_sequences<H, Model>) f(own.hook, target);
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

/// One for each shard. Standard containers ask of their elements that they can be
/// moved, and take longer to compile.
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

} // namespace dormant::detail
