// SPDX-License-Identifier: MIT
// The layers of a model: one block many times, or blocks by name, first to last.
#pragma once

#include "dormant/part/wiring/block.hpp"

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace dormant::detail {

/// A layer's number as part of a name.
class layer_number {
public:
  constexpr explicit layer_number(std::size_t l) {
    do digits_[--first_] = static_cast<char>('0' + l % 10);
    while ((l /= 10) != 0);
  }
  [[nodiscard]] constexpr std::string_view text() const {
    return {digits_.data() + first_, digits_.size() - first_};
  }

private:
  std::array<char, 20> digits_{};
  std::size_t first_ = 20;
};

/// The same block L times: planned once, its copies lie `step` apart.
template <class Block>
struct repeated {
  using sites = sites_of<layer<Block>>;
  using bypassed = bypassed_of<Block>;

  totals step; // until the block is planned: what came before it
  layer<Block> block;
  std::size_t layers;

  constexpr repeated(plan d, sizes const& s)
      : step(d.so_far()), block(d.in("layers").in(layer_number(0).text()).layer(0), s),
        layers(s.layers) {
    totals const before = step, after = d.so_far();
    step.parameters = after.parameters - before.parameters;
    step.packed = after.packed - before.packed;
    step.step = after.step - before.step;
    step.kept = after.kept - before.kept;
    step.spare = after.spare - before.spare;
    for (std::size_t l = 1; l < layers; ++l) {
      d.share_borrowed(before);
      d.share_constants(before);
      (void)layer<Block>(d.in("layers").in(layer_number(l).text()).layer(l), s);
    }
  }

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    for (std::size_t l = 0; l < layers; ++l) x = block.forward(p.at(l, step), x);
    return x;
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix d) const {
    for (std::size_t l = layers; l-- > 0;) {
      block.backward(p.at(l, step), l == 0 ? x : p.at(l - 1, step).made(block, x), d);
    }
  }
  template <class Pass>
  auto made(Pass const& p, typename Pass::matrix x) const {
    return p.at(layers - 1, step).made(block, x);
  }
  template <class Step, class F>
  void each_part(Step const& p, F f) const {
    p.run(layers, [&](std::size_t l) { f(block, p.at(l, step)); });
  }
};

/// Blocks by name. The L-th knows its number, and nothing else of what differs.
template <std::size_t L, class... Blocks>
struct stacked;
template <std::size_t L, class Block, class... Rest>
struct stacked<L, Block, Rest...> {
  using sites = merge<sites_of<layer<Block>>, sites_of<stacked<L + 1, Rest...>>>;
  using bypassed = merge<bypassed_of<Block>, bypassed_of<stacked<L + 1, Rest...>>>;

  layer<Block> block;
  stacked<L + 1, Rest...> rest;

  constexpr stacked(plan d, sizes const& s) : stacked(d, s, d.so_far()) {}

  template <class Pass>
  auto forward(Pass const& p, typename Pass::matrix x) const {
    return rest.forward(p, block.forward(p.as_layer(L), x));
  }
  template <class Pass>
  void backward(Pass const& p, typename Pass::matrix x, typename Pass::matrix d) const {
    rest.backward(p, p.made(block, x), d);
    block.backward(p.as_layer(L), x, d);
  }
  template <class Pass>
  auto made(Pass const& p, typename Pass::matrix x) const {
    return rest.made(p, p.made(block, x));
  }
  template <class Step, class F>
  void each_part(Step const& p, F f) const {
    f(block, p);
    f(rest, p);
  }

private:
  constexpr stacked(plan d, sizes const& s, totals const& then, std::size_t end = 0)
      : block(d.in("layers").in(layer_number(L).text()).layer(L), s),
        rest((end = d.share_borrowed(then), d), s) {
    d.borrow_past(end);
  }
};
template <std::size_t L>
struct stacked<L> {
  constexpr stacked(plan, sizes const&) {}

  template <class Pass>
  auto forward(Pass const&, typename Pass::matrix x) const {
    return x;
  }
  template <class Pass>
  void backward(Pass const&, typename Pass::matrix, typename Pass::matrix) const {}
  template <class Pass>
  auto made(Pass const&, typename Pass::matrix x) const {
    return x;
  }
};

} // namespace dormant::detail
