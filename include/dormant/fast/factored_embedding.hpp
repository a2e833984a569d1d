// SPDX-License-Identifier: MIT
// Exact algebra for layer 0. Centring is linear, so with x = token[v] + position[n]
//   norm(x) W^T = rstd(v, n) (A[v] + A[V + n]) + b W^T,   A = (centred rows * gain) W^T,
// and only V + T rows go through a product, once a step. Their
// gradients are gathered in the same way.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/fast/factored_inputs.hpp"
#include "dormant/part/attention/places.hpp"
#include "dormant/part/decoder.hpp"
#include "dormant/part/norm/layer_norm.hpp"
#include "dormant/part/wiring/layers.hpp"
#include "dormant/part/wiring/residual.hpp"
#include "dormant/pass/step_pass.hpp"
#include "dormant/shape.hpp"

#include <cstddef>
#include <type_traits>
#include <utility>

namespace dormant {

namespace detail {

/// `residual` around a branch whose projections read tables: the way back ends in what they gather.
template <class Norm, dormant::branch Branch>
struct factored_residual : residual<Norm, Branch> {
  using bypassed = join<types<site::resid_pre, site::norm1>, bypassed_of<Branch>>;

  constexpr factored_residual(plan d, sizes const& s) : residual<Norm, Branch>(d, s) {
    this->branch.inputs.rstd = this->norm.rstd;
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix d) const {
    p.show(site::gradient_of<typename Branch::leaves>{}, d);
    auto const b = p.apart(site::gradient_of<typename Branch::writes>{}, d, this->db);
    p.show(site::gradient_of<typename Branch::writes>{}, b);
    auto const n = p.made(this->norm, x);
    if constexpr (requires { requires Branch::has_steps; }) { // gates read what no table knows
      auto const g = p.zeroed(this->dn);
      this->branch.backward(p, n, b, g);
      this->norm.backward(p, x, g, d);
    } else {
      this->branch.backward(p, n, b, p[this->dn]);
    }
  }
};

// The attention part with its inputs made of tables.
template <class Attention>
struct factored_attention;
template <template <class, class...> class Attention, class Rule, class... Policies>
struct factored_attention<Attention<Rule, Policies...>> {
  static_assert(
      !requires { typename Rule::gate; },
      "dormant::transformer: factored_embedding needs attention without a gate in layer "
      "0, with a norm before it");
  struct policy {
    using place = dormant::place::inputs;
    using part = factored_inputs<typename Attention<Rule, Policies...>::inputs_type>;
  };
  using type = Attention<Rule, policy, Policies...>;
};

template <class Block>
struct factored_block {
  static_assert(never<Block>,
                "dormant::transformer: factored_embedding needs attention without a gate in layer "
                "0, with a norm before it");
};
template <class Attention, class... Rest>
struct factored_block<chain<residual<layer_norm, Attention>, Rest...>> {
  using type =
      chain<factored_residual<layer_norm, typename factored_attention<Attention>::type>, Rest...>;
};

template <class Layers, class Numbers>
struct factored_layers;
template <class First, class... Rest, class Numbers>
struct factored_layers<stacked<0, First, Rest...>, Numbers> {
  using type = stacked<0, typename factored_block<First>::type, Rest...>;
};
template <class Block, std::size_t First, std::size_t... More>
struct factored_layers<repeated<Block>, std::index_sequence<First, More...>> {
  using type = stacked<0, typename factored_block<Block>::type,
                       std::conditional_t<(More > 0), Block, void>...>;
};

template <class Model, class Numbers>
struct factored_decoder;
template <class Embedding, class Layers, class Norm, class Output, class Numbers>
struct factored_decoder<decoder<Embedding, Layers, Norm, Output>, Numbers>
    : decoder<Embedding, typename factored_layers<Layers, Numbers>::type, Norm, Output> {
  using plain = decoder<Embedding, typename factored_layers<Layers, Numbers>::type, Norm, Output>;
  using bypassed = join<types<site::tok_embed, site::pos_embed, site::embed>, bypassed_of<plain>>;
  using plain::plain;
  static_assert(decltype(Embedding::tokens)::registers == 0,
                "dormant::transformer: factored_embedding does not go with registers");

  template <class Step>
  void prepare(Step const& p) const {
    detail::prepare_parts(static_cast<plain const&>(*this), p);
    auto const& tables = this->layers.block.first.branch.inputs;
    tables.centre(p, sources());
    p.run(3, [&](std::size_t part) { tables.project(p, sources(), part); });
  }
  template <class Step>
  void finish(Step const& p) const {
    auto const& tables = this->layers.block.first.branch.inputs;
    p.run(4, [&](std::size_t part) {
      if (part < 3) {
        tables.finish_matrix(p, sources(), part);
      } else {
        tables.finish_rows(p, sources());
      }
    });
    detail::finish_parts(static_cast<plain const&>(*this), p);
  }

private:
  constexpr auto sources() const {
    auto const& first = this->layers.block.first.norm;
    return factor_sources{this->embedding.tokens.table, this->embedding.positions, first.gain.w,
                          first.bias.w};
  }
};

} // namespace detail

/// Exact algebra for layer 0: its norm reads a token plus a position, so its projections are sums
/// of a row for the token and a row for the position, made once a step. Same mathematics, other
/// rounding. Interventions cannot edit what the projections then do not read: `tok_embed`,
/// `pos_embed`, `embed`, `resid_pre` and `norm1`.
struct factored_embedding {
  using wraps_models = void;
  template <class Model, shape Shape>
  struct sized {
    static_assert(Shape != at_run_time,
                  "dormant::transformer: factored_embedding needs sizes that are part of the type");
    static_assert(sizes(Shape).queries() == Shape.width && sizes(Shape).keys() == Shape.width,
                  "dormant::transformer: factored_embedding needs heads of keys as many as of "
                  "queries, which together are as wide as the model");
    using type =
        detail::factored_decoder<Model,
                                 std::make_index_sequence<Shape.layers == 0 ? 1 : Shape.layers>>;
  };
  template <class Model, shape Shape>
  using part = typename sized<Model, Shape>::type;
};

} // namespace dormant
