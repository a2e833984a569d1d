// expect: this attention rule has a forward but no backward
// SPDX-License-Identifier: MIT
// Half of an attention rule.
#include "dormant/dormant.hpp"

using namespace dormant;

struct linear_attention {
  static constexpr std::string_view name = "linear_attention";
  static void forward(auto row) {
    for (auto& s : row) s /= static_cast<float>(row.keys);
  }
#ifdef TWIN
  static void backward(auto row, auto d) {
    for (auto& g : d) g /= static_cast<float>(row.keys);
  }
#endif
};

double use(batch const& rows) {
  transformer<shape{}, linear_attention> net;
  return net.evaluate(rows).loss;
}
