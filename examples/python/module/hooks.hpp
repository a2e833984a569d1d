// SPDX-License-Identifier: MIT
// One hook for all sites of a model's type, which asks at run time who listens: so hooks written in
// Python are one more pass for the compiler, however many there are.
#pragma once

#include "dormant/dormant.hpp"
#include "dormant/part/parts.hpp"
#include "module/doors.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <type_traits>

namespace dormant::python {

/// The sites of a model, numbered, and what is shown at one of them as memory.
template <class Net, class Sites = typename Net::model::sites>
struct site_table;
template <class Net, class... Site>
struct site_table<Net, detail::types<Site...>> {
  using T = typename Net::scalar;

  template <class S>
  static constexpr bool named = (std::is_same_v<S, Site> || ...);
  /// Neither a value that is made on the side nor one that exact algebra goes around.
  template <class S>
  static constexpr bool writable =
      named<S> && !std::is_void_v<typename detail::heard<S, T>::writing> &&
      !detail::lists<S, typename Net::model::bypassed>;
  static constexpr std::array<known_site, sizeof...(Site)> all{
      known_site{Site::name, writable<Site>}...};

  template <class S>
  static constexpr std::size_t number() {
    std::size_t before = 0;
    bool found = false;
    ((found = found || std::is_same_v<S, Site>, before += found ? 0 : 1), ...);
    return before;
  }
  template <class S, class View>
  static void tell(listener& who, S const& at, View const& values) {
    constexpr std::size_t site = number<S>();
    if (!who.hears(site)) return;
    std::array<std::size_t, S::rank> extents{};
    std::array<std::ptrdiff_t, S::rank> strides{};
    for (std::size_t axis = 0; axis < S::rank; ++axis) {
      extents[axis] = values.shape(axis);
      strides[axis] = values.strides()[axis];
    }
    auto const* const first = values.data() + values.data_offset();
    who.hear({site, at.layer, at.sequence.index, const_cast<T*>(first), extents, strides});
  }
};

/// Hears the sites that can be written, for probes too, so that all
/// hooks of a site keep their order.
template <class Net>
struct at_writable_sites {
  using table = site_table<Net>;
  listener* who;

  template <class Site>
    requires(table::template writable<Site>)
  void operator()(Site at, view<typename Net::scalar, Site::rank>& values) const {
    table::tell(*who, at, values);
  }
};

/// Hears those that can only be read.
template <class Net>
struct at_other_sites {
  using table = site_table<Net>;
  listener* who;

  template <class Site>
    requires(table::template named<Site> && !table::template writable<Site>)
  void operator()(Site at, view<typename Net::scalar const, Site::rank> const& values) {
    table::tell(*who, at, values);
  }
  void merge(at_other_sites const& /*later*/) {}
  [[nodiscard]] at_other_sites empty() const { return *this; }
};

template <class Net>
struct hooks_of final : hooks_door {
  using table = site_table<Net>;
  using T = typename Net::scalar;

  [[nodiscard]] std::span<known_site const> sites() const override { return table::all; }
  evaluation evaluate(void const* transformer, batch const& rows, listener& who) const override {
    at_writable_sites<Net> const writable{&who};
    at_other_sites<Net> others{&who};
    auto const& net = *static_cast<Net const*>(transformer);
    if constexpr (probe<at_other_sites<Net>, T, typename Net::model::sites>) {
      return dormant::evaluate(net, rows, {.threads = 1}, writable, others);
    } else {
      return dormant::evaluate(net, rows, {.threads = 1}, writable);
    }
  }
};

} // namespace dormant::python
