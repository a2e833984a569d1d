// SPDX-License-Identifier: MIT
// One training run, step by step: a fresh batch, its gradient, the optimizer, and the training
// events that hooks hear; the same bits for any number of threads (arXiv 2410.13835, section 2).
#pragma once

#include "dormant/detail/update_jobs.hpp"
#include "dormant/evaluate.hpp"
#include "dormant/model/transformer.hpp"
#include "dormant/task/batch.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace dormant {

/// How long, how much and on what to train; the defaults are the paper's batch on this machine.
struct schedule {
  std::uint64_t steps = 1000;
  std::size_t batch = 512;
  std::size_t threads = 0; ///< see `execution`; never changes the result
  std::size_t shards = 8;  ///< see `execution`; part of the result's identity, like the seed
};

/// Training met a NaN or an infinity, of which no hook hears. The message names the step, the layer
/// and the tensor. Parameters are those of the last finite step, unless the step itself overflowed.
struct non_finite : error {
  using error::error;
};

namespace detail {
/// The context of a task's type; 0 where it is known at run time only, and checked in every step.
template <class Task>
inline constexpr std::size_t fixed_context_of = 0;
template <fixed_context Task>
inline constexpr std::size_t fixed_context_of<Task> = Task::context;
} // namespace detail

/// One training run, step by step. `train` is a loop around it.
/// \tparam Team who runs the shards of a batch: the threads of this process, or `mpi::team`
template <class Net, class Task, class Optimizer, class Team = detail::team_of<typename Net::model>>
class trainer {
  static_assert(task<Task>,
                "dormant::train: the second argument must be a task: sample_row(stream, "
                "step, row, tokens, laws), sample(rows), table() and context; see "
                "<dormant/concepts.hpp>");
  static_assert(
      requires { typename Optimizer::template state<float>; },
      "dormant::train: this optimizer has no state: give it a nested template <class T> "
      "struct state, constructible from the number of parameters; see "
      "<dormant/concepts.hpp>");
  static_assert(
      !requires { typename Optimizer::template state<float>; } || optimizer<Optimizer>,
      "dormant::train: the third argument must be an optimizer: a name, a state and "
      "step<Arch>(state, segment, t); see <dormant/concepts.hpp>");

public:
  using model = typename Net::model;
  using net_type = Net;
  using T = typename Net::scalar;
  using state_type = typename Optimizer::template state<T>;
  using members = typename Team::members;

  /// The model and the task are referred to, the optimizer and the schedule copied.
  /// \throws error for a batch of 0 or a task whose sequences do not fit the model, and if the
  ///   threads or the memory cannot be had
  trainer(Net& net, Task const& task, Optimizer const& optimizer, schedule const& plan,
          members who = {})
      : net_(net), task_(task), optimizer_(optimizer), plan_(checked(plan)),
        jobs_(optimizer_, net.placed()),
        pass_({.threads = plan.threads, .shards = plan.shards}, true, net.placed(), who),
        state_(detail::state_for<T>(optimizer_, net.placed().tensors(),
                                    net.placed().total().parameters)),
        batch_(batch_for(task, plan.batch)) {
    static_assert(!model::fixed || detail::fixed_context_of<Task> <= model::shape.context,
                  "dormant::train: the task's sequences are longer than the model's context");
    detail::check_whole(net.parameters().size());
    detail::tell_structure(optimizer_, net.placed());
    state_.each([&](auto name, auto& memory) {
      moments_.push_back({name, std::span<T const>(memory.span())});
    });
    detail::each_flat_of(state_, [&](auto name, auto& memory) {
      moments_.push_back({name, std::span<T const>(memory.span()), true});
    });
  }
  trainer(Net& net, Task const&& task, Optimizer const& optimizer, schedule const& plan,
          members who = {})
      : trainer(net, static_cast<Task const&>(task), optimizer, plan, who) {
    static_assert(detail::never<Task>,
                  "dormant::trainer: the task is a temporary, which would be gone before the first "
                  "step; give it a name that lives as long as the trainer");
  }
  trainer(Net const&& net, Task const& task, Optimizer const& optimizer, schedule const& plan,
          members who = {})
      : trainer(const_cast<Net&>(net), task, optimizer, plan, who) {
    static_assert(
        detail::never<Net>,
        "dormant::trainer: the model is a temporary, which would be gone before the first "
        "step; give it a name that lives as long as the trainer");
  }

