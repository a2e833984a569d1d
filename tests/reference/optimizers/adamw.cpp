// SPDX-License-Identifier: MIT
#include "../optimizer_cases.hpp"

#include <dormant/optimizer/adamw.hpp>

static optimizer_cases::of_file const adamw([](optimizer_cases::writer const& write) {
  write("adamw", "adamw",
        dormant::adamw{.lr = 1e-2, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6, .weight_decay = 0.1},
        {{"lr", 1e-2}, {"betas", {0.8, 0.95}}, {"eps", 1e-6}, {"weight_decay", 0.1}});
});
