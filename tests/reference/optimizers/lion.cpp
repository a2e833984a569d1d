// SPDX-License-Identifier: MIT
#include "../optimizer_cases.hpp"

#include <dormant/optimizer/lion.hpp>

static optimizer_cases::of_file const lion([](optimizer_cases::writer const& write) {
  write("lion", "lion", dormant::lion{.lr = 1e-2, .beta1 = 0.7, .beta2 = 0.95, .weight_decay = 0.1},
        {{"lr", 1e-2}, {"beta1", 0.7}, {"beta2", 0.95}, {"weight_decay", 0.1}});
});
