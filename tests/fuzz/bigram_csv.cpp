// SPDX-License-Identifier: MIT
// Any bytes are either refused with a one-line sentence or a table that laws can be made of and
// that survives being written and read again.
#include "dormant/task/bigram_csv.hpp"

#include "dormant/task/alias_table.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  try {
    auto const table =
        dormant::parse_bigrams_csv({reinterpret_cast<char const*>(data), size}, "input");
    if (dormant::parse_bigrams_csv(dormant::to_csv(table), "input") != table) std::abort();
    dormant::alias_table draws(table.size(), table.size());
    for (std::size_t v = 0; v < table.size(); ++v) {
      auto const row = table.row(v);
      draws.set_row(v, std::vector<double>(row.begin(), row.end()));
      for (std::size_t k = 0; k < table.size(); ++k) {
        double const p = draws.probability(v, k);
        if (!(p >= 0 && p <= 1) || (row[k] == 0 && p != 0)) std::abort();
      }
      for (auto const bits : {std::uint64_t{0}, ~std::uint64_t{0}})
        if (row[draws.draw(v, bits)] == 0) std::abort();
    }
  } catch (dormant::error const& refused) {
    if (std::string_view(refused.what()).find('\n') != std::string_view::npos) std::abort();
  }
  return 0;
}
