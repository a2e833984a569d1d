// SPDX-License-Identifier: MIT
// The laws of a part: in every wiring, and under one head, several, and several that share keys and
// values, its gradients are those of its forward pass, no position sees the future, and
// threads do not change a bit. A failure names the tensor; layer 0 to 5 are the wirings
// in the order of `every_wiring`.
#pragma once

#include "dormant/part/mlp/mlp.hpp"
#include "dormant/part/norm/rms_norm.hpp"
#include "dormant/part/wiring/parallel.hpp"
#include "dormant/part/wiring/post_residual.hpp"
#include "dormant/part/wiring/residual.hpp"
#include "dormant/rule/softmax.hpp"
#include "dormant/testing/gradient_check.hpp"
#include "dormant/testing/model_laws.hpp"
#include "dormant/testing/verdict.hpp"

#include <cstddef>

namespace dormant::testing {

struct part_law_options {
  bool causal = true;                ///< whether no position may see what comes after it
  void (*numbers)(sizes&) = nullptr; ///< changes what the part reads from `sizes`
};

/// A layer for each wiring: pre-norm, post-norm, sandwich, norm after the branch alone, and
/// parallel with one norm and with two.
template <class Norm, class Attention, class Mlp>
using every_wiring =
    stack<block<residual<Norm, Attention>, residual<Norm, Mlp>>,
          block<post_residual<Norm, Attention>, post_residual<Norm, Mlp>>,
          block<residual<Norm, Attention, Norm>, residual<Norm, Mlp, Norm>>,
          block<residual<no_norm, Attention, Norm>, residual<no_norm, Mlp, Norm>>,
          block<parallel<Norm, Attention, Mlp>>, block<parallel<Norm, Attention, Mlp, Norm>>>;

/// The laws for a model of six layers that is given by its words.
template <class... Words>
verdict part_laws(part_law_options const& how = {}) {
  verdict found;
  struct heads {
    std::size_t queries, keys;
  };
  for (heads const h : {heads{1, 1}, heads{4, 4}, heads{4, 2}}) {
    // Heads of an even width, as rotary embedding wants them; the other widths fill no vector.
    sizes s(shape{.layers = 6,
                  .heads = h.queries,
                  .width = 24,
                  .vocab = 7,
                  .context = 9,
                  .kv_heads = h.keys,
                  .mlp_width = 11});
    if (how.numbers != nullptr) how.numbers(s);
    transformer<at_run_time, double, Words...> net(s, {.seed = 1});
    random_stream draw(1, stream::user, 0, 0);
    for (auto& p : net.parameters()) p += 0.3 * draw.normal(); // gains are not 1, biases not 0
    batch rows(2, s.context - 2, nullptr, false);
    for (std::size_t b = 0; b < rows.rows(); ++b) {
      for (auto& id : rows.tokens(b)) id = static_cast<token>(draw.below(s.vocab));
    }
    verdict here = check_gradients(net, rows, {.samples = 2});
    if (how.causal) here += causality_law(net, rows);
    here += thread_law(net, rows, 2);
    if (!here.ok) found.fail(h.queries, " heads on ", h.keys, " of keys and values: ", here.log);
  }
  return found;
}

/// A norm before, after and around branches, and before the output.
template <class Norm>
verdict norm_laws(part_law_options const& how = {}) {
  return part_laws<every_wiring<Norm, attention<softmax>, mlp<gelu>>, last_norm<Norm>>(how);
}
/// A branch that stands where an MLP may stand.
template <class Mlp>
verdict mlp_laws(part_law_options const& how = {}) {
  return part_laws<every_wiring<rms_norm, attention<softmax>, Mlp>>(how);
}
/// A branch that stands where attention may stand:
/// `attention_laws<attention<softmax, my_policy>>()`.
template <class Attention>
verdict attention_laws(part_law_options const& how = {}) {
  return part_laws<every_wiring<rms_norm, Attention, mlp<gelu>>>(how);
}

} // namespace dormant::testing
