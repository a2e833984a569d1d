// SPDX-License-Identifier: MIT
#include "../optimizer_cases.hpp"

#include <dormant/optimizer/muon.hpp>

static optimizer_cases::of_file const muon([](optimizer_cases::writer const& write) {
  dormant::adamw const adamw{
      .lr = 1e-2, .beta1 = 0.8, .beta2 = 0.95, .eps = 1e-6, .weight_decay = 0.1};
  nlohmann::json hyper{
      {"lr", 0.02},
      {"momentum", 0.9},
      {"weight_decay", 0.1},
      {"newton_schulz", true},
      {"adamw", {{"lr", 1e-2}, {"betas", {0.8, 0.95}}, {"eps", 1e-6}, {"weight_decay", 0.1}}}};
  write("muon", "muon",
        dormant::muon{.lr = 0.02, .momentum = 0.9, .weight_decay = 0.1, .elsewhere = adamw}, hyper);
  hyper["newton_schulz"] = false;
  write("muon_without_newton_schulz", "muon",
        dormant::muon_without_newton_schulz{
            .lr = 0.02, .momentum = 0.9, .weight_decay = 0.1, .elsewhere = adamw},
        hyper);
});
