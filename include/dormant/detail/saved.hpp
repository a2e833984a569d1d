// SPDX-License-Identifier: MIT
// What interventions keep of a sequence's forward pass for its backward pass: their `saved`, one
// for each layer, and one sequence of a shard after the other.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/plan/placement.hpp"
#include "dormant/shape.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <memory>
#include <vector>

namespace dormant::detail {

/// Interventions that keep something; a probe keeps what it likes in itself.
template <class H, class Model>
concept keeps = has_saved<H> && intervention<H, typename Model::scalar, sites_of_model<Model>>;

/// On cache lines of its own, because neighbours belong to other threads.
template <class Saved>
struct alignas(64) saved_slot {
  Saved value{};
};

/// An intervention at work on one shard, with its slots, one for each layer.
template <class I>
struct keeping {
  using saved = typename I::saved;
  I* edit;
  saved_slot<saved>* slots;

  template <class Site, class Value>
    requires std::invocable<I const&, Site, Value&, saved&>
  void operator()(Site at, Value&& value) const {
    I const& shared = *edit;
    shared(at, value, slots[at.layer].value);
  }
  template <class Site, class Value>
    requires(!std::invocable<I const&, Site, Value&, saved&> &&
             std::invocable<I const&, Site, Value&>)
  void operator()(Site at, Value&& value) const {
    I const& shared = *edit;
    shared(at, value);
  }
};

/// Where the slots of each hook of a call begin: those of shard 0, then those of shard 1, and so
/// on. Null for a hook that keeps nothing.
template <std::size_t Hooks>
struct saved_places {
  std::array<void*, Hooks> at{};
  std::size_t layers = 0;
};

/// The memory behind it. Slots are made when a hook is first met and serve all later calls, so a
/// step after that takes none. They are counted by shard, not by thread: which thread runs a shard
/// is chance, and must not decide what an intervention finds in its slot.
class saved_memory {
public:
  template <class... Hooks, class Model>
  [[nodiscard]] saved_places<sizeof...(Hooks)> places(placement<Model> const& where,
                                                      [[maybe_unused]] std::size_t shards) {
    for (auto& b : blocks_) b.taken = false;
    return {{place<Hooks>(where, shards)...}, where.s.layers};
  }

private:
  struct block {
    void const* kind; // tells types of `saved` apart
    void* first;
    std::shared_ptr<void> slots;
    bool taken; // by a hook of this call
  };
  template <class Saved>
  static inline char kind{};

  template <class Hook, class Model>
  void* place([[maybe_unused]] placement<Model> const& where, [[maybe_unused]] std::size_t shards) {
    if constexpr (keeps<Hook, Model>) {
      using saved = typename Hook::saved;
      for (auto& b : blocks_) {
        if (b.taken || b.kind != &kind<saved>) continue;
        b.taken = true;
        return b.first;
      }
      auto const slots = std::make_shared<std::vector<saved_slot<saved>>>();
      std::size_t const count = shards * where.s.layers;
      slots->reserve(count);
      for (std::size_t i = 0; i < count; ++i) {
        if constexpr (std::constructible_from<saved, shape const&>) {
          slots->push_back({saved(where.s.as_shape())});
        } else {
          slots->emplace_back();
        }
      }
      blocks_.push_back({&kind<saved>, slots->data(), slots, true});
      return blocks_.back().first;
    } else {
      return nullptr;
    }
  }

  std::vector<block> blocks_;
};

} // namespace dormant::detail
