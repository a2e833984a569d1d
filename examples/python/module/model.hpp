// SPDX-License-Identifier: MIT
// The doors of one model's type: training, evaluating, measuring.
#pragma once

#include "dormant/dormant.hpp"
#include "dormant/part/parts.hpp"
#include "module/doors.hpp"
#include "module/optimizers.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace dormant::python {

/// Writes the logits of every sequence to its place in [B, T, V], if there is one.
template <class T>
struct logits_into {
  T* first = nullptr;
  std::size_t context = 0;

  void operator()(site::logits at, view<T const, 2> const& logits) {
    if (first == nullptr) return;
    std::size_t const vocab = logits.shape(1);
    T* out = first + at.sequence.index * context * vocab;
    for (std::size_t t = 0; t < logits.shape(0); ++t) {
      out = std::copy_n(&logits(t, 0), vocab, out);
    }
  }
  void merge(logits_into const& /*later*/) {}
  [[nodiscard]] logits_into empty() const { return *this; }
};

template <class Task>
struct rows_of final : row_source {
  explicit rows_of(bigram_backcopy_options const& options) : task(options) {}
  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const override {
    task.sample_row(which, step, row, tokens, laws);
  }
  [[nodiscard]] batch draw(std::size_t rows, std::uint64_t draw) const override {
    return task.sample(rows, draw);
  }
  [[nodiscard]] std::shared_ptr<law_table const> table() const override { return task.table(); }

  Task task;
};

template <class Net, class Optimizer>
struct trainer_of final : trainer_door {
  trainer_of(Net& net, any_task const& task, Optimizer const& optimizer, schedule const& plan)
      : run(net, task, optimizer, plan) {}
  double step() override { return run.step(); }
  [[nodiscard]] std::uint64_t steps() const override { return run.steps(); }

  dormant::trainer<Net, any_task, Optimizer> run;
};

template <class Net>
struct net_of final : net_door {
  using T = typename Net::scalar;

  explicit net_of(std::uint64_t seed) : net({.seed = seed}) {}
  [[nodiscard]] std::span<tensor_spec const> tensors() const override { return net.tensors(); }
  [[nodiscard]] void* parameters() override { return net.parameters().data(); }
  [[nodiscard]] void const* transformer() const override { return &net; }

  [[nodiscard]] evaluation evaluate(batch const& rows, execution how, void* logits) const override {
    logits_into<T> kept{static_cast<T*>(logits), rows.context()};
    return dormant::evaluate(net, rows, how, kept);
  }

  [[nodiscard]] probe_row measure(batch const& rows, execution how) const override {
    probe_row found;
    residual_peak_of<T> peak;
    risk_of<T> risks;
    if constexpr (detail::lists<site::pattern, typename Net::model::sites>) {
      attention_sink_of<T> sink;
      value_drain_of<T> drain;
      found.add("loss", dormant::evaluate(net, rows, how, sink, drain, peak, risks).loss);
      sink.report(found);
      drain.report(found);
    } else {
      found.add("loss", dormant::evaluate(net, rows, how, peak, risks).loss);
    }
    peak.report(found);
    risks.report(found);
    return found;
  }

  [[nodiscard]] std::unique_ptr<trainer_door>
  trainer(any_task const& task, named_values const& said, schedule const& plan) override {
    return with_optimizer(said, [&]<class Optimizer>(Optimizer const& o) {
      return std::unique_ptr<trainer_door>(
          std::make_unique<trainer_of<Net, Optimizer>>(net, task, o, plan));
    });
  }

  Net net;
};

template <class Net>
struct model_of final : model_door {
  // Depth and width do not matter to a task, and are left out of its type.
  using task_type = dormant::bigram_backcopy<dormant::shape{.vocab = Net::shape.vocab,
                                                            .context = Net::shape.context}>;

  model_of() {
    shape = Net::shape;
    bytes = sizeof(typename Net::scalar);
  }
  [[nodiscard]] std::unique_ptr<net_door> net(std::uint64_t seed) const override {
    return std::make_unique<net_of<Net>>(seed);
  }
  [[nodiscard]] any_task bigram_backcopy(bigram_backcopy_options const& options) const override {
    return {task_type::context, std::make_unique<rows_of<task_type> const>(options)};
  }
};

} // namespace dormant::python
