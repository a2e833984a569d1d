// SPDX-License-Identifier: MIT
// Counts seeds and bounds their rate.
#include "common/outcome.hpp"

#include "dormant/proportion.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace program {

std::string_view to_words(outcome o) {
  if (o == outcome::holds) return "holds";
  return o == outcome::for_most ? "holds for most seeds" : "not established";
}

std::string_view tone_of(outcome o) {
  if (o == outcome::holds) return "holds";
  return o == outcome::for_most ? "for-most" : "not-established";
}

verdict judged(shown const& seeds) {
  verdict v{.passes = static_cast<std::size_t>(std::ranges::count(seeds.by, true)),
            .n = seeds.by.size(),
            .unmeasured = seeds.unmeasured};
  auto const rate = dormant::rate_of(v.passes, v.n, 0.9);
  v.rate = rate.middle;
  v.low = rate.low;
  v.high = rate.high;
  if (v.low > for_most_above) v.is = outcome::for_most;
  if (v.low > holds_above) v.is = outcome::holds;
  return v;
}

std::string seeds_in_words(verdict const& v) {
  auto text = fmt::format("{} of {} seed{}", v.passes, v.n, v.n == 1 ? "" : "s");
  if (v.unmeasured != 0) text += fmt::format(", {} without a number", v.unmeasured);
  return text;
}

std::string rate_in_words(verdict const& v) {
  return fmt::format("{:.2f} ({:.2f} to {:.2f})", v.rate, v.low, v.high);
}

} // namespace program
