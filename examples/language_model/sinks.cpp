// SPDX-License-Identifier: MIT
// Sinks, drains and peaks of a pretrained model: every layer and head of a Hugging Face folder, on texts
// that you give it.
#include "language_model/sinks_page.hpp"
#include "language_model/texts.hpp"

#include "common/command_line.hpp"
#include "common/exit_code.hpp"

#include <dormant/io/atomic_file.hpp>
#include <dormant/io/csv.hpp>

#include <fmt/core.h>

#include <filesystem>
#include <string>

namespace dm = dormant;
namespace lm = language_model;

namespace {

struct request {
  std::string model, texts, out = "sinks";
  std::uint64_t context = 128, rows = 64, threads = 0;
};

void write_heads(lm::measurement const& m, std::filesystem::path const& path) {
  dm::csv_table table({"layer", "head", "attention_on_0", "largest_mass", "second_mass", "entropy",
                       "score_gap_visible", "score_gap_all", "value_norm_0", "value_norm_others",
                       "value_drain"});
  for (std::size_t l = 0; l < m.s.layers; ++l) {
    for (std::size_t h = 0; h < m.s.heads; ++h) {
      table.append({l, h, m.sink.mean(l, h), m.mass.largest(l, h), m.mass.second(l, h),
                    m.entropy.mean(l, h), m.gap.over_visible(l, h), m.gap.over_all(l, h),
                    m.drain.bos(l, h), m.drain.other(l, h), m.drain.ratio(l, h)});
    }
  }
  table.write(path);
}

void write_layers(lm::measurement const& m, std::filesystem::path const& path) {
  dm::csv_table table({"layer", "residual_norm_0", "residual_norm_others", "residual_peak",
                       "largest_element", "position", "channel", "over_mean_element", "kurtosis",
                       "kurtosis_at_0"});
  for (std::size_t l = 0; l < m.s.layers; ++l) {
    auto const large = m.massive.largest(l);
    table.append({l, m.peak.bos(l), m.peak.other(l), m.peak.ratio(l), large.size, large.position,
                  large.channel, m.massive.ratio(l), m.massive.kurtosis(l),
                  m.massive.kurtosis_at_sinks(l)});
  }
  table.write(path);
}

/// Attention on every position, where it is more than nothing.
void write_positions(lm::measurement const& m, std::filesystem::path const& path) {
  dm::csv_table table({"layer", "head", "position", "mass"});
  for (std::size_t l = 0; l < m.s.layers; ++l) {
    for (std::size_t h = 0; h < m.s.heads; ++h) {
      for (std::size_t k = 0; k < m.mass.positions(l, h); ++k) {
        table.append({l, h, k, m.mass.at(k, l, h)});
      }
    }
  }
  table.write(path);
}

int run(request const& asked) {
  auto const folder = dm::model_folder::open(asked.model);
  auto const what = lm::described(folder);
  auto const words = lm::tokenizer_of(folder);
  auto const rows = lm::read_rows(asked.texts, words, asked.context, asked.rows);
  auto const first = lm::first_tokens(rows, words);
  fmt::print("{}\n{}\n", what, first);
  dm::create_output_folder(asked.out);
  auto const m = lm::measure(folder, dm::batch_of(rows), {.threads = asked.threads});
  std::filesystem::path const out = asked.out;
  write_heads(m, out / "heads.csv");
  write_layers(m, out / "layers.csv");
  write_positions(m, out / "positions.csv");
  auto const about = fmt::format("<p>{}; {}.</p><p><code>sinks --model {} --texts {}</code></p>",
                                 page::escaped(what), page::escaped(first),
                                 page::escaped(asked.model), page::escaped(asked.texts));
  dm::write_file_atomically(out / "report.html", lm::sinks_page(m, about));
  fmt::print("loss {:.4f} nats a token; sink rate {:.4f} (heads with more than {} on token 0)\n",
             m.loss, lm::sink_rate(m), lm::sink_threshold);
  for (std::size_t l = 0; l < m.s.layers; ++l) {
    for (std::size_t h = 0; h < m.s.heads; ++h) {
      if (m.sink.mean(l, h) <= lm::sink_threshold) continue;
      fmt::print(
          "layer {} head {}: attention on token 0 {:.3f}, value norm {:.3f} of the others'\n", l, h,
          m.sink.mean(l, h), m.drain.ratio(l, h));
    }
  }
  fmt::print("everything is in {}: open report.html\n", asked.out);
  return program::success;
}

} // namespace

int main(int argc, char** argv) {
  request asked;
  program::command_line options("sinks", "Sinks, drains and peaks of a pretrained model, by layer "
                                         "and head.");
  options.text("--model", asked.model, "folder with config.json and model.safetensors or shards",
               "DIR");
  options.text(
      "--texts", asked.texts,
      "comma-separated files: texts (.txt, with the folder's tokenizer.json), or token ids: "
      ".npy [B, T], or .json as the authors' input_ids.json",
      "A,B");
  options.text("--out", asked.out,
               "folder to write, new or empty: report.html, heads.csv, layers.csv, positions.csv",
               "DIR");
  options.required("--model");
  options.required("--texts");
  options.count("--context", asked.context, "tokens of a row at most; the rest is cut off",
                {.most = 1'000'000});
  options.count("--rows", asked.rows, "rows at most", program::of_a_batch);
  options.count("--threads", asked.threads, "0: all cores", program::of_threads);
  return options.run(argc, argv, [&] { return run(asked); });
}
