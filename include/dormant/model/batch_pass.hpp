// SPDX-License-Identifier: MIT
// A batch through a model: sequences are cut into a fixed number of shards, threads take shards from
// a queue, and shards are summed in a fixed order, so the bits do not depend on the threads.
#pragma once

#include "dormant/detail/hooks.hpp"
#include "dormant/detail/thread_pool.hpp"
#include "dormant/error.hpp"
#include "dormant/kernels/reduce.hpp"
#include "dormant/model/non_finite.hpp"
#include "dormant/model/sequence_pass.hpp"
#include "dormant/task/batch.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dormant {

/// How a batch is spread over the machine. Only `shards` can change bits, and it is fixed by you.
///
/// Threads live as long as what was made with them, a trainer or one call. They do not survive
/// `fork`: a child that uses an inherited trainer of several threads gets an `error`, may destroy it,
/// and may make one of its own.
struct execution {
  std::size_t threads = 0; ///< at most `most_threads`; 0: as many as the machine has or, within
                           ///< `side_by_side`, this run's share of them
  std::size_t shards = 8;  ///< parts of a batch with a gradient of their own, at most 64; threads
                           ///< beyond this many are idle
};

namespace detail {

[[nodiscard]] inline std::size_t thread_count(execution how) {
  return how.threads != 0 ? how.threads : cores();
}

/// Everything a model needs to run over batches: packed weights, one set of activations a thread,
/// one gradient a shard. All memory is taken here, none in a step.
template <class Model>
class batch_pass {
public:
  using T = typename Model::scalar;
  static constexpr std::size_t most_shards = 64;
  static constexpr std::size_t chunk = 16 * 1024; // elements of the arena one job reduces

  batch_pass(execution how, bool with_gradients)
      : pool_(thread_count(checked(how))), losses_(how.shards),
        activations_(std::make_unique<activations<Model>[]>(pool_.threads())) {
    if (!with_gradients) return;
    shards_ = arena<T>(how.shards * per_shard);
    gradient_ = arena<T>(size);
    gathered_ = arena<T>(gathered);
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
    reduce(std::min(losses_.size(), rows.rows()));
    return loss;
  }

  /// Runs the batch again, a sequence at a time, and says where a value first was not finite.
  /// \returns an empty string if every kept value is finite
  template <class... Hooks>
  [[nodiscard]] std::string explain(T const* parameters, batch const& rows, Hooks&... hooks) {
    for (std::size_t b = 0; b < rows.rows(); ++b) {
      differentiate(parameters, rows.only(b), hooks...);
      // One sequence is one shard, which the calling thread runs.
      if (auto const site = first_spoiled(activations_[0], rows.context())) {
        return site->sentence(b);
      }
    }
    return {};
  }

  [[nodiscard]] arena<T>& gradient() { return gradient_; }
  [[nodiscard]] bool finite() const { return finite_; }
  [[nodiscard]] thread_pool& pool() { return pool_; }

private:
  static execution checked(execution how) {
    if (how.shards == 0 || how.shards > most_shards) {
      refuse({"execution: shards must be between 1 and 64, found ", how.shards});
    }
    return how;
  }

  void pack(T const* parameters, bool with_backward) {
    weights_.point(parameters);
    if constexpr (Model::merged) {
      each_merged([&](std::size_t l, auto const& parts) { weights_.merged.merge(l, parts); });
    }
    pool_.run(weights_.jobs(),
              [&](std::size_t job, std::size_t) { weights_.pack(job, with_backward); });
    if constexpr (Model::factored) {
      weights_.factors.centre(weights_);
      pool_.run(3,
                [&](std::size_t part, std::size_t) { weights_.factors.project(weights_, part); });
    }
  }
  // Calls f(layer, its parameters) for every block with merged projections, on all threads.
  template <class F>
  void each_merged(F f) {
    pool_.run(Model::shape.layers, [&](std::size_t l, std::size_t) {
      if (weights<Model>::is_merged[l]) f(l, weights_.layers[l].parts);
    });
  }

  // With those hooks that can hear the pass; as if it had not begun, if one of them throws.
  template <bool Backward, class... Hooks>
  double over_batch(batch const& rows, Hooks&... hooks) {
    try {
      return with_hooks<reaching_sequences<T>>(
          [&](auto&... reaching) { return over_shards<Backward>(rows, reaching...); }, hooks...);
    } catch (...) {
      // What shards and slots hold is half of something that belongs to no step.
      if constexpr (Backward) std::fill_n(shards_.data(), shards_.size(), T{0});
      saved_ = saved_memory();
      throw;
    }
  }

