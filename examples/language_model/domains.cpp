// SPDX-License-Identifier: MIT
// Which heads of a pretrained model are active on one kind of text and dormant on
// another: attention on token 0 against the change of the loss when the head is removed
// (arXiv 2410.13835, section 3).
#include "language_model/controls.hpp"
#include "language_model/domains_page.hpp"
#include "language_model/domains_tables.hpp"
#include "language_model/measured_domain.hpp"
#include "language_model/measuring.hpp"

#include "common/command_line.hpp"
#include "common/exit_code.hpp"
#include "common/program.hpp"

#include <dormant/io/atomic_file.hpp>

#include <fmt/core.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <vector>

namespace dm = dormant;
namespace lm = language_model;

namespace {

struct request : lm::measuring {
  std::string first, second, out = "domains", removal = "zero", control = "all";
  std::uint64_t control_heads = 4, seed = 0;
};

struct domain {
  std::string name;
  dm::token_rows rows;
};

/// `name=files`
domain read_domain(std::string const& flag, std::string const& words,
                   std::optional<lm::text_tokenizer> const& tokens, request const& asked) {
  auto const end = words.find('=');
  if (end == 0 || end == std::string::npos) {
    throw program::usage_error(
        fmt::format("{}: expected NAME=FILES, found {}", flag, dm::io::in_quotes(words)));
  }
  return {words.substr(0, end), lm::read_rows(std::string_view(words).substr(end + 1), tokens,
                                              asked.context, asked.rows)};
}

void counted(char const* what, std::size_t done, std::size_t all) {
  if (::isatty(STDERR_FILENO) == 0) return;
  std::fprintf(stderr, "\r%s: %zu of %zu%s", what, done, all, done == all ? "\n" : "");
}
void progress(std::size_t done, std::size_t all) { counted("heads removed", done, all); }
void progress_of_controls(std::size_t done, std::size_t all) { counted("controls", done, all); }

std::vector<lm::control> controls_of(std::string const& asked) {
  std::vector<lm::control> out;
  for (std::size_t i = 0; i < std::size(lm::control_names); ++i) {
    if (asked == "all" || asked == lm::control_names[i]) out.push_back(static_cast<lm::control>(i));
  }
  return out;
}

/// Fills in the controls of the heads that have some.
void add_controls(std::vector<lm::head_on_domains>& heads,
                  std::vector<lm::measured_domain> const& domains, lm::together const& all,
                  dm::model_folder const& folder, request const& asked) {
  std::size_t const of_layer = lm::heads_of_a_layer(folder);
  auto const chosen = lm::heads_to_control(heads, asked.control_heads);
  auto passes = controls_of(asked.control);
  bool const others = !passes.empty() && passes.front() == lm::control::other_head;
  if (others) passes.erase(passes.begin());
  std::vector<lm::head_place> places;
  for (std::size_t const i : chosen) {
    places.push_back({heads[i].layer, heads[i].head});
    if (!others || of_layer == 1) continue;
    auto const other = lm::other_head(places.back(), of_layer, asked.seed);
    lm::control_found found{.by = lm::control::other_head, .other = other.head};
    for (auto const& d : domains) {
      found.change.emplace_back(all.mean(d.heads[other.layer * of_layer + other.head].change));
    }
    heads[i].controls.push_back(std::move(found));
  }
  if (passes.empty()) return;
  std::vector<std::vector<std::vector<std::vector<double>>>> losses; // [domains]
  for (auto const& d : domains) {
    losses.push_back(lm::losses_with_controls(folder, d.rows, asked.how(), places, passes,
                                              asked.seed, progress_of_controls));
  }
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    for (std::size_t c = 0; c < passes.size(); ++c) {
      lm::control_found found{.by = passes[c]};
      for (std::size_t d = 0; d < domains.size(); ++d) {
        bool const possible = passes[c] != lm::control::swap || domains[d].rows.rows() > 1;
        auto& change = found.change.emplace_back();
        if (possible) change = all.mean(domains[d].changes(losses[d][i][c]));
      }
      heads[chosen[i]].controls.push_back(std::move(found));
    }
  }
}