  /// Takes one step and returns the loss of its batch before the step, nats.
  ///
  /// What a hook or the task throws comes through. Until the optimizer moves (the forward and
  /// backward pass, `site::loss`, `site::gradient`) the trainer is then as before the step, and the
  /// next call takes the same step with the same bits. Afterwards (`site::update`, `site::step`)
  /// the step is whole and counts; hooks that were not yet told of it are not told. A probe keeps
  /// what it saw of whole passes, and nothing of a broken one.
  /// \throws non_finite, leaving the parameters as they were; error for a task that draws tokens
  ///   outside the model's vocabulary, a model that was moved from, and a trainer whose last step
  ///   was left half taken, by an optimizer that threw or by an overflow
  template <class... Hooks>
  double step(Hooks&... hooks) {
    static_assert((detail::check_hook<model, true, Hooks>() && ...));
    (detail::tell_structure(hooks, net_.placed()), ...);
    detail::hook_pack<T, Hooks...> const heard(hooks...);
    check_usable();
    draw_batch();
    double const loss = pass_.differentiate(net_.parameters().data(), batch_, hooks...);
    if (!std::isfinite(loss) || !pass_.finite()) explain_non_finite(loss, hooks...);
    heard.event(site::loss{{steps_, {}}}, loss);
    tell_tensors<site::gradient>(heard, steps_, pass_.gradient().data());
    update(heard);
    ++steps_;
    loss_ = loss;
    tell_tensors<site::update>(heard, steps_ - 1, before_.data());
    heard.event(site::step{{steps_ - 1, {}}}, state());
    return loss;
  }

  /// Shows hooks the batch that the next step would use, without taking it.
  template <class... Hooks>
  double measure(Hooks&... hooks) {
    static_assert((detail::check_hook<model, false, Hooks>() && ...));
    (detail::tell_structure(hooks, net_.placed()), ...);
    detail::hook_pack<T, Hooks...> const heard(hooks...);
    check_usable();
    draw_batch();
    double const loss = pass_.evaluate(net_.parameters().data(), batch_, hooks...);
    heard.event(site::loss{{steps_, {}}}, loss);
    return loss_ = loss;
  }

  /// Measures the model as it is now on sequences of your own, as `net.evaluate` does, but with the
  /// memory and the threads that this trainer has: for measuring again and again while training.
  /// \throws error as `net.evaluate` does, and for a trainer whose last step was left half taken
  template <class... Hooks>
  evaluation evaluate(batch const& rows, Hooks&... hooks) {
    static_assert((detail::check_hook<model, false, Hooks>() && ...));
    check_usable();
    detail::check_batch(rows, net_.placed().s, model::registers);
    (detail::tell_structure(hooks, net_.placed()), ...);
    return detail::evaluate_by(pass_, net_.parameters().data(), rows, hooks...);
  }

  /// What a checkpoint keeps.
  [[nodiscard]] run_state<T> state() const {
    return {steps_,   plan_.steps,   plan_.batch * task_.context, loss_, net_.parameters(),
            moments_, net_.tensors()};
  }
  /// Calls `f(name, memory)` for the writable memory behind each of `state().moments`, in the same
  /// order: for resuming, as `resume_at` is.
  void each_moment(auto f) {
    state_.each(f);
    detail::each_flat_of(state_, f);
  }
  void resume_at(std::uint64_t steps) {
    steps_ = steps;
    half_taken_ = false;
  }

  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  [[nodiscard]] schedule const& plan() const { return plan_; }
  [[nodiscard]] Net& net() { return net_; }

private:
  static schedule const& checked(schedule const& plan) {
    if (plan.batch == 0) refuse({"train: the batch must hold at least one sequence, found 0"});
    return plan;
  }

  void check_usable() const {
    detail::check_whole(net_.parameters().size());
    if (half_taken_) {
      refuse({"training cannot go on: step ", steps_,
              " was left half taken, so parameters and "
              "optimizer memory belong to no step; load the last checkpoint"});
    }
  }

  void draw_batch() {
    pass_.pool().run(plan_.batch, [&](std::size_t b, std::size_t) {
      task_.sample_row(stream::training_data, steps_, b, batch_.tokens(b), batch_.laws(b));
    });
    detail::check_batch(batch_, net_.placed().s, model::registers);
  }

