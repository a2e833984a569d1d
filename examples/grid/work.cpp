// SPDX-License-Identifier: MIT
// Units side by side.
#include "grid/work.hpp"

#include "common/board.hpp"
#include "common/run_info.hpp"
#include "grid/attentions.hpp"
#include "grid/axes.hpp"
#include "grid/store.hpp"

#include "dormant/io/plain_words.hpp"
#include "dormant/side_by_side.hpp"
#include "dormant/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace grid {

namespace {

attention const& attention_of(unit const& u) {
  for (auto const& a : attentions::all()) {
    if (a.name == u.of.attention) return a;
  }
  dm::refuse({"this program was built without the attention ", dm::io::in_quotes(u.of.attention)});
}

/// \throws dormant::error for a name that this program knows nothing of
void require(unit const& u) {
  static_cast<void>(attention_of(u));
  auto const known = [](std::string const& name, std::vector<std::string> const& names,
                        char const* what) {
    if (std::ranges::find(names, name) == names.end())
      dm::refuse({"this program was built without the ", what, " ", dm::io::in_quotes(name)});
  };
  known(u.of.norm, norm_names, "norm");
  known(u.of.optimizer, optimizer_names, "optimizer");
  known(u.of.depth, depth_names, "depth");
}

struct stopped {};

std::size_t at_a_time(std::uint64_t threads, std::size_t units) {
  std::size_t const wanted = threads != 0 ? threads : std::thread::hardware_concurrency();
  return std::clamp<std::size_t>(wanted, 1, std::max<std::size_t>(units, 1));
}

double seconds_of(unit u, std::uint64_t steps, dm::bigram_table const& table) {
  u.of.steps = steps;
  auto const begun = std::chrono::steady_clock::now();
  try {
    attention_of(u).work(u, table, [] {});
  } catch (dm::non_finite const&) { // takes its time all the same
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

std::string finding_of(unit const& u, result const& r) {
  if (!r.failed.empty()) return fmt::format("{}: {}", u.name(), r.failed);
  return fmt::format("{}: loss {:.3f}", u.name(), r.numbers["loss"]);
}

} // namespace

effort estimated(std::vector<unit> const& units, std::uint64_t threads,
                 dm::bigram_table const& table) {
  constexpr std::size_t most_tried = 12;
  constexpr std::uint64_t few = 2, more = 12;
  effort out{.threads = at_a_time(threads, units.size())};
  if (units.empty()) return out;
  double seconds = 0; // of a whole unit, over those that were tried
  std::size_t const every = std::max<std::size_t>(1, units.size() / most_tried);
  std::size_t tried = 0;
  for (std::size_t i = 0; i < units.size() && tried < most_tried; i += every, ++tried) {
    double const beginning = seconds_of(units[i], few, table);
    double const a_step = (seconds_of(units[i], more, table) - beginning) / (more - few);
    seconds += beginning + std::max(a_step, 0.0) * static_cast<double>(units[i].of.steps);
  }
  out.seconds = seconds / static_cast<double>(tried) * static_cast<double>(units.size()) /
                static_cast<double>(out.threads);
  return out;
}

bool work(std::vector<unit> const& units, std::filesystem::path const& folder,
          std::uint64_t threads, dm::bigram_table const& table) {
  std::uint64_t steps = 0;
  for (auto const& u : units) {
    steps += u.of.steps;
    require(u); // a plan of another program ends here, not after an hour
  }
  std::filesystem::create_directories(folder / "units");
  program::board all(units.size(), steps);
  auto const one = [&](std::size_t i) {
    if (all.stopping()) return;
    auto const& u = units[i];
    result r{.simd = program::simd()};
    try {
      r.numbers = attention_of(u).work(u, table, [&all] {
        all.stepped();
        if (all.stopping()) throw stopped{};
      });
    } catch (stopped const&) {
      return;
    } catch (dm::non_finite const& why) {
      r.failed = why.what();
    } catch (...) {
      all.fail();
      throw;
    }
    keep(folder, u, r);
    all.finished(finding_of(u, r));
  };
  try {
    dm::side_by_side(units.size(), one, at_a_time(threads, units.size()));
  } catch (...) {
    all.clear();
    throw;
  }
  all.clear();
  return !all.interrupted();
}

} // namespace grid
