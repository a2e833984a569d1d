// SPDX-License-Identifier: MIT
#include "../optimizer_cases.hpp"

#include <dormant/optimizer/sgd.hpp>

static optimizer_cases::of_file const sgd([](optimizer_cases::writer const& write) {
  write("sgd", "sgd", dormant::sgd{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.05},
        {{"lr", 0.1}, {"momentum", 0.9}, {"weight_decay", 0.05}});
});
