// SPDX-License-Identifier: MIT
// x_t = token row + position row, where positions have rows.
#pragma once

#include "dormant/kernels/rows.hpp"
#include "dormant/plan/branch.hpp"
#include "dormant/plan/plan.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace dormant {

/// A table of tokens; `Trained` false keeps its initial values.
template <bool Trained = true>
struct token_table {
  static constexpr std::size_t registers = 0; // it knows tokens alone
  weight table;                               // [V, C]

  constexpr token_table(plan d, sizes const& s)
      : table((Trained ? d : d.untrained())
                  .table("weight", s.vocab, s.width, initial_value::normal, group::embeddings)) {}

  /// [C] what stands for a token.
  template <class Pass>
  typename Pass::T const* row(Pass const& p, token id) const {
    return p[table] + static_cast<std::size_t>(id) * p.s.width;
  }
  /// [C] where its gradient is summed; none if the table is not trained.
  template <class Pass>
  typename Pass::T* gradient(Pass const& p, token id) const {
    return table.trained ? p.gradient(table) + static_cast<std::size_t>(id) * p.s.width : nullptr;
  }
};

/// \tparam Tokens a `token_table`, or what has its `row` and `gradient`
/// \tparam Positions a part with a `table` [T, C] and the way back to it, or `no_positions`
template <class Tokens, class Positions>
struct embedding {
  static constexpr bool with_rows = requires(Positions const& p) { p.table; };
  using sites = detail::join<site_list<site::tok_embed>,
                             std::conditional_t<with_rows, site_list<site::pos_embed>, site_list<>>,
                             site_list<site::embed>>;

  Tokens tokens;
  Positions positions;
  buffer y;                  // [T, C]
  borrowed_buffer dposition; // [T, C], where a hook edits the gradient of one of the two

  constexpr embedding(plan d, sizes const& s)
      : tokens(d.in("tok_embeddings"), s), positions(d.in("pos_embeddings"), s),
        y(d.known_as(site::embed::name).output(s.width)), dposition(d.borrow(s.width)) {}

  template <class Pass>
  auto forward(Pass const& p) const {
    using T = typename Pass::T;
    auto const x = p[y];
    if constexpr (!with_rows) {
      for (std::size_t t = 0; t < x.rows; ++t) {
        std::copy_n(token(p, t), x.cols, x.data + t * x.stride);
      }
      p.show(site::tok_embed{}, x);
    } else if constexpr (Pass::template heard<site::tok_embed> ||
                         Pass::template heard<site::pos_embed>) {
      add_apart(p, x);
    } else {
      for (std::size_t t = 0; t < x.rows; ++t) {
        kernels::add<typename Pass::arch, T>(token(p, t), p[positions.table] + t * x.cols,
                                             x.data + t * x.stride, x.cols);
      }
    }
    p.show(site::embed{}, x);
    return x;
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix d) const {
    using T = typename Pass::T;
    p.show(site::gradient_of<site::embed>{}, d);
    // Both have the gradient of their sum, each its own where a hook edits one of them.
    auto dp = d;
    if constexpr (Pass::template edited<site::gradient_of<site::tok_embed>> ||
                  Pass::template edited<site::gradient_of<site::pos_embed>>) {
      dp = p[dposition];
      p.copy(d, dp);
    }
    if constexpr (with_rows) p.show(site::gradient_of<site::pos_embed>{}, dp);
    p.show(site::gradient_of<site::tok_embed>{}, d);
    for (std::size_t t = 0; t < d.rows; ++t) {
      T* const own = tokens.gradient(p, p.tokens().inputs[t]);
      if (own != nullptr) {
        kernels::add_to<typename Pass::arch, T>(own, d.data + t * d.stride, d.cols);
      }
    }
    positions.backward(p, dp);
  }

private:
  template <class Pass>
  auto token(Pass const& p, std::size_t t) const {
    return tokens.row(p, p.tokens().inputs[t]);
  }
  // The same by way of memory in which hooks see, and may edit, each of the two.
  template <class Pass>
  void add_apart(Pass const& p, typename Pass::matrix x) const {
    auto const of_tokens = p.side(x.cols, 2);
    auto of_positions = of_tokens;
    of_positions.data += p.s.context * of_tokens.stride;
    for (std::size_t t = 0; t < x.rows; ++t) {
      std::copy_n(token(p, t), x.cols, of_tokens.data + t * x.stride);
      std::copy_n(p[positions.table] + t * x.cols, x.cols, of_positions.data + t * x.stride);
    }
    p.show(site::tok_embed{}, of_tokens);
    p.show(site::pos_embed{}, of_positions);
    p.add(of_tokens, of_positions, x);
  }
};

} // namespace dormant
