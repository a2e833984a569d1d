// SPDX-License-Identifier: MIT
#include "../optimizer_cases.hpp"

#include <dormant/optimizer/adamw.hpp>
#include <dormant/optimizer/by_group.hpp>
#include <dormant/optimizer/sgd.hpp>

static optimizer_cases::of_file const by_group([](optimizer_cases::writer const& write) {
  dormant::sgd const sgd{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.05};
  dormant::adamw const adamw{
      .lr = 1e-2, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6, .weight_decay = 0.1};
  write("by_group", "by_group", dormant::by_group{dormant::group::attention, sgd, adamw},
        {{"chosen", "attention"},
         {"sgd", {{"lr", 0.1}, {"momentum", 0.9}, {"weight_decay", 0.05}}},
         {"adamw", {{"lr", 1e-2}, {"betas", {0.8, 0.95}}, {"eps", 1e-6}, {"weight_decay", 0.1}}}});
});
