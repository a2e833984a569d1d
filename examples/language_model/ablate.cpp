// SPDX-License-Identifier: MIT
// What every head, attention, MLP and layer of a pretrained model is worth: each removed in turn,
// and what that does to the loss, and to sinks and norms in the layers after it.
#include "language_model/ablate_page.hpp"
#include "language_model/measuring.hpp"
#include "language_model/removals.hpp"

#include "common/command_line.hpp"
#include "common/exit_code.hpp"

#include <dormant/io/atomic_file.hpp>
#include <dormant/io/csv.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <unistd.h>
#include <vector>

namespace dm = dormant;
namespace lm = language_model;

namespace {

struct request : lm::measuring {
  std::string out = "ablate";
};

void progress(std::size_t done, std::size_t all) {
  if (::isatty(STDERR_FILENO) == 0) return;
  std::fprintf(stderr, "\rremovals: %zu of %zu%s", done, all, done == all ? "\n" : "");
}

dm::csv_cell head_of(lm::removed_part const& p) {
  return p.what == lm::part::head ? dm::csv_cell(p.head) : dm::csv_cell();
}

void write_removals(std::vector<lm::effect> const& effects, std::filesystem::path const& path) {
  dm::csv_table table({"layer", "part", "head", "by", "loss_change", "standard_error",
                       "loss_change_low", "loss_change_high", "attention_on_0_change",
                       "residual_norm_0_ratio", "residual_norm_others_ratio"});
  for (auto const& e : effects) {
    auto const& p = *e.of;
    table.append({p.layer, lm::name_of(p.what), head_of(p), lm::name_of(p.by), e.loss.mean,
                  e.loss.standard_error, e.loss.low, e.loss.high, e.attention, e.norm_0,
                  e.norm_others});
  }
  table.write(path);
}

/// What every layer from the removed part on shows, with the part and without.
void write_downstream(lm::all_removals const& all, std::filesystem::path const& path) {
  dm::csv_table table({"layer", "part", "head", "by", "at_layer", "attention_on_0",
                       "attention_on_0_before", "residual_norm_0", "residual_norm_0_before",
                       "residual_norm_others", "residual_norm_others_before"});
  for (auto const& p : all.parts) {
    for (std::size_t l = p.layer; l < all.layers; ++l) {
      auto const &now = p.found.layers[l], &before = all.without.layers[l];
      table.append({p.layer, lm::name_of(p.what), head_of(p), lm::name_of(p.by), l, now.attention,
                    before.attention, now.norm_0, before.norm_0, now.norm_others,
                    before.norm_others});
    }
  }
  table.write(path);
}

std::string summary(lm::all_removals const& all, std::vector<lm::effect> const& effects) {
  auto const begin = fmt::format("Loss {:.4f} nats a token with all parts. ", all.loss);
  std::size_t const rows = all.without.losses.size(), needed = lm::rows_needed(effects.size());
  if (rows < needed) {
    return begin +
           fmt::format("There are {} removals and {} rows with more than one token, too few "
                       "for intervals that hold for all removals together; {} would do.",
                       effects.size(), rows, needed);
  }
  auto const missed = std::count_if(effects.begin(), effects.end(),
                                    [](lm::effect const& e) { return e.is_missed(); });
  auto const better = std::count_if(effects.begin(), effects.end(),
                                    [](lm::effect const& e) { return e.is_better_without(); });
  return begin +
         fmt::format("Removals, one at a time, that raise it: {} of {}; that lower it: {}; with "
                     "95% confidence for all of them together.",
                     missed, effects.size(), better);
}

int run(request const& asked) {
  // Streams before the layer, before the next, and those of a pass.
  auto const given = lm::opened(asked, "no loss that could change", 3);
  dm::create_output_folder(asked.out);
  auto const all = lm::measure_removals(given.folder, given.rows, asked.how(), progress);
  auto const effects = lm::effects_of(all);
  auto const said = summary(all, effects);

  std::filesystem::path const out = asked.out;
  write_removals(effects, out / "removals.csv");
  write_downstream(all, out / "downstream.csv");
  dm::write_file_atomically(
      out / "report.html",
      lm::ablate_page(all, effects, given.about("ablate", asked), page::escaped(said)));
  fmt::print("{}\n", said);
  auto sorted = effects;
  std::stable_sort(sorted.begin(), sorted.end(), [](lm::effect const& a, lm::effect const& b) {
    return a.loss.mean > b.loss.mean;
  });
  sorted.resize(std::min<std::size_t>(sorted.size(), 10));
  for (auto const& e : sorted) {
    fmt::print("{} ({}): loss change {:+.4f}\n", lm::name_of(*e.of), lm::name_of(e.of->by),
               e.loss.mean);
  }
  fmt::print("everything is in {}: open report.html\n", asked.out);
  return program::success;
}

} // namespace

int main(int argc, char** argv) {
  request asked;
  program::command_line options("ablate",
                                "What every head, attention, MLP and layer of a pretrained "
                                "model is worth: each removed in turn.");
  lm::add_model(options, asked);
  lm::add_texts(options, asked);
  options.text("--out", asked.out,
               "folder to write, new or empty: report.html, removals.csv, downstream.csv", "DIR");
  lm::add_limits(options, asked);
  return options.run(argc, argv, [&] { return run(asked); });
}
