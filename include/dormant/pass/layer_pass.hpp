// SPDX-License-Identifier: MIT
// A batch through a model that need not fit into memory: one layer at a time, all sequences through
// it, the same parts as in training. What a sequence gives depends on no other sequence.
#pragma once

#include "dormant/pass/layer_weights.hpp"
#include "dormant/pass/memory.hpp"
#include "dormant/pass/pass.hpp"
#include "dormant/pass/residual_streams.hpp"
#include "dormant/pass/shard_hooks.hpp"
#include "dormant/pass/team.hpp"
#include "dormant/task/batch.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace dormant::detail {

/// \tparam Source where weights are stored: `read(i, first, n, out)`, `rows(i)` and `cols(i)` of
///   the i-th tensor; `will_need(i)` and `done_with(i)` say which come next, and which are past
template <class Model, class Source>
class layer_pass {
public:
  using T = typename Model::scalar;
  using team = thread_team<typename Model::arch, T>;
  using weights = layer_weights<Model, Source>;

  /// \param s the sizes, whose context is that of the longest sequence
  layer_pass(execution how, sizes const& s, Source const& source)
      : whole_(s), one_(with_one_layer(s)), source_(&source), team_(how, 0),
        weights_(placement<Model>(one_), s.layers, source) {
    for (std::size_t t = 0; t < team_.threads(); ++t) memory_.emplace_back(one_.built.total, false);
  }

  /// What hooks are told of the model.
  [[nodiscard]] placement<Model> placed() const { return placement<Model>(whole_); }

  /// Mean cross-entropy over all positions whose next token is known, nats.
  template <class... Hooks>
  double evaluate(batch const& rows, Hooks&... hooks) {
    residual_streams<T> x(rows, one_.s.width);
    return run(rows, x, {.embeds = true, .end = whole_.s.layers, .predicts = true}, hooks...);
  }

  /// What of the way from tokens to loss is gone: layers from that of
  /// the streams on to before `end`.
  struct stretch {
    bool embeds = false; ///< begins at the tokens, not with the streams that are given
    std::size_t end = 0;
    bool predicts = false; ///< goes on to the loss
  };
  /// Takes the streams along a stretch.
  /// \returns the loss as `evaluate`, or 0 where the stretch ends before it
  template <class... Hooks>
  double run(batch const& rows, residual_streams<T>& x, stretch const& way, Hooks&... hooks) {
    return with_hooks<reaching_sequences<Model>>(
        [&](auto&... reaching) { return over_layers(rows, x, way, reaching...); }, hooks...);
  }

private:
  static sizes with_one_layer(sizes s) {
    s.layers = 1;
    return s;
  }
  template <class... Hooks>
  double over_layers(batch const& rows, residual_streams<T>& streams, stretch const& way,
                     Hooks&... hooks) {
    if constexpr ((edits_any<Hooks, T, site::kept_before_edits> || ...)) {
      for (auto& m : memory_) grown(m.spare, one_.built.total.spare);
    }
    std::size_t const shards = team_.shards(rows.rows());
    saved_memory saved;
    auto const kept = saved.template places<Hooks...>(placed(), team_.shards());
    hooks_of_shards<Model, Hooks...> const copies(shards, kept, hooks...);

    // f(pass, x) for every sequence, x [T, C] being its residual stream
    std::size_t const stride = streams.stride(), room = rows.context() * stride;
    auto const each_sequence = [&](std::size_t layer, auto f) {
      return team_.run(shards, [&](std::size_t s, std::size_t thread) {
        auto pack = copies[s].pack();
        double sum = 0;
        for (std::size_t b = s * rows.rows() / shards; b < (s + 1) * rows.rows() / shards; ++b) {
          sequence const seq = rows.sequence(b);
          pass<Model, decltype(pack)> p(placement<Model>(one_), weights_.parameters(), weights_,
                                        memory_[thread], pack, seq, nullptr, nullptr);
          sum += f(p.as_layer(layer), kernels::matrix<T>{streams.values.data() + b * room,
                                                         seq.length(), one_.s.width, stride});
        }
        return sum;
      });
    };
    auto const& parts = one_.built.parts;

    if (way.embeds) {
      weights_.load_embedding(used_tokens(rows));
      each_sequence(
          0, [&](auto const& p, auto x) { return p.copy(parts.embedding.forward(p), x), 0; });
      weights_.release();
    }
    for (std::size_t& l = streams.layer; l < way.end; ++l) { // each in the pages of the one before
      // W_O itself is read by those only who look at values as the residual stream receives them.
      weights_.load_layer(l, team_.pool(), [](tensor_spec const& t) {
        return (observes<Hooks, site::value_out, T> || ...) &&
               t.name.view().ends_with(".wo.weight");
      });
      weights_.each_of_layer(l, [&](std::size_t i) { source_->done_with(i); });
      if (l + 1 < way.end) {
        weights_.each_of_layer(l + 1, [&](std::size_t i) { source_->will_need(i); });
      }
      each_sequence(
          l, [&](auto const& p, auto x) { return p.copy(parts.layers.block.forward(p, x), x), 0; });
    }
    weights_.release();
    double sum = 0;
    if (way.predicts) {
      weights_.load_end(team_.pool());
      sum = each_sequence(whole_.s.layers - 1, [&](auto const& p, auto x) {
        parts.predict(p, x);
        return parts.loss(p);
      });
      weights_.release();
    }
    copies.merge_into(hooks...);
    return way.predicts ? sum / static_cast<double>(rows.predicted()) : 0;
  }
  [[nodiscard]] std::vector<char> used_tokens(batch const& rows) const {
    std::vector<char> used(one_.s.vocab, 0);
    for (std::size_t b = 0; b < rows.rows(); ++b) {
      for (token const t : rows.sequence(b).inputs) used[static_cast<std::size_t>(t)] = 1;
    }
    return used;
  }

  layout_in_memory<Model> whole_, one_; // the model as it is, and with one layer, as it is run
  Source const* source_;
  team team_;
  weights weights_;
  std::vector<sequence_memory<Model>> memory_; // one a thread
};

} // namespace dormant::detail
