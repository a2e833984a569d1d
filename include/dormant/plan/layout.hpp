// SPDX-License-Identifier: MIT
// The fold over the parts of a model, which is C++'s own construction of members: where everything
// lies, how much of it there is, and what it is called.
#pragma once

#include "dormant/kernels/matmul.hpp"
#include "dormant/plan/plan.hpp"
#include "dormant/tensor.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace dormant {

namespace detail {

template <class Model>
inline constexpr kernel_sizes kernel_sizes_of{
    .line = padded<typename Model::scalar>(1),
    .factors = Model::products::factors,
    .packed = &kernels::packed_size<typename Model::arch, typename Model::scalar>,
    .scratch = &Model::products::scratch};

/// The parts of a model with their handles, and the totals.
template <class Model>
struct built {
  totals total{};
  typename Model::parts parts;

  constexpr explicit built(sizes const& s, listing* list = nullptr)
      : parts(plan(s.context, kernel_sizes_of<Model>, total, list), s) {}
};

} // namespace detail

/// The plan of a model whose sizes are part of its type.
template <class Model>
struct layout {
  static constexpr detail::built<Model> built{Model::s};
  static constexpr std::size_t size = built.total.parameters; ///< of the arena, padding included

private:
  struct lists {
    std::array<tensor_spec, built.total.tensors> tensors{};
    std::array<detail::packing_job, built.total.jobs> jobs{};
    std::array<detail::named_value, built.total.values> values{};
    std::array<detail::filled_table, built.total.tables> tables{};

    constexpr lists() {
      detail::listing list{tensors.data(), jobs.data(), values.data(), tables.data()};
      (void)detail::built<Model>(Model::s, &list);
    }
  };
  static constexpr lists all{};

public:
  static constexpr auto const& tensors = all.tensors;
  static constexpr auto const& jobs = all.jobs;
  static constexpr auto const& values = all.values;
  static constexpr auto const& tables = all.tables;
  /// Parameters as the paper counts them, frozen ones included.
  static constexpr std::size_t parameters = [] {
    std::size_t sum = 0;
    for (auto const& t : tensors) sum += t.size();
    return sum;
  }();
};

} // namespace dormant