  template <bool Backward, class... Hooks>
  double over_shards(batch const& rows, Hooks&... hooks) {
    std::size_t const shards = std::min(losses_.size(), rows.rows());
    constexpr bool of_pattern = (edits<Hooks, site::pattern, T> || ...);
    constexpr bool of_hidden = (edits<Hooks, site::mlp_hidden, T> || ...);
    if constexpr (of_pattern || of_hidden) {
      for (std::size_t t = 0; t < pool_.threads(); ++t) {
        activations_[t].expect_edits(of_pattern, of_hidden);
      }
    }
    if constexpr ((reads_sequences<Hooks, T> || ...)) {
      auto const kept = saved_.template places<Model, Hooks...>(losses_.size());
      auto const copies = std::make_unique<std::optional<shard_hooks<T, Hooks...>>[]>(shards);
      for (std::size_t s = 0; s < shards; ++s) copies[s].emplace(kept, s, hooks...);
      pool_.run(shards, [&](std::size_t s, std::size_t thread) {
        losses_[s] = one_shard<Backward>(rows, s, shards, thread, copies[s]->pack());
      });
      for (std::size_t s = 0; s < shards; ++s) copies[s]->merge_into(hooks...);
    } else if constexpr ((keeps<Hooks, T> || ...)) {
      auto const kept = saved_.template places<Model, Hooks...>(losses_.size());
      pool_.run(shards, [&](std::size_t s, std::size_t thread) {
        shard_hooks<T, Hooks...> own(kept, s, hooks...);
        losses_[s] = one_shard<Backward>(rows, s, shards, thread, own.pack());
      });
    } else {
      hook_pack<T, Hooks...> const pack(hooks...);
      pool_.run(shards, [&](std::size_t s, std::size_t thread) {
        losses_[s] = one_shard<Backward>(rows, s, shards, thread, pack);
      });
    }
    double sum = 0;
    for (std::size_t s = 0; s < shards; ++s) sum += losses_[s];
    return sum / static_cast<double>(rows.rows() * rows.context());
  }

  template <bool Backward, class Pack>
  double one_shard(batch const& rows, std::size_t s, std::size_t shards, std::size_t thread,
                   Pack const& hooks) {
    using flow_type = flow<Model, Pack>;
    auto const scale = static_cast<T>(1.0 / static_cast<double>(rows.rows() * rows.context()));
    double sum = 0;
    for (std::size_t b = s * rows.rows() / shards; b < (s + 1) * rows.rows() / shards; ++b) {
      sequence const seq = rows.sequence(b);
      flow_type f{weights_, activations_[thread], hooks, seq, seq.length()};
      if constexpr (Backward) f.gradient = shard(s);
      sequence_pass<flow_type>::forward(f);
      if constexpr (Backward) {
        sum += sequence_pass<flow_type>::loss_and_backward(f, scale);
      } else {
        sum += sequence_pass<flow_type>::loss(f);
      }
    }
    return sum;
  }

  // gradient = sum of the shards, which are cleared for the next step
  void reduce(std::size_t shards) {
    finite_ = reduce(shards, 0, size, gradient_.data());
    if constexpr (Model::factored) {
      finite_ = reduce(shards, size, gathered, gathered_.data()) && finite_;
      pool_.run(4, [&](std::size_t part, std::size_t) {
        if (part < 3) {
          weights_.factors.finish_matrix(weights_, part, gathered_.data(), gradient_.data());
        } else {
          weights_.factors.finish_rows(weights_, gathered_.data(), gradient_.data());
        }
      });
    }
    if constexpr (Model::merged) {
      each_merged([&](std::size_t l, auto const& parts) {
        weights_.merged.split(l, parts, gradient_.data());
      });
      clear_frozen();
    }
  }
  // Sums [first, first + n) of the shards into `out`; whether every sum is finite.
  bool reduce(std::size_t shards, std::size_t first, std::size_t n, T* out) {
    std::atomic<bool> finite{true};
    pool_.run((n + chunk - 1) / chunk, [&](std::size_t job, std::size_t) {
      std::size_t const begin = job * chunk;
      std::array<T*, most_shards> parts{};
      for (std::size_t s = 0; s < shards; ++s) parts[s] = shard(s) + first + begin;
      if (!kernels::reduce_shards<typename Model::arch, T>(parts.data(), shards, out + begin,
                                                           std::min(chunk, n - begin))) {
        finite.store(false, std::memory_order_relaxed);
      }
    });
    return finite.load();
  }
  // What merged matrices say about a frozen one is not wanted.
  void clear_frozen() {
    for (auto const& t : layout<Model>::tensors) {
      if (!t.trained) std::fill_n(gradient_.data() + t.offset, t.size(), T{0});
    }
  }

  T* shard(std::size_t s) { return shards_.data() + s * per_shard; }

  static constexpr std::size_t size = layout<Model>::size;
  static constexpr std::size_t gathered = factors<Model>::gathered;
  static constexpr std::size_t per_shard = size + gathered + arena<T>::slack;

  thread_pool pool_;
  std::vector<double> losses_; // one a shard
  weights<Model> weights_;
  std::unique_ptr<activations<Model>[]> activations_; // one a thread
  saved_memory saved_;                                // what interventions keep
  arena<T> shards_;                                   // one gradient and one gathered a shard
  arena<T> gradient_;
  arena<T> gathered_; // see factors
  bool finite_ = true;
};

/// A clear error for tokens or lengths that a model of this context and vocabulary cannot read.
inline void check_batch(batch const& rows, std::size_t context, std::size_t vocab) {
  if (rows.rows() == 0 || rows.context() == 0) {
    refuse({"the batch is empty: it needs at least one sequence of one token"});
  }
  if (rows.context() > context) {
    refuse({"the sequences are longer than the model's context: expected at most ", context,
            " tokens, found ", rows.context()});
  }
  for (std::size_t b = 0; b < rows.rows(); ++b) {
    auto const tokens = rows.tokens(b);
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      if (tokens[t] < 0 || static_cast<std::size_t>(tokens[t]) >= vocab) {
        refuse({"sequence ", b, ", position ", t, ": token ", tokens[t],
                " is outside the vocabulary of ", vocab});
      }
    }
  }
}
template <class Model>
void check_batch(batch const& rows) {
  check_batch(rows, Model::shape.context, Model::shape.vocab);
}

} // namespace detail
} // namespace dormant
