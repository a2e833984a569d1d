// SPDX-License-Identifier: MIT
// The optimizers that Python knows by name, and what can be said of each.
#pragma once

#include "dormant/error.hpp"
#include "dormant/optimizer/adamw.hpp"
#include "dormant/optimizer/sgd.hpp"
#include "dormant/optimizer/sign_sgd.hpp"
#include "dormant/probe/names.hpp"
#include "module/doors.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace dormant::python {

/// Takes values by their names, and refuses those that nobody took.
class values_by_name {
public:
  explicit values_by_name(named_values const& said) : said_(said) {}

  void take(std::string_view name, double& into) {
    known_.push_back(name);
    for (auto const& [said, value] : said_.values)
      if (said == name) into = value;
  }
  void take(group_rates& rates) {
    take("rates.embeddings", rates.embeddings);
    take("rates.attention", rates.attention);
    take("rates.mlp", rates.mlp);
    take("rates.norms", rates.norms);
    take("rates.output", rates.output);
  }
  /// \throws error for a name that was not asked for
  void check_all_taken() const {
    for (auto const& [said, value] : said_.values) {
      if (std::find(known_.begin(), known_.end(), said) == known_.end()) {
        refuse_name(said_.name, said, known_);
      }
    }
  }

private:
  named_values const& said_;
  std::vector<std::string_view> known_;
};

/// Calls `f` with the optimizer of that name.
/// \throws error if there is none, or for a value that it has not
template <class F>
auto with_optimizer(named_values const& said, F const& f) {
  values_by_name values(said);
  auto const made = [&](auto& optimizer) {
    values.take("lr", optimizer.lr);
    values.take("weight_decay", optimizer.weight_decay);
    values.take(optimizer.rates);
    values.check_all_taken();
    return f(optimizer);
  };
  if (said.name == adamw::name) {
    adamw optimizer;
    values.take("beta1", optimizer.beta1);
    values.take("beta2", optimizer.beta2);
    values.take("eps", optimizer.eps);
    return made(optimizer);
  }
  if (said.name == sgd::name) {
    sgd optimizer;
    values.take("momentum", optimizer.momentum);
    return made(optimizer);
  }
  if (said.name == sign_sgd::name) {
    sign_sgd optimizer;
    return made(optimizer);
  }
  refuse_name("dormant.py", said.name, {adamw::name, sgd::name, sign_sgd::name});
}

} // namespace dormant::python
