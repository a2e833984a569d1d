// SPDX-License-Identifier: MIT
// Settings as words, and what they mean.
#include "bigram_backcopy/settings.hpp"

#include "bigram_backcopy/optimizer.hpp"
#include "common/exit_code.hpp"

#include <fmt/format.h>

namespace experiment {

namespace dm = dormant;

namespace {
// Both optimizers with a learning rate and decay of this name take them from here.
template <class Optimizer>
Optimizer filled(settings const& s) {
  Optimizer o;
  o.lr = s.lr.value_or(o.lr);
  o.weight_decay = s.weight_decay.value_or(o.weight_decay);
  if constexpr (requires { o.momentum; }) o.momentum = s.momentum.value_or(o.momentum);
  return o;
}
} // namespace

std::variant<dm::adamw, dm::sgd, dm::sign_sgd> optimizer_of(settings const& s) {
  if (s.optimizer == dm::sgd::name) return filled<dm::sgd>(s);
  if (s.optimizer == dm::sign_sgd::name) return filled<dm::sign_sgd>(s);
  return filled<dm::adamw>(s);
}

void complete(settings& s) {
  std::visit(
      [&](auto const& o) {
        s.lr = o.lr;
        s.weight_decay = o.weight_decay;
        if constexpr (requires { o.momentum; }) {
          s.momentum = o.momentum;
        } else if (s.momentum) {
          throw program::usage_error(
              fmt::format("--momentum belongs to --optimizer sgd, found {}", s.optimizer));
        }
      },
      optimizer_of(s));
  s.copy = rule_of(s).copy;
}

dm::trigger_rule rule_of(settings const& s) {
  auto rule = dm::backcopy;
  if (s.rule == "plain_markov") rule = dm::plain_markov;
  if (s.rule == "bigram_backward") rule = dm::bigram_backward;
  if (s.copy) rule.copy = *s.copy;
  return rule;
}

std::vector<word> identity_of(settings const& s) {
  std::vector<word> words = {
      {"shape", s.shape},
      {"layers", s.layers},
      {"attention", s.attention},
      {"optimizer", s.optimizer},
      {"lr", fmt::format("{}", s.lr.value_or(0))},
      {"weight-decay", fmt::format("{}", s.weight_decay.value_or(0))},
      {"batch", fmt::format("{}", s.batch)},
      {"init-seed", fmt::format("{}", s.init_seed)},
      {"data-seed", fmt::format("{}", s.data_seed)},
      {"init", s.init},
      {"triggers", fmt::format("{}", s.triggers)},
      {"bos", fmt::format("{}", s.bos)},
      {"rule", s.rule},
      {"copy", fmt::format("{}", s.copy.value_or(0))},
      {"every", fmt::format("{}", s.every)},
  };
  if (s.momentum) words.emplace_back("momentum", fmt::format("{}", *s.momentum));
  return words;
}

std::vector<word> pace_of(settings const& s) {
  return {{"steps", fmt::format("{}", s.steps)},
          {"checkpoint-every", fmt::format("{}", s.checkpoint_every)},
          {"threads", fmt::format("{}", s.threads)}};
}

} // namespace experiment
