// SPDX-License-Identifier: MIT
// The initial parameters of the authors' code (arXiv 2410.13835) for a seed of PyTorch's.
#pragma once

#include "dormant/model/transformer.hpp"
#include "dormant/torch_random.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace dormant {

/// Replaces the parameters by those that the published code has after `torch.manual_seed(seed)` on
/// a CPU: embeddings N(0, 1), matrices by `nn.Linear` in the order in which it makes them, which is
/// that of the arena. The distributions are those of the constructor; the numbers are PyTorch's, so
/// that a run can begin where the published one began (seed 42). Parts that a structure leaves out
/// draw nothing, as in a PyTorch model built without them. A `double` model gets the same floats.
/// \throws error if the model was moved from
template <class Net>
void draw_as_torch(Net& net, std::uint64_t seed) {
  detail::check_whole(net.parameters().size());
  torch_generator draw(seed);
  for (auto const& t : net.tensors()) {
    auto const values = net.parameters().subspan(t.offset, t.size());
    std::vector<float> drawn(t.size());
    switch (t.initial) {
    case initial_value::zero:
    case initial_value::one:
      continue; // norms at the identity and scalars at 0, as the constructor left them
    case initial_value::normal: draw.normal(drawn); break;
    case initial_value::uniform: {
      // kaiming_uniform_ with a = sqrt(5) is 1 / sqrt(fan in); rounded here as it rounds.
      double const gain = std::sqrt(2 / (1 + std::sqrt(5.0) * std::sqrt(5.0)));
      auto const bound =
          static_cast<float>(std::sqrt(3.0) * (gain / std::sqrt(static_cast<double>(t.cols))));
      draw.uniform(drawn, -bound, bound);
      break;
    }
    }
    std::ranges::copy(drawn, values.begin());
  }
}

} // namespace dormant
