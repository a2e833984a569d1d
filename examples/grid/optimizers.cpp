// SPDX-License-Identifier: MIT
// The optimizers of the grid. Each has the learning rate, to a factor of about three, with which
// softmax attention in the usual place of norms reaches the lowest loss in the grid's steps, on
// seeds that the grid does not use (`grid --extent rates`; docs/grid.md has the losses): a grid at
// one rate for all would compare learning rates. AdamW's is the demo's, which is as good as the
// best within what seeds differ.
#include "grid/optimizers.hpp"

#include <dormant/io/plain_words.hpp>
#include <dormant/optimizer/optimizers.hpp>
#include <dormant/optimizer/soap.hpp>

#include <utility>

namespace grid {

namespace {

template <class Optimizer>
class stepper_of final : public chosen_optimizer::stepper {
public:
  stepper_of(Optimizer optimizer, std::span<dm::tensor_spec const> tensors, std::size_t parameters)
      : optimizer_(std::move(optimizer)),
        state_(dm::detail::state_for<float>(optimizer_, tensors, parameters)) {}
  void step(dm::parameter_segment<float> where, std::uint64_t t) override {
    optimizer_.template step<xsimd::default_arch, float>(state_, where, t);
  }

private:
  Optimizer optimizer_;
  typename Optimizer::template state<float> state_;
};

template <class F>
auto with_optimizer(configuration const& c, F const& f) {
  auto const with = [&](auto optimizer) {
    optimizer.lr *= c.rate;
    if (c.weight_decay >= 0) optimizer.weight_decay = c.weight_decay;
    if constexpr (requires { optimizer.elsewhere.lr; }) {
      optimizer.elsewhere.lr *= c.rate;
      if (c.weight_decay >= 0) optimizer.elsewhere.weight_decay = c.weight_decay;
    }
    return f(std::move(optimizer));
  };
  std::string_view const name = c.optimizer;
  dm::adamw const adam{.lr = 3e-3};
  if (name == "sgd") return with(dm::sgd{.lr = 0.1});
  if (name == "sign_sgd") return with(dm::sign_sgd{.lr = 3e-3});
  if (name == "signum") return with(dm::signum{.lr = 3e-4});
  if (name == "lion") return with(dm::lion{.lr = 3e-4});
  if (name == "muon") return with(dm::muon{.lr = 0.006, .elsewhere = {.lr = 1e-3}});
  if (name == "muon_without_newton_schulz")
    return with(dm::muon_without_newton_schulz{.lr = 0.06, .elsewhere = {.lr = 9e-3}});
  if (name == "ortho_adam") return with(dm::ortho_adam{.lr = 3e-3});
  if (name == "soap") return with(dm::soap{.lr = 1e-3});
  if (name == "adamw") return with(adam);
  dm::refuse({"this program was built without the optimizer ", dm::io::in_quotes(name)});
}

} // namespace

chosen_optimizer::chosen_optimizer(configuration const& c) : of_(c) {}

std::unique_ptr<chosen_optimizer::stepper>
chosen_optimizer::begun(std::span<dm::tensor_spec const> tensors, std::size_t parameters) const {
  return with_optimizer(of_, [&]<class Optimizer>(Optimizer optimizer) -> std::unique_ptr<stepper> {
    return std::make_unique<stepper_of<Optimizer>>(std::move(optimizer), tensors, parameters);
  });
}

} // namespace grid
