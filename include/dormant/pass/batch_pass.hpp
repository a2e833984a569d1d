// SPDX-License-Identifier: MIT
// A batch through a model: sequences are cut into a fixed number of shards, threads take shards
// from a queue, and shards are summed in a fixed order, so the bits do not depend on the threads.
#pragma once

#include "dormant/error.hpp"
#include "dormant/pass/non_finite.hpp"
#include "dormant/pass/pass.hpp"
#include "dormant/pass/shard_hooks.hpp"
#include "dormant/pass/step_pass.hpp"
#include "dormant/pass/team.hpp"
#include "dormant/task/batch.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace dormant {

namespace detail {

/// Everything a model needs to run over batches: packed weights, one set of activations a thread,
/// one gradient a shard. All memory is taken here, none in a step.
/// \tparam Team who runs the shards and sums them, see team.hpp
template <class Model, class Team = team_of<Model>>
class batch_pass {
public:
  using T = typename Model::scalar;

  batch_pass(execution how, bool with_gradients, placement<Model> const& where,
             typename Team::members who = {})
      : where_(where), team_(how, with_gradients ? size() + gathered() : 0, who), step_(where_) {
    for (std::size_t t = 0; t < team_.threads(); ++t) {
      memory_.emplace_back(where_.total(), with_gradients);
    }
    if (!with_gradients) return;
    gradient_ = arena<T>(size());
    gathered_ = arena<T>(gathered());
  }

  /// Mean cross-entropy over all positions, nats; NaN if the batch has no targets.
  template <class... Hooks>
  double evaluate(T const* parameters, batch const& rows, Hooks&... hooks) {
    pack(parameters, false);
    return over_batch<false>(rows, hooks...);
  }

  /// The same, and its gradient in `gradient()`. `finite()` tells whether every element is.
  template <class... Hooks>
  double differentiate(T const* parameters, batch const& rows, Hooks&... hooks) {
    pack(parameters, true);
    double const loss = over_batch<true>(rows, hooks...);
    reduce(team_.shards(rows.rows()));
    return loss;
  }

  /// Runs the batch again, a sequence at a time, and says where a value first was not finite.
  /// \returns an empty string if every kept value is finite
  template <class... Hooks>
  [[nodiscard]] std::string explain(T const* parameters, batch const& rows, Hooks&... hooks) {
    for (std::size_t b = 0; b < rows.rows(); ++b) {
      differentiate(parameters, rows.only(b), hooks...);
      // One sequence is one shard, which the calling thread runs.
      if (auto const site = first_spoiled(where_, memory_[0], rows.length(b))) {
        return site->sentence(b);
      }
    }
    return {};
  }

  [[nodiscard]] arena<T>& gradient() { return gradient_; }
  [[nodiscard]] bool finite() const { return finite_; }
  [[nodiscard]] thread_pool& pool() { return team_.pool(); }

private:
  void pack(T const* parameters, bool with_backward) {
    parameters_ = parameters;
    prepare_parts(where_.parts(), between());
    pool().run(step_.jobs(),
               [&](std::size_t job, std::size_t) { step_.pack(job, parameters, with_backward); });
  }
  [[nodiscard]] step_pass<Model> between() {
    return {where_, parameters_, step_, gradient_.data(), gathered_.data(), pool()};
  }

  // With those hooks that can hear the pass; as if it had not begun, if one of them throws.
  template <bool Backward, class... Hooks>
  double over_batch(batch const& rows, Hooks&... hooks) {
    try {
      return with_hooks<reaching_sequences<Model>>(
          [&](auto&... reaching) { return over_shards<Backward>(rows, reaching...); }, hooks...);
    } catch (...) {
      if constexpr (Backward) team_.forget();
      saved_ = saved_memory();
      throw;
    }
  }

