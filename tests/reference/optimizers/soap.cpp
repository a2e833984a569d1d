// SPDX-License-Identifier: MIT
#include "../optimizer_cases.hpp"

#include <dormant/optimizer/soap.hpp>

static optimizer_cases::of_file const soap([](optimizer_cases::writer const& write) {
  // An axis is turned only where it is the shorter one: of g g^T with more rows than columns, the
  // eigenvectors of 0 are any.
  std::vector<optimizer_cases::tensor> const tensors{
      {"layers.0.attention.wq.weight", 6, 6, dormant::group::attention},
      {"layers.0.attention.wg.bias", 1, 6, dormant::group::attention},
      {"layers.0.ff.w1.weight", 17, 6, dormant::group::mlp},
      {"layers.0.ff.w2.weight", 6, 17, dormant::group::mlp}};
  for (std::uint64_t const refresh : {std::uint64_t{2}, std::uint64_t{10}}) {
    write("soap_" + std::to_string(refresh), "soap",
          dormant::soap{.lr = 1e-2,
                        .beta1 = 0.8,
                        .beta2 = 0.9,
                        .eps = 1e-3,
                        .weight_decay = 0.1,
                        .refresh = refresh,
                        .widest = 16},
          {{"lr", 1e-2},
           {"beta1", 0.8},
           {"beta2", 0.9},
           {"eps", 1e-3},
           {"weight_decay", 0.1},
           {"refresh", refresh},
           {"widest", 16}},
          tensors);
  }
});
