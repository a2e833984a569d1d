// SPDX-License-Identifier: MIT
// Policies that are chosen when the program runs. In the library a policy is a type; a program that
// offers all of them by name would compile every model once for each. The two types here decide
// for each row and each step instead, which costs no time that can be measured and saves most of
// the build.
#pragma once

#include "dormant/concepts.hpp"
#include "dormant/optimizer/adamw.hpp"
#include "dormant/optimizer/sgd.hpp"
#include "dormant/optimizer/sign_sgd.hpp"
#include "dormant/rule/output_gate.hpp"
#include "dormant/rule/relu.hpp"
#include "dormant/rule/sigmoid.hpp"
#include "dormant/rule/sink_logit.hpp"
#include "dormant/rule/softmax.hpp"
#include "dormant/rule/softmax_n.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

namespace program {

namespace dm = dormant;

/// One of the attention rules that have no parameters of their own.
struct rule_by_name {
  using rule = std::variant<dm::softmax, dm::relu, dm::sigmoid, dm::softmax_n<>>;
  static constexpr std::string_view name = "rule_by_name";
  static inline rule chosen; ///< set once, before a model is used

  static void forward(auto row) {
    std::visit([&](auto which) { which.forward(row); }, chosen);
  }
  static void backward(auto row, auto gradient) {
    std::visit([&](auto which) { which.backward(row, gradient); }, chosen);
  }
};
static_assert(dm::attention_rule<rule_by_name>);

/// Makes `rule_by_name` the rule of that name.
inline void choose_rule(std::string_view name) {
  if (name == dm::softmax::name) rule_by_name::chosen = dm::softmax{};
  if (name == dm::relu::name) rule_by_name::chosen = dm::relu{};
  if (name == dm::sigmoid::name) rule_by_name::chosen = dm::sigmoid{};
  if (name == dm::softmax_n<>::name) rule_by_name::chosen = dm::softmax_n<>{};
}

/// Calls `f.template operator()<Rule>()` for the attention rule of that name.
template <class F>
auto with_attention(std::string_view name, F&& f) {
  if (name == dm::sink_logit::name) return f.template operator()<dm::sink_logit>();
  if (name == dm::output_gate<>::name) return f.template operator()<dm::output_gate<>>();
  choose_rule(name);
  return f.template operator()<rule_by_name>();
}

/// One of the optimizers, with the memory that belongs to it.
struct optimizer_by_name {
  using hyper_parameters = std::variant<dm::adamw, dm::sgd, dm::sign_sgd>;
  static constexpr std::string_view name = "optimizer_by_name";
  static constexpr bool elementwise = true;
  static inline hyper_parameters chosen; ///< set once, before a trainer is made

  struct chosen_rates {
    [[nodiscard]] static double of(dm::group what) {
      return std::visit([what](auto const& hyper) { return hyper.rates.of(what); }, chosen);
    }
  };
  static constexpr chosen_rates rates{};

  template <class T>
  struct state {
    explicit state(std::size_t parameters)
        : memory(std::visit(
              [&]<class O>(O const&) { return any(typename O::template state<T>(parameters)); },
              chosen)) {}
    void each(auto f) {
      std::visit([&](auto& m) { m.each(f); }, memory);
    }
    using any = std::variant<dm::adamw::state<T>, dm::sgd::state<T>, dm::sign_sgd::state<T>>;
    any memory;
  };

  template <class Arch, class T>
  void step(state<T>& s, dm::parameter_segment<T> where, std::uint64_t t) const {
    std::visit(
        [&]<class O>(O const& hyper) {
          hyper.template step<Arch, T>(std::get<typename O::template state<T>>(s.memory), where, t);
        },
        chosen);
  }
};
static_assert(dm::optimizer<optimizer_by_name>);

} // namespace program