  template <bool Backward, class... Hooks>
  double over_shards(batch const& rows, Hooks&... hooks) {
    std::size_t const shards = team_.shards(rows.rows());
    double sum = 0;
    if constexpr ((edits_any<Hooks, T, site::kept_before_edits> || ...)) {
      for (auto& m : memory_) grown(m.spare, where_.total().spare);
    }
    if constexpr ((reads_sequences<Hooks, Model> || ...)) {
      auto const kept = saved_.template places<Hooks...>(where_, team_.shards());
      hooks_of_shards<Model, Hooks...> const copies(shards, kept, hooks...);
      auto const run = [&](std::size_t s, std::size_t thread) {
        return one_shard<Backward>(rows, s, shards, thread, copies[s].pack());
      };
      sum = team_.run(shards, run, copies, hooks...);
    } else if constexpr ((keeps<Hooks, Model> || ...)) {
      auto const kept = saved_.template places<Hooks...>(where_, team_.shards());
      sum = team_.run(shards, [&](std::size_t s, std::size_t thread) {
        shard_hooks<Model, Hooks...> own(kept, s, hooks...);
        return one_shard<Backward>(rows, s, shards, thread, own.pack());
      });
    } else {
      hook_pack<T, Hooks...> const pack(hooks...);
      sum = team_.run(shards, [&](std::size_t s, std::size_t thread) {
        return one_shard<Backward>(rows, s, shards, thread, pack);
      });
    }
    return sum / static_cast<double>(rows.predicted());
  }

  template <bool Backward, class Pack>
  double one_shard(batch const& rows, std::size_t s, std::size_t shards, std::size_t thread,
                   Pack const& hooks) {
    auto const& parts = where_.parts();
    auto const scale = static_cast<T>(1.0 / static_cast<double>(rows.predicted()));
    double sum = 0;
    for (std::size_t b = s * rows.rows() / shards; b < (s + 1) * rows.rows() / shards; ++b) {
      sequence const seq = rows.sequence(b);
      T* const gradient = Backward ? team_.memory(s) : nullptr;
      pass<Model, Pack> const p(where_, parameters_, step_, memory_[thread], hooks, seq, gradient,
                                Backward ? gradient + size() : nullptr);
      parts.forward(p);
      if constexpr (Backward) {
        sum += parts.backward(p, scale);
      } else {
        sum += parts.loss(p);
      }
    }
    return sum;
  }

  void reduce(std::size_t shards) {
    finite_ = team_.sum(shards, 0, size(), gradient_.data());
    if (gathered() != 0) {
      finite_ = team_.sum(shards, size(), gathered(), gathered_.data()) && finite_;
    }
    finish_parts(where_.parts(), between());
  }

  [[nodiscard]] std::size_t size() const { return where_.total().parameters; }
  [[nodiscard]] std::size_t gathered() const { return where_.total().gathered; }

  [[no_unique_address]] placement<Model> where_;
  Team team_;
  step_arena<Model> step_;
  std::vector<sequence_memory<Model>> memory_; // one a thread
  saved_memory saved_;                         // what interventions keep
  arena<T> gradient_;
  arena<T> gathered_; // see plan::per_shard
  T const* parameters_ = nullptr;
  bool finite_ = true;
};

/// A clear error for tokens or lengths that a model of these sizes, with
/// so many registers, cannot read.
inline void check_batch(batch const& rows, sizes const& s, std::size_t registers = 0) {
  if (rows.rows() == 0 || rows.context() == 0) {
    refuse({"the batch is empty: it needs at least one sequence of one token"});
  }
  if (rows.context() > s.context) {
    refuse({"the sequences are longer than the model's context: expected at most ", s.context,
            " tokens, found ", rows.context()});
  }
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    auto const seq = rows.sequence(b);
    auto const tokens = rows.tokens(b).first(seq.targets.size() + 1);
    std::size_t first = 0;
    for (; first < seq.length() && is_register(tokens[first]); ++first) {
      auto const which = static_cast<std::size_t>(register_token(0) - tokens[first]);
      if (which >= registers) {
        refuse({"sequence ", b, ", position ", first, ": register ", which,
                " is none of the model's ", registers});
      }
    }
    for (std::size_t t = first; t < tokens.size(); ++t) {
      if (tokens[t] < 0 || static_cast<std::size_t>(tokens[t]) >= s.vocab) {
        refuse({"sequence ", b, ", position ", t, ": token ", tokens[t],
                " is outside the vocabulary of ", s.vocab});
      }
    }
  }
}

} // namespace detail
} // namespace dormant
