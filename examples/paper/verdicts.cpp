// SPDX-License-Identifier: MIT
// Verdicts from findings.
#include "paper/verdicts.hpp"

#include <cstddef>
#include <string>

namespace paper {

program::verdict verdict_of(nlohmann::ordered_json const& statement) {
  program::shown seeds;
  for (auto const& shows : statement["seed_shows"]) seeds.by.push_back(shows.get<bool>());
  if (statement.contains("without_number") && statement["without_number"].is_number_unsigned())
    seeds.unmeasured = statement["without_number"].get<std::size_t>();
  return program::judged(seeds);
}

dormant::csv_table verdict_table(std::vector<chapter> const& chapters) {
  dormant::csv_table table({"experiment", "statement", "passes", "n", "without_number", "rate",
                            "low", "high", "verdict"});
  for (auto const& c : chapters) {
    if (c.finding.is_null()) continue;
    for (auto const& s : c.finding["statements"]) {
      auto const v = verdict_of(s);
      auto const says = s.contains("says") && s["says"].is_string() ? s["says"].get<std::string>()
                                                                    : std::string();
      table.append({c.name, says, v.passes, v.n, v.unmeasured, v.rate, v.low, v.high,
                    program::to_words(v.is)});
    }
  }
  return table;
}

} // namespace paper
