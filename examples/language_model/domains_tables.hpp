// SPDX-License-Identifier: MIT
// What `domains` says: heads.csv, controls.csv, and the sentences that it prints.
#pragma once

#include "language_model/head_findings.hpp"

#include <dormant/io/csv.hpp>

#include <fmt/core.h>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace language_model {

inline void write_heads(std::vector<head_on_domains> const& heads,
                        std::vector<std::string> const& names, std::filesystem::path const& path) {
  dm::csv_table table({"layer", "head", "domain", "attention_on_0", "attention_low",
                       "attention_high", "loss_change", "loss_change_low", "loss_change_high"});
  for (auto const& h : heads) {
    for (std::size_t d = 0; d < names.size(); ++d) {
      auto const& on = h.on[d];
      table.append({h.layer, h.head, names[d], on.attention.mean, on.attention.low,
                    on.attention.high, on.change.mean, on.change.low, on.change.high});
    }
  }
  table.write(path);
}

/// The removal itself and its controls.
inline void write_controls(std::vector<head_on_domains> const& heads,
                           std::vector<std::string> const& names, std::string const& removal,
                           std::filesystem::path const& path) {
  dm::csv_table table({"layer", "head", "by", "other_head", "domain", "loss_change",
                       "loss_change_low", "loss_change_high"});
  for (auto const& h : heads) {
    for (std::size_t d = 0; d < names.size() && !h.controls.empty(); ++d) {
      auto const add = [&](std::string_view by, dm::csv_cell const& other,
                           dm::estimated_mean const& m) {
        table.append({h.layer, h.head, by, other, names[d], m.mean, m.low, m.high});
      };
      add(removal, {}, h.on[d].change);
      for (auto const& c : h.controls) {
        bool const is_other = c.by == control::other_head;
        if (c.change[d]) {
          add(name_of(c.by), is_other ? dm::csv_cell(c.other) : dm::csv_cell(), *c.change[d]);
        }
      }
    }
  }
  table.write(path);
}

inline std::string summary(std::vector<head_on_domains> const& heads,
                           std::vector<std::string> const& names, together const& all) {
  std::string said;
  auto const add = [&](auto is) {
    for (auto const& h : heads) {
      for (auto const& [at, to] : {std::pair{0U, 1U}, std::pair{1U, 0U}}) {
        if (!is(h, at, to)) continue;
        said +=
            fmt::format("Layer {} head {} is dormant on {} (attention on token 0 {:.3f}, loss "
                        "change {:+.4f}) and active on {} ({:.3f}, {:+.4f}). ",
                        h.layer, h.head, names[at], h.on[at].attention.mean, h.on[at].change.mean,
                        names[to], h.on[to].attention.mean, h.on[to].change.mean);
      }
    }
  };
  if (!all.enough()) {
    add([](auto const& h, auto a, auto b) { return h.looks_active_dormant(a, b); });
    return fmt::format("There are {} numbers to compare and a domain with {} rows of three tokens "
                       "or more, too few "
                       "for intervals that hold for all of them together; {} would do. {}",
                       all.numbers, all.rows, rows_needed(all.numbers),
                       said.empty() ? "No head looks active on one domain and dormant on the other."
                                    : "So this is what these rows show, and no verdict: " + said);
  }
  add([](auto const& h, auto a, auto b) { return h.active_dormant(a, b); });
  return said.empty() ? "No head is active on one domain and dormant on the other. " : said;
}

inline void print_controls(std::vector<head_on_domains> const& heads,
                           std::vector<std::string> const& names, std::string const& removal) {
  for (auto const& h : heads) {
    if (h.controls.empty()) continue;
    fmt::print("layer {} head {}: loss change on {} and on {}\n", h.layer, h.head, names[0],
               names[1]);
    auto const number = [](std::optional<dm::estimated_mean> const& m) {
      return m ? fmt::format("{:+.4f}", m->mean) : std::string("-");
    };
    fmt::print("  {:<11}{:>9}{:>9}\n", removal, number(h.on[0].change), number(h.on[1].change));
    for (auto const& c : h.controls) {
      fmt::print("  {:<11}{:>9}{:>9}\n", name_of(c.by), number(c.change[0]), number(c.change[1]));
    }
  }
}

} // namespace language_model
