// SPDX-License-Identifier: MIT
// For hooks that print or write: every rank hears the same training
// events, and one is enough to tell.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/mpi/group.hpp"

#include <concepts>
#include <cstdint>

namespace dormant::mpi {

/// A hook that hears training events on the first rank alone: `dm::mpi::at_first bar(world,
/// progress)`. It is referred to, not copied. What else it may say is asked of it on every rank.
template <class Hook>
class at_first {
  static_assert(!merges<Hook>,
                "dormant::mpi::at_first: this hook hears the forward pass, of which each "
                "rank runs a part, so it has to listen on every rank");

public:
  at_first(group const& all, Hook& hook) : first_(all.first()), hook_(&hook) {}

  template <std::derived_from<training_place> Site, class Value>
    requires std::invocable<Hook&, Site, Value const&>
  void operator()(Site at, Value const& value) {
    if (first_) (*hook_)(at, value);
  }

  [[nodiscard]] bool due(std::uint64_t step) requires scheduled<Hook> { return hook_->due(step); }
  void close() requires scheduled<Hook> { hook_->close(); }
  void abandon() requires abandons<Hook> { hook_->abandon(); }
  [[nodiscard]] bool stop_requested() const requires stops<Hook> { return hook_->stop_requested(); }
  template <class Model>
    requires checks<Hook, Model>
  void require(Model const& model) const { hook_->require(model); }

private:
  bool first_;
  Hook* hook_;
};

} // namespace dormant::mpi
