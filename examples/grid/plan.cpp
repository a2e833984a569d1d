// SPDX-License-Identifier: MIT
// Plans: which units answer what is asked.
#include "grid/plan.hpp"

#include "common/split.hpp"
#include "grid/axes.hpp"

#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace grid {

namespace {

constexpr std::string_view header =
    "sheet,attention,norm,optimizer,depth,rate,weight_decay,triggers,context,"
    "steps,batch,init_seed,data_seed";
// Of the seeds that are not the grid's own, so that nothing that is compared shares one by chance.
constexpr std::uint64_t first_of_crossed = 1001, first_of_phases = 2001, first_of_rates = 3001;
constexpr std::size_t crossed_inits = 5, crossed_datas = 4, seeds_of_phases = 3;

std::vector<std::string> chosen(std::vector<std::string> const& wanted,
                                std::vector<std::string> const& there, std::string_view what) {
  for (auto const& name : wanted) {
    if (std::ranges::find(there, name) == there.end()) {
      dm::refuse({"there is no ", what, " ", dm::io::in_quotes(name), "; there are "},
                 {fmt::format("{}", fmt::join(there, ", "))});
    }
  }
  return wanted.empty() ? there : wanted;
}

void on_seeds(sheet& to, configuration const& c, std::vector<dm::seeds> const& seeds) {
  for (auto const& s : seeds) to.units.push_back({c, s});
}

/// Seed by seed, so that what is there after an interruption can be compared.
sheet every_cell(std::vector<configuration> const& cells, std::vector<dm::seeds> const& seeds) {
  sheet out{std::string(sheets::grid), {}};
  for (auto const& s : seeds) {
    for (auto const& c : cells) out.units.push_back({c, s});
  }
  return out;
}

std::vector<configuration> cells_of(wish const& what, std::vector<std::string> const& attentions,
                                    configuration const& usual) {
  std::vector<configuration> out;
  auto const add = [&](configuration c) {
    if (std::ranges::find(out, c) == out.end()) out.push_back(std::move(c));
  };
  auto const product = [&](auto const& as, auto const& ns, auto const& os, auto const& ds) {
    for (auto const& d : ds) {
      for (auto const& a : as) {
        for (auto const& n : ns) {
          for (auto const& o : os) {
            auto c = usual;
            c.attention = a, c.norm = n, c.optimizer = o, c.depth = d;
            add(std::move(c));
          }
        }
      }
    }
  };
  using list = std::vector<std::string>;
  auto as = chosen(what.attentions, attentions, "attention");
  auto const ns = chosen(what.norms, norm_names, "norm");
  auto const os = chosen(what.optimizers, optimizer_names, "optimizer");
  auto const ds = chosen(what.depths, depth_names, "depth");
  add(usual); // the baseline comes first, whatever was asked for
  bool const half_hour = what.extent == "half_hour";
  if (half_hour && what.attentions.empty()) {
    std::erase_if(as, [&](std::string const& name) {
      return name != usual.attention &&
             std::ranges::find(half_hour_attentions, name) == half_hour_attentions.end();
    });
  }
  if (half_hour || what.extent == "one_at_a_time") {
    list const depth{usual.depth};
    product(as, list{usual.norm}, list{usual.optimizer}, depth);
    product(list{usual.attention}, ns, list{usual.optimizer}, depth);
    product(list{usual.attention}, list{usual.norm}, os, depth);
    return out;
  } else {
    product(as, ns, os, ds);
  }
  for (auto const& d : ds)
    product(list{usual.attention}, list{usual.norm}, list{usual.optimizer}, list{d});
  return out;
}

sheet rate_by_decay(configuration const& usual) {
  sheet out{std::string(sheets::rate_decay), {}};
  for (double const rate : {0.1, 0.3, 1.0, 3.0, 10.0}) {
    for (double const decay : {0.0, 1e-3, 1e-2, 1e-1, 0.5}) {
      auto c = usual;
      c.rate = rate, c.weight_decay = decay;
      on_seeds(out, c, dm::paired_seeds({first_of_phases, first_of_phases}, seeds_of_phases));
    }
  }
  return out;
}
sheet rates_of_optimizers(configuration const& usual, std::vector<std::string> const& optimizers) {
  sheet out{std::string(sheets::rates), {}};
  for (auto const& o : optimizers) {
    for (double const rate : {0.1, 0.3, 1.0, 3.0, 10.0}) {
      auto c = usual;
      c.optimizer = o, c.rate = rate;
      on_seeds(out, c, dm::paired_seeds({first_of_rates, first_of_rates}, seeds_of_phases));
    }
  }
  return out;
}
sheet triggers_by_context(configuration const& usual) {
  sheet out{std::string(sheets::triggers), {}};
  for (std::size_t const triggers : {1U, 2U, 3U, 5U, 8U, 12U}) {
    for (std::size_t const context : {8U, 16U, 32U, 64U}) {
      auto c = usual;
      c.triggers = triggers, c.context = context;
      on_seeds(out, c, dm::paired_seeds({first_of_phases, first_of_phases}, seeds_of_phases));
    }
  }
  return out;
}

// ---- plan.csv ---------------------------------------------------------------------------------

template <class T>
T number(std::string const& text, std::string const& where, std::string_view column) {
  T value{};
  auto const [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc() && end == text.data() + text.size()) return value;
  dm::refuse({where, ": ", column, " is ", dm::io::in_quotes(text), ", expected a number"});
}

} // namespace

