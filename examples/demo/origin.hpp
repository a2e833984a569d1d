// SPDX-License-Identifier: MIT
// Where a peak comes from, and why a seed may have none: what is left of sink and drain when the
// first MLP is silenced.
#pragma once

#include "demo/page.hpp"
#include "demo/verdict.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace demo {

namespace detail {
/// Medians of a number with and without the first MLP over some seeds, as "0.17 to 0.60".
inline std::string from_to(std::vector<paired> const& seeds, std::string_view column) {
  return fmt::format(
      "from {:.2f} to {:.2f}",
      over_seeds(seeds, [&](paired const& p) { return p[softmax_adamw].after[column]; }),
      over_seeds(seeds,
                 [&](paired const& p) { return p[softmax_adamw].without_first_mlp[column]; }));
}
} // namespace detail

inline std::string origin_of_the_peak(std::vector<paired> const& pairs) {
  std::vector<paired> with, without;
  std::vector<std::vector<std::string>> rows;
  for (auto const& p : pairs) {
    (shows_peak(p) ? with : without).push_back(p);
    auto const& r = p[softmax_adamw];
    auto const cell = [](dm::probe_row const& row, std::string_view column) {
      return fmt::format("{:.2f}", row[column]);
    };
    rows.push_back({std::to_string(p.seed), shows_peak(p) ? "yes" : "no",
                    cell(r.after, measured::peak), cell(r.after, measured::sink),
                    cell(r.without_first_mlp, measured::sink), cell(r.after, measured::drain),
                    cell(r.without_first_mlp, measured::drain)});
  }
  std::string said =
      "<h2>Where a peak comes from</h2>\n<p>The paper says that what the first MLP writes on "
      "&lt;s&gt; makes the sink and the drain of the layer above. So silence that MLP in the "
      "models trained with softmax + AdamW, and look at what is left of them.</p>\n";
  auto const tell = [&](std::vector<paired> const& seeds, std::string_view which) {
    if (seeds.empty()) return;
    said += fmt::format("<p>{}: attention on &lt;s&gt; from non-triggers goes {}, the value norm "
                        "of &lt;s&gt; against "
                        "the others' {} (medians).</p>\n",
                        which, detail::from_to(seeds, measured::sink),
                        detail::from_to(seeds, measured::drain));
  };
  tell(with, "Seeds that show the peak");
  tell(without, "Seeds that do not");
  return said + html_table({"seed", "peak shown", "residual norm<br>&lt;s&gt; / others",
                            "attention on &lt;s&gt;<br>from non-triggers", "first MLP silenced",
                            "value norm<br>&lt;s&gt; / others", "first MLP silenced"},
                           rows);
}

} // namespace demo
