// SPDX-License-Identifier: MIT
// Models with parts taken away (arXiv 2410.13835, section 3 and appendix), and where
// the published runs of them began.
#pragma once

#include "common/models.hpp"
#include "common/published.hpp"

#include <dormant/evaluate.hpp>
#include <dormant/model/torch_initial_values.hpp>
#include <dormant/probe/residual_peak.hpp>
#include <dormant/task/bigram_backcopy.hpp>

#include <cstddef>

namespace paper {

namespace dm = dormant;

using whole = dm::block<dm::softmax>;
using without_mlp = dm::block<dm::softmax, dm::no_mlp>;
using with_linear = dm::block<dm::softmax, dm::linear>;
using without_attention = dm::mlp_block<>;

template <dm::shape Base, class... Blocks>
using structured =
    dm::transformer<program::with_layers(Base, sizeof...(Blocks)), dm::stack<Blocks...>>;

/// `<s>` of the authors' text, which has 65 characters; other texts have it elsewhere. Characters
/// need no such care: norms of theirs are averaged over many, drawn alike.
inline constexpr dm::token published_bos = 65;

/// Residual norms after layer 0 from the authors' initial values, before any training: the
/// paper prints its ratios after 10,000 steps only, and a peak is what has grown since. Later
/// layers draw their values later, so layer 0 is all that it takes.
/// \tparam First what layer 0 is
template <class First>
[[nodiscard]] dm::residual_peak where_published_began(dm::bigram_table const& table) {
  structured<program::paper_shape, First> net;
  dm::draw_as_torch(net, published::seed);
  dm::bigram_backcopy<program::paper_shape> const task({.seed = 0, .table = table});
  auto on = task.sample(32);
  for (std::size_t b = 0; b < on.rows(); ++b) on.tokens(b)[0] = published_bos;
  dm::residual_peak peak;
  net.evaluate(on, peak);
  return peak;
}

} // namespace paper
