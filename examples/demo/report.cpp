// SPDX-License-Identifier: MIT
// The report, from its verdicts to its glossary.
#include "demo/report.hpp"

#include "common/run_info.hpp"
#include "demo/curves.hpp"
#include "demo/origin.hpp"
#include "demo/page.hpp"
#include "demo/pairs.hpp"
#include "demo/sequence.hpp"
#include "demo/verdict.hpp"
#include "demo/words.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace demo {

namespace {

std::string coloured(std::size_t story) {
  return fmt::format("<span class=\"{}\">{}</span>", story_colours[story].name,
                     stories[story].title);
}

std::string card(verdict const& v) {
  std::string numbers;
  for (auto const& n : v.medians) {
    numbers +=
        fmt::format("<div class=\"{}\"><strong>{}</strong>{}</div>", n.style,
                    n.value.starts_with('-') ? "&minus;" + n.value.substr(1) : n.value, n.of);
  }
  return fmt::format("<div class=\"card {}\"><h3>{}<span>{}</span></h3><p>{}</p>"
                     "<p class=\"fine\">Median {}:</p><div class=\"numbers\">{}</div>"
                     "<p class=\"fine\">Shown by {}. A seed shows it by: {}.</p></div>\n",
                     program::tone_of(v.result()), v.name, to_words(v.result()), escaped(v.claim),
                     escaped(v.measured), numbers, v.seeds(), escaped(v.criterion));
}

struct shown_column {
  std::string_view column, head;
  int digits;
};
constexpr std::array<shown_column, 7> in_tables = {
    {{measured::sink, "attention on &lt;s&gt;<br>from non-triggers", 3},
     {measured::sink_of_triggers, "attention on &lt;s&gt;<br>from triggers", 3},
     {measured::drain, "value norm<br>&lt;s&gt; / others", 2},
     {measured::peak, "residual norm<br>&lt;s&gt; / others", 2},
     {measured::write, "first MLP writes<br>&lt;s&gt; / others", 2},
     {measured::bigram, "excess<br>bigram risk", 4},
     {measured::backcopy, "excess<br>backcopy risk", 4}}};

std::string medians(std::vector<paired> const& pairs) {
  std::vector<std::string> head = {"medians over seeds"};
  for (auto const& c : in_tables) head.emplace_back(c.head);
  std::vector<std::vector<std::string>> rows;
  for (std::size_t s = 0; s < stories.size(); ++s) {
    rows.push_back({coloured(s)});
    for (auto const& c : in_tables) {
      rows.back().push_back(fmt::format("{:.{}f}", median_after(pairs, s, c.column), c.digits));
    }
  }
  return html_table(head, rows);
}

std::string every_seed(std::vector<paired> const& pairs) {
  std::vector<std::string> head = {"way of training", "seed"};
  for (auto const& c : in_tables) head.emplace_back(c.head);
  std::vector<std::vector<std::string>> rows;
  for (auto const& p : pairs) {
    for (std::size_t s = 0; s < stories.size(); ++s) {
      rows.push_back({coloured(s), std::to_string(p.seed)});
      for (auto const& c : in_tables) {
        rows.back().push_back(fmt::format("{:.{}f}", p.after(s, c.column), c.digits));
      }
    }
  }
  return "<details><summary>Every seed</summary>" + html_table(head, rows) + "</details>\n";
}

std::string ending(setting const& how, circumstances const& c) {
  std::string versions;
  for (auto const& [name, version] : program::versions()) {
    versions += fmt::format("{}{} {}", versions.empty() ? "" : ", ", name, version);
  }
  auto const law = how.bigrams.empty() ? "the built-in English table" : escaped(how.bigrams);
  return fmt::format(
      "<h2>Do it again</h2><p>This command gives the same numbers, bit for bit, on this machine, "
      "with any <code>--threads</code>:</p><pre>{}</pre><p>Model: blocks MLP | attention + MLP | "
      "MLP, one head, width {}, context {}, vocabulary {}. Batch {}, {} steps; AdamW at learning "
      "rate {}, SGD with momentum at {}. Bigram law: {}. Every number is in "
      "<code>curves.csv</code> and <code>measurements.csv</code> beside this page, and what they "
      "depend on in <code>run.json</code>: settings, versions, compiler, flags and machine.</p>{}"
      "<p class=\"fine\">Seeds {} to {}. Training took {:.0f} s with {} run{} at a time, {:.0f} s "
      "of processor time in all. Built with {}.</p>\n",
      escaped(how.command()), shape.width, shape.context, shape.vocab, how.batch, how.steps,
      how.adamw_lr, how.sgd_lr, law, words::seeds, how.first_seed, how.first_seed + how.seeds - 1,
      c.seconds, c.threads, c.threads == 1 ? "" : "s", c.cpu_seconds, versions);
}

} // namespace

std::string report(std::vector<paired> const& pairs, std::vector<verdict> const& verdicts,
                   task const& first_task, setting const& how, circumstances const& c) {
  auto const& first = pairs.front();
  std::string html = page::begin("Active-dormant attention heads, measured", style_sheet());
  html += fmt::format(
      "<h1>Attention sinks, value drains, residual peaks</h1><p class=\"lead\">What {} small "
      "transformers show after {} steps each: three ways of training, {} seed{}, measured on "
      "sequences they never saw. The claims are those of <a "
      "href=\"https://arxiv.org/abs/2410.13835\">arXiv 2410.13835</a>; the verdicts are computed "
      "from these runs.</p>\n<div class=\"verdicts\">\n",
      pairs.size() * stories.size(), how.steps, pairs.size(), pairs.size() == 1 ? "" : "s");
  for (auto const& v : verdicts) html += card(v);
  html += fmt::format("</div>\n<p class=\"fine\">{} Words are explained in the "
                      "<a href=\"#glossary\">glossary</a>.</p>\n",
                      program::words_mean);
  html += medians(pairs) + every_seed(pairs);

  html += "<h2>Sink, drain and peak in training</h2>\n" +
          html_figure(phenomena_curves(pairs), "Training curves of sink, drain and peak",
                      words::phenomena_caption) +
          html_figure(seed_by_seed(pairs), "Sink, drain and peak of every seed and story",
                      words::paired_caption);
  html += "<h2>One sequence in detail</h2>\n" +
          html_figure(attention_maps({&first[softmax_adamw], &first[relu_adamw]}, first_task),
                      "Attention maps under softmax and ReLU", words::attention_caption) +
          html_figure(norm_bars(first, first_task), "Norms of value and residual states by token",
                      words::norms_caption);
  html += "<h2>With the head and without it</h2>\n" +
          html_figure(ablation_bars(pairs), "Excess risks with and without the head",
                      words::ablation_caption);
  html += "<h2>Learning, and what the first MLP writes</h2>\n" +
          html_figure(learning_curves(pairs), "Excess risks and first MLP's output in training",
                      words::learning_caption);
  html += origin_of_the_peak(pairs);
  html += ending(how, c);
  html += "<h2 id=\"glossary\">Glossary</h2>";
  return html + std::string(words::glossary) + std::string(page::end);
}

std::string phenomena_svg(std::vector<paired> const& pairs) {
  return draw(phenomena_curves(pairs));
}

} // namespace demo
