// SPDX-License-Identifier: MIT
// Where a model's plan is: in its type, if its sizes are, or in memory,
// made of the sizes it was given.
#pragma once

#include "dormant/plan/layout.hpp"

#include <memory>
#include <span>
#include <vector>

namespace dormant {

namespace detail {

/// The plan of a model whose sizes are known when it is made.
template <class Model>
struct layout_in_memory {
  sizes s;
  detail::built<Model> built;
  std::vector<tensor_spec> tensors;
  std::vector<packing_job> jobs;
  std::vector<named_value> values;
  std::vector<filled_table> tables;

  explicit layout_in_memory(sizes const& given)
      : s(given), built(s), tensors(built.total.tensors), jobs(built.total.jobs),
        values(built.total.values), tables(built.total.tables) {
    listing list{tensors.data(), jobs.data(), values.data(), tables.data()};
    (void)detail::built<Model>(s, &list);
  }
};

} // namespace detail

/// A model's plan, to be read: its sizes `s`, its tensors, and which sites it has
/// where. A few words, or nothing at all; for sizes that are no part of the type
/// it refers to the model it is of.
template <class Model, bool Fixed = Model::fixed>
struct placement {
  using model = Model;
  static constexpr sizes const& s = Model::s;

  static constexpr auto const& parts() { return layout<Model>::built.parts; }
  static constexpr detail::totals const& total() { return layout<Model>::built.total; }
  /// In the order of the arena.
  static constexpr std::span<tensor_spec const> tensors() { return layout<Model>::tensors; }
  static constexpr std::span<detail::packing_job const> jobs() { return layout<Model>::jobs; }
  static constexpr std::span<detail::named_value const> values() { return layout<Model>::values; }
  static constexpr std::span<detail::filled_table const> tables() { return layout<Model>::tables; }
};
template <class Model>
struct placement<Model, false> {
  using model = Model;
  sizes const& s;

  explicit placement(detail::layout_in_memory<Model> const& all) : s(all.s), all_(&all) {}

  [[nodiscard]] auto const& parts() const { return all_->built.parts; }
  [[nodiscard]] detail::totals const& total() const { return all_->built.total; }
  [[nodiscard]] std::span<tensor_spec const> tensors() const { return all_->tensors; }
  [[nodiscard]] std::span<detail::packing_job const> jobs() const { return all_->jobs; }
  [[nodiscard]] std::span<detail::named_value const> values() const { return all_->values; }
  [[nodiscard]] std::span<detail::filled_table const> tables() const { return all_->tables; }

private:
  detail::layout_in_memory<Model> const* all_;
};

} // namespace dormant
