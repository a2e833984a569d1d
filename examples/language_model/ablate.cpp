// SPDX-License-Identifier: MIT
// What every head, attention, MLP and layer of a pretrained model is worth: each removed in turn, and
// what that does to the loss, and to sinks and norms in the layers after it.
#include "language_model/ablate_page.hpp"
#include "language_model/measure.hpp"
#include "language_model/memory.hpp"
#include "language_model/removals.hpp"
#include "language_model/texts.hpp"

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

struct request {
  std::string model, texts, out = "ablate", memory;
  std::uint64_t context = 128, rows = 64, threads = 0;
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
  auto const folder = dm::model_folder::open(asked.model);
  auto const what = lm::described(folder);
  auto const words = lm::text_tokenizer::of(folder);
  auto const texts = lm::read_rows(asked.texts, words, asked.context, asked.rows);
  auto const first = lm::first_tokens(texts, words);
  auto const rows = dm::batch_of(texts);
  if (rows.predicted() == 0) {
    dm::refuse({"no row has a second token, so there is no loss that could change"});
  }
  fmt::print("{}\n{}\n", what, first);
  lm::keep_within(asked.memory, folder, rows, {.threads = asked.threads}, 3);
  dm::create_output_folder(asked.out);
  auto const all = lm::measure_removals(folder, rows, {.threads = asked.threads}, progress);
  auto const effects = lm::effects_of(all);
  auto const said = summary(all, effects);

  std::filesystem::path const out = asked.out;
  write_removals(effects, out / "removals.csv");
  write_downstream(all, out / "downstream.csv");
  auto const about = fmt::format("<p>{}; {}.</p><p><code>ablate --model {} --texts {}</code></p>",
                                 page::escaped(what), page::escaped(first),
                                 page::escaped(asked.model), page::escaped(asked.texts));
  dm::write_file_atomically(out / "report.html",
                            lm::ablate_page(all, effects, about, page::escaped(said)));
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
  options.text("--model", asked.model, "folder with config.json and model.safetensors or shards",
               "DIR");
  options.text(
      "--texts", asked.texts,
      "comma-separated files: texts (.txt, with the folder's tokenizer.json), or token ids: "
      ".npy [B, T], or .json as the authors' input_ids.json",
      "A,B");
  options.text("--out", asked.out,
               "folder to write, new or empty: report.html, removals.csv, downstream.csv", "DIR");
  options.required("--model");
  options.required("--texts");
  options.count("--context", asked.context, "tokens of a row at most; the rest is cut off",
                {.most = 1'000'000});
  options.count("--rows", asked.rows, "rows at most", program::of_a_batch);
  options.text("--memory", asked.memory, lm::memory_help, "SIZE");
  options.count("--threads", asked.threads, "0: all cores", program::of_threads);
  return options.run(argc, argv, [&] { return run(asked); });
}
