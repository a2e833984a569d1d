// SPDX-License-Identifier: MIT
#include "../optimizer_cases.hpp"

#include <dormant/optimizer/signum.hpp>

static optimizer_cases::of_file const signum([](optimizer_cases::writer const& write) {
  write("signum", "signum", dormant::signum{.lr = 1e-2, .momentum = 0.8, .weight_decay = 0.1},
        {{"lr", 1e-2}, {"momentum", 0.8}, {"weight_decay", 0.1}});
});
