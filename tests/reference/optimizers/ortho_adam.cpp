// SPDX-License-Identifier: MIT
#include "../optimizer_cases.hpp"

#include <dormant/optimizer/ortho_adam.hpp>

namespace {

using nlohmann::json;

json rotation(std::uint64_t seed, std::size_t tensor, std::uint64_t axis, std::size_t n) {
  std::vector<double> q(n * n);
  dormant::haar::fill(q.data(), n,
                      dormant::random_stream(seed, dormant::stream::user, tensor, axis));
  json rows = json::array();
  for (std::size_t i = 0; i < n; ++i) {
    rows.push_back(std::vector<double>(q.begin() + static_cast<std::ptrdiff_t>(i * n),
                                       q.begin() + static_cast<std::ptrdiff_t>((i + 1) * n)));
  }
  return rows;
}

optimizer_cases::of_file const ortho_adam([](optimizer_cases::writer const& write) {
  dormant::ortho_adam const how{.lr = 1e-2,
                                .beta1 = 0.8,
                                .beta2 = 0.95,
                                .eps = 1e-6,
                                .weight_decay = 0.1,
                                .seed = 5,
                                .widest = 16};
  json left, right;
  auto const tensors = optimizer_cases::all_tensors();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    std::string const name(tensors[i].name);
    std::size_t const rows = tensors[i].rows, cols = tensors[i].cols;
    if (rows > 1 && rows <= how.widest) left[name] = rotation(how.seed, i, 0, rows);
    if (cols > 1 && cols <= how.widest) right[name] = rotation(how.seed, i, 1, cols);
  }
  write("ortho_adam", "ortho_adam", how,
        {{"left", left},
         {"right", right},
         {"adamw", {{"lr", 1e-2}, {"betas", {0.8, 0.95}}, {"eps", 1e-6}}},
         {"weight_decay", 0.1}});
});

} // namespace
