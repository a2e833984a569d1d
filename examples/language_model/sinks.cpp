// SPDX-License-Identifier: MIT
// Sinks, drains and peaks of a pretrained model: every layer and head of a Hugging Face
// folder, on texts that you give it.
#include "language_model/measuring.hpp"
#include "language_model/sinks_page.hpp"

#include "common/command_line.hpp"
#include "common/exit_code.hpp"

#include <dormant/io/atomic_file.hpp>
#include <dormant/io/csv.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dm = dormant;
namespace lm = language_model;

namespace {

struct request : lm::measuring {
  std::string out = "sinks";
  std::uint64_t maps = 8;
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
  dm::csv_table table({"layer", "residual_norm_0_pre", "residual_norm_others_pre",
                       "residual_norm_0_mid", "residual_norm_others_mid", "residual_norm_0",
                       "residual_norm_others", "residual_peak", "largest_element", "position",
                       "channel", "over_mean_element", "kurtosis", "kurtosis_at_0"});
  for (std::size_t l = 0; l < m.s.layers; ++l) {
    auto const large = m.massive.largest(l);
    auto const pre = m.norms.pre(l), mid = m.norms.mid(l);
    table.append({l, pre.bos.mean(), pre.other.mean(), mid.bos.mean(), mid.other.mean(),
                  m.peak.bos(l), m.peak.other(l), m.peak.ratio(l), large.size, large.position,
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

void write_secondary(std::vector<lm::secondary_sink> const& all,
                     std::optional<lm::text_tokenizer> const& words,
                     std::filesystem::path const& path) {
  dm::csv_table table(
      {"layer", "head", "position", "token", "label", "mass", "rows_above", "rows"});
  for (auto const& s : all) {
    table.append({s.layer, s.head, s.position ? dm::csv_cell(*s.position) : dm::csv_cell(),
                  s.token ? dm::csv_cell(*s.token) : dm::csv_cell(),
                  s.token && words ? dm::csv_cell(lm::label_of(*s.token, words)) : dm::csv_cell(),
                  s.mass, s.rows_above, s.rows});
  }
  table.write(path);
}

/// The heads with the most attention on token 0 first, as many as are asked for.
std::vector<lm::mapped_head> heads_to_map(lm::measurement const& m, std::size_t most) {
  std::vector<lm::mapped_head> all;
  for (std::size_t l = 0; l < m.s.layers; ++l) {
    for (std::size_t h = 0; h < m.s.heads; ++h) {
      double const attention = m.sink.mean(l, h);
      all.push_back({l, h, std::isnan(attention) ? 0 : attention}); // of rows of two tokens
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](auto const& a, auto const& b) { return a.attention > b.attention; });
  all.resize(std::min(all.size(), most));
  return all;
}

int run(request const& asked) {
  auto const given = lm::opened(asked, "nothing to attend to beside token 0");
  auto const& words = given.words;
  dm::create_output_folder(asked.out);
  auto const m = lm::measure(given.folder, given.rows, asked.how());
  std::filesystem::path const out = asked.out;
  write_heads(m, out / "heads.csv");
  write_layers(m, out / "layers.csv");
  write_positions(m, out / "positions.csv");
  auto const about = given.about("sinks", asked);
  auto const secondary = lm::secondary_sinks(m.later, m.s.layers, m.s.heads, given.texts);
  write_secondary(secondary, words, out / "secondary.csv");
  dm::write_file_atomically(out / "report.html", lm::sinks_page(m, secondary, words, about));
  if (asked.maps > 0) {
    std::vector<std::string> labels;
    for (auto const id : given.texts.front()) {
      if (labels.size() == lm::first_row_attention::most_tokens) break;
      labels.push_back(page::escaped(lm::label_of(id, words)));
    }
    dm::write_file_atomically(out / "attention.html",
                              lm::attention_page(m.first_row, heads_to_map(m, asked.maps), labels,
                                                 about, m.s.layers * m.s.heads));
  }
  fmt::print("loss {:.4f} nats a token; sink rate {:.4f} (heads with more than {} on token 0)\n",
             m.loss, lm::sink_rate(m), lm::sink_threshold);
  for (std::size_t l = 0; l < m.s.layers; ++l) {
    for (std::size_t h = 0; h < m.s.heads; ++h) {
      if (!(m.sink.mean(l, h) > lm::sink_threshold)) continue;
      fmt::print(
          "layer {} head {}: attention on token 0 {:.3f}, value norm {:.3f} of the others'\n", l, h,
          m.sink.mean(l, h), m.drain.ratio(l, h));
    }
  }
  fmt::print("sinks beside token 0: {}\n", secondary.size());
  for (std::size_t i = 0; i < secondary.size() && i < 10; ++i) {
    auto const& s = secondary[i];
    fmt::print("layer {} head {}: {}, attention {:.3f}, in {} of {} rows\n", s.layer, s.head,
               lm::place_of(s, words), s.mass, s.rows_above, s.rows);
  }
  if (secondary.size() > 10) {
    fmt::print("and {} more in secondary.csv\n", secondary.size() - 10);
  }
  fmt::print("everything is in {}: open report.html{}\n", asked.out,
             asked.maps > 0 ? " and attention.html" : "");
  return program::success;
}

} // namespace

int main(int argc, char** argv) {
  request asked;
  program::command_line options("sinks", "Sinks, drains and peaks of a pretrained model, by layer "
                                         "and head.");
  lm::add_model(options, asked);
  lm::add_texts(options, asked);
  options.text("--out", asked.out,
               "folder to write, new or empty: report.html, attention.html, heads.csv, layers.csv, "
               "positions.csv, secondary.csv",
               "DIR");
  options.count("--maps", asked.maps,
                "heads whose attention in the first row is drawn: those with most on token 0",
                {.least = 0, .most = 1000});
  lm::add_limits(options, asked);
  return options.run(argc, argv, [&] { return run(asked); });
}
