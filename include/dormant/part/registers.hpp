// SPDX-License-Identifier: MIT
// Register tokens (arXiv 2309.16588; 2309.17453 calls one a sink token): learned rows that stand
// before the tokens of a sequence and mean nothing; no prediction made there is scored.
#pragma once

#include "dormant/plan/plan.hpp"

#include <cstddef>

namespace dormant {

namespace detail {
/// A table of tokens, and a row [C] for each register.
template <std::size_t N, class Tokens>
struct with_register_rows : Tokens {
  static_assert(N > 0, "dormant::registers: a model without registers does not need the word");
  static constexpr std::size_t registers = N;
  weight rows; // [N, C]

  constexpr with_register_rows(plan d, sizes const& s)
      : Tokens(d, s),
        rows(d.table("registers", N, s.width, initial_value::normal, group::embeddings)) {}

  template <class Pass>
  typename Pass::T const* row(Pass const& p, token id) const {
    return is_register(id) ? p[rows] + place(id) * p.s.width : Tokens::row(p, id);
  }
  template <class Pass>
  typename Pass::T* gradient(Pass const& p, token id) const {
    return is_register(id) ? p.gradient(rows) + place(id) * p.s.width : Tokens::gradient(p, id);
  }

private:
  static constexpr std::size_t place(token id) {
    return static_cast<std::size_t>(register_token(0) - id);
  }
};
} // namespace detail

/// A model that can read `register_token(0)` to `register_token(N - 1)` where a sequence begins:
/// `transformer<shape, softmax, registers<4>>`. `with_registers` puts them before the sequences of
/// a task. They take places of the context.
template <std::size_t N>
struct registers {
  template <class Tokens>
  using tokens = detail::with_register_rows<N, Tokens>;
};

} // namespace dormant