int run(request const& asked) {
  auto const folder = dm::model_folder::open(asked.model);
  auto const words = lm::text_tokenizer::of(folder);
  std::vector<domain> const domains{read_domain("--a", asked.first, words, asked),
                                    read_domain("--b", asked.second, words, asked)};
  auto const what = lm::described(folder);
  fmt::print("{}\n", what);
  std::string about = "<p>" + page::escaped(what) + "</p>";
  for (auto const& d : domains) {
    if (dm::batch_of(d.rows).predicted() == 0) {
      dm::refuse({d.name, ": no row has a second token, so there is no loss that could change"});
    }
    auto const texts =
        fmt::format("{}: {} rows; {}", d.name, d.rows.size(), lm::first_tokens(d.rows, words));
    fmt::print("{}\n", texts);
    about += "<p>" + page::escaped(texts) + "</p>";
    lm::keep_within(asked.memory, folder, dm::batch_of(d.rows), asked.how(), 3);
  }
  dm::create_output_folder(asked.out);
  std::vector<lm::measured_domain> found;
  auto const by = asked.removal == "zero" ? lm::removal::zero : lm::removal::to_bos;
  for (auto const& d : domains) {
    found.push_back(lm::measure_domain(folder, dm::batch_of(d.rows), asked.how(), by, progress));
  }

  auto const all =
      lm::all_together({found[0].heads, found[1].heads}, controls_of(asked.control).size());
  std::size_t const of_layer = lm::heads_of_a_layer(folder);
  std::vector<lm::head_on_domains> heads;
  for (std::size_t i = 0; i < found[0].heads.size(); ++i) {
    auto& head = heads.emplace_back();
    head.layer = i / of_layer, head.head = i % of_layer;
    for (auto const& d : found) {
      head.on.push_back({all.mean(d.heads[i].attention), all.mean(d.heads[i].change)});
    }
  }
  add_controls(heads, found, all, folder, asked);
  std::vector<std::string> const names{domains[0].name, domains[1].name};
  auto const said = lm::summary(heads, names, all);
  fmt::print("{}\n", said);
  lm::print_controls(heads, names, asked.removal);
  std::filesystem::path const out = asked.out;
  lm::write_heads(heads, names, out / "heads.csv");
  if (asked.control != "none")
    lm::write_controls(heads, names, asked.removal, out / "controls.csv");
  dm::write_file_atomically(
      out / "report.html",
      lm::domains_page(heads, names,
                       asked.removal == "zero" ? "its output is zero" : "it attends to token 0",
                       about, page::escaped(said)));
  fmt::print("everything is in {}: open report.html\n", asked.out);
  return program::success;
}

} // namespace

int main(int argc, char** argv) {
  request asked;
  program::command_line options("domains",
                                "Which heads of a pretrained model are active on one kind "
                                "of text and dormant on another.");
  lm::add_model(options, asked);
  options.text("--a", asked.first,
               "one domain: its name and files, texts (.txt) or token ids (.npy, .json)",
               "NAME=A,B");
  options.text("--b", asked.second, "the other", "NAME=A,B");
  for (auto const* flag : {"--a", "--b"}) options.required(flag);
  options.text("--out", asked.out,
               "folder to write, new or empty: report.html, heads.csv, controls.csv", "DIR");
  options.choice("--removal", asked.removal, {"zero", "to_bos"},
                 "what removing a head means: its output is zero, or it attends to token 0 alone");
  options.choice("--control", asked.control,
                 {"all", "none", "other_head", "random_key", "mean", "swap"},
                 "what the removal is compared with: another head of the layer is removed, or the "
                 "head attends to a random key, puts out its mean, or what it puts out in another "
                 "row");
  options.count("--control-heads", asked.control_heads,
                "heads that controls are made for: those active on one domain and dormant on the "
                "other, then those whose loss change differs most",
                {.most = 10'000});
  options.count("--seed", asked.seed, "of what controls draw", program::a_seed);
  lm::add_limits(options, asked); // rows of each domain
  return options.run(argc, argv, [&] { return run(asked); });
}
