// SPDX-License-Identifier: MIT
// Reads the table that the build has compiled in.
#include "common/published.hpp"

#include "dormant/error.hpp"
#include "published_csv.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace published {

namespace {

std::string_view until(std::string_view& rest, char mark) {
  auto const end = std::min(rest.find(mark), rest.size());
  auto const cell = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return cell;
}

double number_in(std::string_view cell) {
  double value = std::nan("");
  std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return value;
}

std::vector<number> read(std::string_view text) {
  std::vector<number> out;
  while (!text.empty()) {
    auto line = until(text, '\n');
    if (line.empty() || line.starts_with('#') || line.starts_with("run,")) continue;
    number n{.run = until(line, ',')};
    n.step = number_in(until(line, ','));
    n.value = number_in(until(line, ','));
    n.definition = until(line, ',');
    n.source = line;
    out.push_back(n);
  }
  return out;
}

} // namespace

std::vector<number> const& all() {
  static std::vector<number> const numbers = read(published_csv);
  return numbers;
}

series over_training(std::string_view run, std::string_view definition) {
  series out;
  for (auto const& n : all()) {
    if (n.run != run || n.definition != definition) continue;
    out.steps.push_back(n.step);
    out.values.push_back(n.value);
  }
  if (out.steps.empty()) {
    dormant::refuse({"the paper has published no ", definition, " of '", run, "'"});
  }
  return out;
}

double at(std::string_view run, std::string_view definition, double step) {
  auto const [steps, values] = over_training(run, definition);
  auto const found = std::ranges::find(steps, step);
  if (found == steps.end()) {
    dormant::refuse({"the paper has published no ", definition, " of '", run, "' at step ",
                     static_cast<std::uint64_t>(step)});
  }
  return values[static_cast<std::size_t>(found - steps.begin())];
}

} // namespace published
