// SPDX-License-Identifier: MIT
// Which attentions this program was built with; each registers itself from its file in attention/.
#pragma once

#include "grid/unit.hpp"

#include "dormant/probe/row.hpp"
#include "dormant/task/bigram_table.hpp"

#include <functional>
#include <string>
#include <vector>

namespace grid {

/// Trains and measures a unit; calls `stepped` after every step, which may throw to stop.
using worker = dm::probe_row (*)(unit const&, dm::bigram_table const&,
                                 std::function<void()> const& stepped);

struct attention {
  std::string name;
  std::string words; ///< in reports
  worker work;
};

/// All that were linked in, by name.
class attentions {
public:
  static std::vector<attention>& all() {
    static std::vector<attention> known;
    return known;
  }
  attentions(std::string name, std::string words, worker work) {
    all().push_back({std::move(name), std::move(words), work});
  }
};

} // namespace grid