  // What the optimizer wants all gradients to be multiplied by, seeing their norm.
  T gradient_scale() {
    if constexpr (detail::scales_gradients<Optimizer>) {
      double const norm = jobs_.norm(optimizer_, net_.parameters().data(), pass_.gradient().data(),
                                     steps_ + 1, pass_.pool());
      if (!std::isfinite(norm)) stop({"the norm of the gradient is not finite"});
      return static_cast<T>(optimizer_.gradient_scale(norm));
    }
    return 1;
  }

  // Moves the parameters; if anybody listens, `before_` is then what was added to them.
  template <class Pack>
  void update(Pack const&) {
    T* const parameters = net_.parameters().data();
    constexpr bool told = Pack::template heard<site::update>;
    if constexpr (told) detail::grown(before_, net_.parameters().size());
    if constexpr (told) std::copy_n(parameters, before_.size(), before_.data());
    T* const gradient = pass_.gradient().data();
    T const scale = gradient_scale();
    std::atomic<bool> finite{true};
    half_taken_ = true;
    pass_.pool().run(jobs_.count(), [&](std::size_t i, std::size_t) {
      auto const s = jobs_.segment(i, parameters, gradient);
      if constexpr (detail::scales_gradients<Optimizer>) {
        if (scale != 1) {
          kernels::scale<typename Net::arch, T>(gradient + s.offset, s.gradients.size(), scale);
        }
      }
      optimizer_.template step<typename Net::arch, T>(state_, s, steps_ + 1);
      if (!kernels::all_finite<typename Net::arch, T>(s.parameters.data(), s.parameters.size())) {
        finite.store(false, std::memory_order_relaxed);
      }
    });
    // Before any hook is told of the step, so that no checkpoint is overwritten.
    if (!finite) {
      stop({"the step left the parameter ", spoiled(net_.parameters().data()), " not finite"});
    }
    half_taken_ = false;
    if constexpr (told) {
      for (std::size_t i = 0; i < before_.size(); ++i) {
        before_.data()[i] = parameters[i] - before_.data()[i];
      }
    }
  }

  template <class Site, class Pack>
  void tell_tensors(Pack const& heard, std::uint64_t step, T* values) {
    if constexpr (Pack::template heard<Site>) {
      for (std::size_t i = 0; i < net_.tensors().size(); ++i) {
        auto const& t = net_.tensors()[i];
        heard.event(Site{{step, t.name.view()}}, values + t.offset, t.rows, t.cols);
      }
    }
  }

  [[noreturn]] void stop(detail::words why) const {
    throw non_finite(sentence({"training stopped at step ", steps_, ": "}) + sentence(why));
  }
  // The first tensor that holds a value which is not finite; empty if none does.
  [[nodiscard]] std::string_view spoiled(T const* values) const {
    for (std::size_t i = 0; i < net_.tensors().size(); ++i) {
      auto const& t = net_.tensors()[i];
      if (!kernels::all_finite<typename Net::arch, T>(values + t.offset, t.size())) {
        return t.name.view();
      }
    }
    return {};
  }
  template <class... Hooks>
  [[noreturn]] void explain_non_finite(double loss, Hooks&... hooks) {
    auto const name = spoiled(net_.parameters().data());
    if (!name.empty()) stop({"the parameter ", name, " is not finite"});
    auto const gradient = spoiled(pass_.gradient().data());
    auto const site = pass_.explain(net_.parameters().data(), batch_, hooks...);
    if (!site.empty()) stop({site});
    if (!std::isfinite(loss)) stop({"the loss is not finite"});
    stop({"the gradient of ", gradient.empty() ? "a parameter" : gradient, " is not finite"});
  }

  Net& net_;
  Task const& task_;
  Optimizer optimizer_;
  schedule plan_;
  detail::update_jobs<model, Optimizer, Team::chunk> jobs_;
  detail::batch_pass<model, Team> pass_;
  state_type state_;
  batch batch_;
  std::vector<typename run_state<T>::moment> moments_;
  arena<T> before_;
  std::uint64_t steps_ = 0;
  double loss_ = 0;
  bool half_taken_ = false; // a step began to move the parameters and did not end
};

} // namespace dormant
