// SPDX-License-Identifier: MIT
// What tests of parts share that check values known by hand: one layer of odd sizes whose heads
// share keys and values, its tensors by name, and its sites.
#pragma once

#include "dormant/evaluate.hpp"
#include "dormant/probe/record.hpp"
#include "models.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace part_values {

using namespace dormant;

inline constexpr std::size_t sequences = 2, length = 13, heads = 4, head_width = 5, width = 20;
inline constexpr shape sizes_of_all{
    .heads = heads, .width = width, .vocab = 11, .context = length, .kv_heads = 2};
/// One layer in double.
template <class... Words>
using one_layer = transformer<sizes_of_all, double, Words...>;

/// One without an MLP, whose attention branch has this norm before it.
template <class Norm>
using with_norm = one_layer<block<residual<Norm, attention<softmax>>>>;

inline batch rows() { return models::random_tokens(sequences, length, 11); }

/// A tensor of the layer.
template <class Net>
std::span<double> of_layer(Net& net, std::string const& name) {
  auto const& t = find_tensor(net.tensors(), "layers.0." + name);
  return net.parameters().subspan(t.offset, t.size());
}
/// A tensor of its attention branch.
template <class Net>
std::span<double> of_attention(Net& net, std::string const& name) {
  return of_layer(net, "attention." + name);
}
/// Gives `to` the tensors of `from`, all of which it has.
template <class From, class To>
void copy_tensors(From const& from, To& to) {
  for (auto const& t : from.tensors()) {
    auto const& same = find_tensor(to.tensors(), t.name.view());
    std::ranges::copy(from.parameters().subspan(t.offset, t.size()),
                      to.parameters().subspan(same.offset, same.size()).begin());
  }
}
/// What a site of the layer shows, [B, T, ...].
template <class Site, class Net>
std::vector<double> shown(Net const& net) {
  record<Site, double> kept;
  net.evaluate(rows(), kept);
  auto const all = kept.values(0);
  return {all.begin(), all.end()};
}
/// The gradient of the loss by a tensor of the layer's attention branch.
template <class Net>
std::vector<double> gradient_of_attention(Net const& net, std::string const& name) {
  auto const& t = find_tensor(net.tensors(), "layers.0.attention." + name);
  auto const all = differentiate(net, rows(), {.threads = 1});
  auto const its = all.values.span().subspan(t.offset, t.size());
  return {its.begin(), its.end()};
}

} // namespace part_values
