// SPDX-License-Identifier: MIT
#include "language_model/memory.hpp"

#include "common/exit_code.hpp"

#include <dormant/dormant.hpp>
#include <dormant/io/plain_words.hpp>
#include <dormant/source/streamed_memory.hpp>

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace language_model {

std::size_t bytes_of(std::string const& bound) {
  if (bound.empty()) return 0;
  double number = 0;
  auto const end = bound.data() + bound.size();
  auto const [stop, code] = std::from_chars(bound.data(), end, number);
  double unit = 1;
  bool const has_unit = stop != end && stop + 1 == end;
  if (has_unit) unit = *stop == 'G' ? 1e9 : *stop == 'M' ? 1e6 : 0;
  if (code != std::errc() || (stop != end && !has_unit) || unit == 0 || !(number > 0) ||
      number * unit >= 1e18) {
    throw program::usage_error(
        fmt::format("--memory: expected a size as 4G or 500M, found {}", dm::io::in_quotes(bound)));
  }
  return static_cast<std::size_t>(std::llround(number * unit));
}

void keep_within(std::string const& bound, dm::model_folder const& folder, dm::batch const& rows,
                 dm::execution how, std::size_t copies) {
  auto const most = bytes_of(bound);
  auto needed =
      dm::with_pretrained(folder, [&](auto const& net) { return dm::memory_of(net, rows, how); });
  needed.streams *= copies;
  auto const in_gigabytes = [](std::size_t bytes) { return static_cast<double>(bytes) * 1e-9; };
  if (most != 0 && needed.total() > most) {
    auto const fixed = needed.weights + needed.sequences;
    auto const fit = fixed < most ? (most - fixed) / (needed.streams / rows.rows()) : 0;
    dm::refuse({fmt::format(
        "a pass over {} rows takes {:.3f} GB, more than the {:.3f} GB of --memory: {}", rows.rows(),
        in_gigabytes(needed.total()), in_gigabytes(most),
        fit > 0 ? fmt::format("--rows {} would fit", fit)
                : fmt::format("one layer alone takes {:.3f} GB, and {:.3f} GB the values of a "
                              "sequence on each thread",
                              in_gigabytes(needed.weights), in_gigabytes(needed.sequences)))});
  }
  fmt::print(
      "a pass takes at most {:.3f} GB beside the mapped files: {:.3f} for a layer's weights, "
      "{:.3f} for the residual streams of {} rows, {:.3f} for a sequence on each thread\n",
      in_gigabytes(needed.total()), in_gigabytes(needed.weights), in_gigabytes(needed.streams),
      rows.rows(), in_gigabytes(needed.sequences));
}

} // namespace language_model
