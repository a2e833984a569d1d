// SPDX-License-Identifier: MIT
// Which heads of a pretrained model are active on one kind of text and dormant on another: attention on
// token 0 against the change of the loss when the head is removed (arXiv 2410.13835, section 3).
#include "language_model/domains_page.hpp"
#include "language_model/measure.hpp"
#include "language_model/texts.hpp"

#include "common/command_line.hpp"
#include "common/exit_code.hpp"
#include "common/program.hpp"

#include <dormant/io/atomic_file.hpp>
#include <dormant/io/csv.hpp>

#include <fmt/core.h>

#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

namespace dm = dormant;
namespace lm = language_model;

namespace {

struct request {
  std::string model, first, second, out = "domains", removal = "zero";
  std::uint64_t context = 128, rows = 64, threads = 0;
};

struct domain {
  std::string name;
  dm::token_rows rows;
};

/// `name=files`
domain read_domain(std::string const& flag, std::string const& words,
                   std::optional<dm::tokenizer> const& tokens, request const& asked) {
  auto const end = words.find('=');
  if (end == 0 || end == std::string::npos) {
    throw program::usage_error(
        fmt::format("{}: expected NAME=FILES, found {}", flag, dm::io::in_quotes(words)));
  }
  return {words.substr(0, end), lm::read_rows(std::string_view(words).substr(end + 1), tokens,
                                              asked.context, asked.rows)};
}

void progress(std::size_t done, std::size_t all) {
  if (::isatty(STDERR_FILENO) == 0) return;
  std::fprintf(stderr, "\rheads removed: %zu of %zu%s", done, all, done == all ? "\n" : "");
}

/// What each head does on one domain.
std::vector<lm::head_on_domain> on_domain(dm::model_folder const& folder, domain const& d,
                                          request const& asked) {
  auto const rows = dm::batch_of(d.rows);
  dm::execution const how{.threads = asked.threads};
  auto const with = lm::measure(folder, rows, how);
  auto const by = asked.removal == "zero" ? lm::removal::zero : lm::removal::to_bos;
  auto const without = lm::losses_without_heads(folder, rows, how, by, progress);
  // Intervals that hold for all heads together (Bonferroni).
  dm::bootstrap const resampling{.share = 1 - 0.05 / static_cast<double>(without.size())};
  std::vector<lm::head_on_domain> heads;
  for (std::size_t h = 0; h < without.size(); ++h) {
    std::vector<double> attention, change;
    for (std::size_t b = 0; b < rows.rows(); ++b) {
      if (rows.sequence(b).targets.empty()) continue; // a text of one token predicts nothing
      attention.push_back(with.sinks_of_rows.of(b, h));
      change.push_back(without[h][b] - with.losses.of(b));
    }
    heads.push_back({dm::mean_of(attention, resampling), dm::mean_of(change, resampling)});
  }
  return heads;
}

int run(request const& asked) {
  auto const folder = dm::model_folder::open(asked.model);
  auto const words = lm::tokenizer_of(folder);
  std::vector<domain> const domains{read_domain("--a", asked.first, words, asked),
                                    read_domain("--b", asked.second, words, asked)};
  auto const what = lm::described(folder);
  fmt::print("{}\n", what);
  std::string about = "<p>" + page::escaped(what) + "</p>";
  for (auto const& d : domains) {
    auto const texts =
        fmt::format("{}: {} rows; {}", d.name, d.rows.size(), lm::first_tokens(d.rows, words));
    fmt::print("{}\n", texts);
    about += "<p>" + page::escaped(texts) + "</p>";
  }
  dm::create_output_folder(asked.out);
  std::vector<std::vector<lm::head_on_domain>> found;
  for (auto const& d : domains) found.push_back(on_domain(folder, d, asked));

  std::size_t const of_layer = lm::heads_of_a_layer(folder);
  std::vector<lm::head_on_domains> heads;
  dm::csv_table table({"layer", "head", "domain", "attention_on_0", "attention_low",
                       "attention_high", "loss_change", "loss_change_low", "loss_change_high"});
  for (std::size_t i = 0; i < found[0].size(); ++i) {
    heads.push_back({i / of_layer, i % of_layer, {found[0][i], found[1][i]}});
    for (std::size_t d = 0; d < 2; ++d) {
      auto const& h = found[d][i];
      table.append({i / of_layer, i % of_layer, domains[d].name, h.attention.mean, h.attention.low,
                    h.attention.high, h.change.mean, h.change.low, h.change.high});
    }
  }
  std::string said;
  for (auto const& h : heads) {
    for (auto const& [a, b] : {std::pair{0, 1}, std::pair{1, 0}}) {
      auto const at = static_cast<std::size_t>(a), to = static_cast<std::size_t>(b);
      if (!h.active_dormant(at, to)) continue;
      said += fmt::format("Layer {} head {} is dormant on {} (attention on token 0 {:.3f}, loss "
                          "change {:+.4f}) and active on {} ({:.3f}, {:+.4f}). ",
                          h.layer, h.head, domains[at].name, h.on[at].attention.mean,
                          h.on[at].change.mean, domains[to].name, h.on[to].attention.mean,
                          h.on[to].change.mean);
    }
  }
  if (said.empty()) said = "No head is active on one domain and dormant on the other. ";
  fmt::print("{}\n", said);
  std::filesystem::path const out = asked.out;
  table.write(out / "heads.csv");
  dm::write_file_atomically(
      out / "report.html",
      lm::domains_page(heads, {domains[0].name, domains[1].name}, about, page::escaped(said)));
  fmt::print("everything is in {}: open report.html\n", asked.out);
  return program::success;
}

} // namespace

int main(int argc, char** argv) {
  request asked;
  program::command_line options("domains",
                                "Which heads of a pretrained model are active on one kind "
                                "of text and dormant on another.");
  options.text("--model", asked.model, "folder with config.json and model.safetensors or shards",
               "DIR");
  options.text("--a", asked.first,
               "one domain: its name and files, texts (.txt) or token ids (.npy, .json)",
               "NAME=A,B");
  options.text("--b", asked.second, "the other", "NAME=A,B");
  for (auto const* flag : {"--model", "--a", "--b"}) options.required(flag);
  options.text("--out", asked.out, "folder to write, new or empty: report.html, heads.csv", "DIR");
  options.choice("--removal", asked.removal, {"zero", "to_bos"},
                 "what removing a head means: its output is zero, or it attends to token 0 alone");
  options.count("--context", asked.context, "tokens of a row at most; the rest is cut off",
                {.most = 1'000'000});
  options.count("--rows", asked.rows, "rows at most of each domain", program::of_a_batch);
  options.count("--threads", asked.threads, "0: all cores", program::of_threads);
  return options.run(argc, argv, [&] { return run(asked); });
}
