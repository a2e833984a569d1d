// SPDX-License-Identifier: MIT
#include "../optimizer_cases.hpp"

#include <dormant/optimizer/sign_sgd.hpp>

static optimizer_cases::of_file const sign_sgd([](optimizer_cases::writer const& write) {
  write("sign_sgd", "sign_sgd", dormant::sign_sgd{.lr = 1e-2, .weight_decay = 0.1},
        {{"lr", 1e-2}, {"weight_decay", 0.1}});
});