std::vector<unit> plan::units() const {
  std::vector<unit> out;
  std::set<std::string> seen;
  for (auto const& s : all) {
    for (auto const& u : s.units) {
      if (seen.insert(u.name()).second) out.push_back(u);
    }
  }
  return out;
}

std::vector<unit> plan::of(std::string_view name) const {
  for (auto const& s : all) {
    if (s.name == name) return s.units;
  }
  return {};
}

std::string plan::text() const {
  std::string out = std::string(header) + "\n";
  for (auto const& s : all) {
    for (auto const& [c, seeds] : s.units) {
      out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{}\n", s.name, c.attention, c.norm,
                         c.optimizer, c.depth, c.rate, c.weight_decay, c.triggers, c.context,
                         c.steps, c.batch, seeds.init, seeds.data);
    }
  }
  return out;
}

plan plan::read(std::filesystem::path const& path) {
  constexpr std::size_t longest = 1'000'000'000;
  auto const text = dm::read_file(path, longest);
  plan out;
  std::size_t line_number = 0;
  for (std::size_t at = 0; at < text.size();) {
    auto const end = text.find('\n', at);
    std::string_view const line(text.data() + at,
                                (end == std::string::npos ? text.size() : end) - at);
    auto const where = fmt::format("{}, line {}", dm::io::shown(path), ++line_number);
    if (end == std::string::npos)
      dm::refuse({where, ": the line has no end; the file was cut off"});
    at = end + 1;
    if (line_number == 1) {
      if (line != header) dm::refuse({where, ": expected the columns ", header});
      continue;
    }
    auto const cells = program::split(line);
    if (cells.size() != 13) dm::refuse({where, ": expected 13 cells, found ", cells.size()});
    auto const whole = [&](std::size_t i, std::string_view column) {
      return number<std::uint64_t>(cells[i], where, column);
    };
    unit u{{.attention = cells[1],
            .norm = cells[2],
            .optimizer = cells[3],
            .depth = cells[4],
            .rate = number<double>(cells[5], where, "rate"),
            .weight_decay = number<double>(cells[6], where, "weight_decay"),
            .triggers = whole(7, "triggers"),
            .context = whole(8, "context"),
            .steps = whole(9, "steps"),
            .batch = whole(10, "batch")},
           {whole(11, "init_seed"), whole(12, "data_seed")}};
    if (out.all.empty() || out.all.back().name != cells[0]) out.all.push_back({cells[0], {}});
    out.all.back().units.push_back(std::move(u));
  }
  if (line_number == 0) dm::refuse({dm::io::shown(path), ": the file is empty"});
  return out;
}

plan plan_for(wish const& what, std::vector<std::string> const& attentions) {
  configuration usual;
  usual.steps = what.steps;
  auto const seeds = dm::paired_seeds({1, 1}, what.seeds);
  plan out;
  if (what.extent == "rates") {
    out.all.push_back(
        rates_of_optimizers(usual, chosen(what.optimizers, optimizer_names, "optimizer")));
    return out;
  }
  if (what.extent != "phases") {
    out.all.push_back(every_cell(cells_of(what, attentions, usual), seeds));
    // Pairs of runs that share no seed with the cells: a control that had their baseline in it
    // would hang together with what it controls.
    sheet control{std::string(sheets::control), {}};
    std::set<std::string> depths;
    for (auto const& u : out.all.front().units) {
      if (!depths.insert(u.of.depth).second) continue;
      auto c = usual;
      c.depth = u.of.depth;
      on_seeds(control, c, dm::paired_seeds({1 + what.seeds, 1 + what.seeds}, 2 * what.seeds));
    }
    out.all.push_back(std::move(control));
  }
  if (what.extent != "phases" && what.extent != "named") {
    sheet crossed{std::string(sheets::crossed), {}};
    on_seeds(crossed, usual,
             dm::crossed_seeds({first_of_crossed, first_of_crossed}, crossed_inits, crossed_datas));
    out.all.push_back(std::move(crossed));
  }
  if (what.extent == "phases" || what.extent == "full") {
    out.all.push_back(rate_by_decay(usual));
    out.all.push_back(triggers_by_context(usual));
  }
  return out;
}

} // namespace grid
