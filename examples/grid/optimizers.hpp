// SPDX-License-Identifier: MIT
// The optimizer of a configuration, chosen when the program runs: its step knows nothing of models,
// so nine optimizers need not be compiled for each of them.
#pragma once

#include "grid/unit.hpp"

#include <dormant/concepts.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace grid {

/// An optimizer with the learning rate and weight decay of a configuration;
/// see optimizers.cpp for the rates.
class chosen_optimizer {
public:
  static constexpr std::string_view name = "chosen_optimizer";

  explicit chosen_optimizer(configuration const& c);

  /// What an optimizer and its memory do together, whichever they are.
  struct stepper {
    virtual ~stepper() = default;
    virtual void step(dm::parameter_segment<float> where, std::uint64_t t) = 0;
  };

  /// Runs of a grid begin and end in one go, so that nobody asks for what is remembered.
  template <class T>
  struct state {
    state(chosen_optimizer const& hyper, std::span<dm::tensor_spec const> tensors,
          std::size_t parameters)
        : own(hyper.begun(tensors, parameters)) {}
    void each(auto) {}
    std::unique_ptr<stepper> own;
  };

  template <class Arch, class T>
  void step(state<T>& s, dm::parameter_segment<T> where, std::uint64_t t) const {
    s.own->step(where, t);
  }

private:
  [[nodiscard]] std::unique_ptr<stepper> begun(std::span<dm::tensor_spec const> tensors,
                                               std::size_t parameters) const;
  configuration of_;
};
static_assert(dm::optimizer<chosen_optimizer>);

} // namespace grid
