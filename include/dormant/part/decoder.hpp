// SPDX-License-Identifier: MIT
// A whole model: cross-entropy(Output(Norm(Layers(Embedding)))) of one sequence, and back.
// Training, evaluation, probing and intervening all run this code.
#pragma once

#include "dormant/kernels/cross_entropy.hpp"
#include "dormant/part/norm/no_norm.hpp"
#include "dormant/plan/branch.hpp"
#include "dormant/plan/plan.hpp"

#include <algorithm>
#include <cstddef>

namespace dormant {

template <class Embedding, class Layers, class Norm, class Output>
struct decoder {
  using sites = detail::join<sites_of<Embedding>, sites_of<Layers>,
                             detail::if_normed<Norm, site::final_norm>, site_list<site::logits>>;
  using bypassed = bypassed_of<Layers>;

  Embedding embedding;
  Layers layers;
  Norm norm;
  Output output;
  buffer logits;          // [T, V], then their gradient
  borrowed_buffer dx, dn; // [T, C] gradients of the residual stream and of what the output reads

  constexpr decoder(plan d, sizes const& s)
      : embedding(d, s), layers(d, s),
        norm(d.in("norm").known_as(site::final_norm::name, s.layers - 1), s),
        output(d, s, embedding.tokens.table),
        logits(d.known_as(site::logits::name, s.layers - 1).output(s.vocab)), dx(d.borrow(s.width)),
        dn(d.borrow(s.width)) {}

  /// The logits of a sequence.
  template <class Pass>
  void forward(Pass const& p) const {
    predict(last(p), layers.forward(p, embedding.forward(p)));
  }
  /// The logits of what the layers leave, where the pass is in the last of them.
  template <class Pass>
  void predict(Pass const& p, typename Pass::matrix x) const {
    auto const n = norm.forward(p, x);
    detail::show_norm(p, norm, site::final_norm{}, n);
    output.forward(p, n, p[logits]);
    p.show(site::logits{}, p[logits]);
  }
  /// Sum of the cross-entropies over the positions of the sequence whose next token is
  /// known, without registers, nats.
  template <class Pass>
  double loss(Pass const& p) const {
    std::size_t const from = p.tokens().scored_from();
    return kernels::cross_entropy_value<typename Pass::arch, typename Pass::T>(
        scored(p, from), p.tokens().targets.data() + from);
  }
  /// The same, and all gradients of `scale` times the sum.
  template <class Pass>
  double backward(Pass const& p, typename Pass::T scale) const {
    auto const end = last(p);
    auto const x = p[embedding.y], after = p.made(layers, x);
    auto const d = p.zeroed(dx), g = p.zeroed(dn);
    std::size_t const from = p.tokens().scored_from();
    double const sum = kernels::cross_entropy<typename Pass::arch, typename Pass::T>(
        scored(p, from), p.tokens().targets.data() + from, scale);
    std::fill_n(p[logits].data, from * p[logits].stride, typename Pass::T{0});
    if (p.tokens().targets.size() < p.length) {
      std::fill_n(p[logits].row(p.length - 1), p[logits].cols, typename Pass::T{0});
    }
    end.show(site::gradient_of<site::logits>{}, p[logits]);
    output.backward(p, p.made(norm, after), p[logits], g);
    if constexpr (normed<Norm>) end.show(site::gradient_of<site::final_norm>{}, g);
    norm.backward(p, after, g, d);
    layers.backward(p, x, d);
    embedding.backward(p, d);
    return sum;
  }
  template <class Step, class F>
  void each_part(Step const& p, F f) const {
    f(embedding, p);
    f(layers, p);
    f(norm, p);
    f(output, p);
  }

private:
  // The logits that are scored. Those of registers and the last row of a text
  // are not, and have no gradient.
  template <class Pass>
  auto scored(Pass const& p, std::size_t from) const {
    auto rows = p[logits];
    rows.rows = p.tokens().targets.size() - from;
    rows.data += from * rows.stride;
    return rows;
  }
  template <class Pass>
  static Pass last(Pass const& p) {
    return p.as_layer(p.s.layers - 1);
  }
};

} // namespace dormant
