// SPDX-License-Identifier: MIT
// HTML from the findings.
#include "paper/report.hpp"

#include "common/outcome.hpp"
#include "common/page.hpp"
#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"
#include "paper/verdicts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace paper {

namespace fs = std::filesystem;
using json = nlohmann::ordered_json;
using page::escaped;

namespace {

std::string text(json const& from, char const* key) {
  return from.contains(key) && from[key].is_string() ? from[key].get<std::string>() : std::string{};
}
double value(json const& from, char const* key) {
  return from.contains(key) && from[key].is_number() ? from[key].get<double>() : std::nan("");
}
std::string digits(double x) { return std::isnan(x) ? "none" : fmt::format("{:.3g}", x); }

std::string seeds_and_rate(program::verdict const& v) {
  return fmt::format("{}, rate {}", program::seeds_in_words(v), program::rate_in_words(v));
}

/// The size of what a statement says; empty if it has none.
std::string effect_of(json const& statement) {
  if (!statement.contains("effect") || !statement["effect"].is_object()) return {};
  auto const& e = statement["effect"];
  auto const unit = text(e, "unit");
  return fmt::format("{}: {} ({} to {}){}{}", text(e, "what"), digits(value(e, "middle")),
                     digits(value(e, "low")), digits(value(e, "high")), unit.empty() ? "" : " ",
                     unit);
}

bool is_list(json const& from, char const* key, auto const& is_entry) {
  return from.is_object() && from.contains(key) && from[key].is_array() &&
         std::ranges::all_of(from[key], is_entry);
}
/// Whether all that is read without asking is there.
bool is_finding(json const& read) {
  auto const is_statement = [](json const& s) {
    return is_list(s, "seed_shows", [](json const& shows) { return shows.is_boolean(); });
  };
  return is_list(read, "statements", is_statement) &&
         is_list(read, "numbers", [](json const& n) { return n.is_object(); });
}

std::string verdict_cards(json const& finding) {
  std::string out;
  for (auto const& s : finding["statements"]) {
    auto const v = verdict_of(s);
    auto const size = effect_of(s);
    out += fmt::format("<div class=\"card {}\"><h3><span>{}</span></h3><p>{}</p><p class=\"fine\">"
                       "{}{}{}</p></div>\n",
                       program::tone_of(v.is), program::to_words(v.is), escaped(text(s, "says")),
                       seeds_and_rate(v), size.empty() ? "" : "<br>", escaped(size));
  }
  return out.empty() ? out : "<div class=\"verdicts\">" + out + "</div>\n";
}

std::string numbers(json const& finding) {
  bool published = false;
  for (auto const& n : finding["numbers"]) published = published || !text(n, "published").empty();
  std::vector<std::vector<std::string>> rows;
  for (auto const& n : finding["numbers"]) {
    rows.push_back({escaped(text(n, "what")), digits(value(n, "median")),
                    digits(value(n, "low")) + " to " + digits(value(n, "high"))});
    if (published) rows.back().push_back(escaped(text(n, "published")));
  }
  std::vector<std::string> head = {"", "median", "10 to 90%"};
  if (published) head.emplace_back("paper");
  return page::html_table(head, rows);
}

std::string chapter_of(chapter const& c) {
  if (c.finding.is_null()) {
    return fmt::format("<h2 id=\"{0}\">{0}</h2><p>This experiment did not finish.</p>\n", c.name);
  }
  auto const& f = c.finding;
  auto const picture = c.picture.empty()
                           ? std::string("<p class=\"fine\">gnuplot drew no picture.</p>")
                           : fmt::format("<figure>{}</figure>", c.picture);
  return fmt::format(
      "<h2 id=\"{}\">{}</h2><p class=\"fine\">{}</p><p><b>The paper:</b> {}</p>"
      "<p><b>What was run:</b> {}; seeds {} to {}.</p>\n{}{}<p>{}</p>\n{}"
      "<p class=\"fine\">Again, in {:.0f} s:</p><pre>{}</pre>\n",
      c.name, escaped(text(f, "title")), escaped(text(f, "where")), escaped(text(f, "claim")),
      escaped(text(f, "ran")), value(f, "first_init_seed"),
      value(f, "first_init_seed") + value(f, "seeds") - 1, verdict_cards(f), picture,
      escaped(text(f, "words")), numbers(f), value(f, "seconds"), escaped(text(f, "command")));
}

std::string contents(std::vector<chapter> const& chapters) {
  std::vector<std::vector<std::string>> rows;
  for (auto const& c : chapters) {
    std::string verdicts;
    if (!c.finding.is_null()) {
      for (auto const& s : c.finding["statements"]) {
        auto const v = verdict_of(s);
        verdicts += fmt::format("{}<span class=\"tone {}\">{}&nbsp;({}/{})</span>",
                                verdicts.empty() ? "" : ", ", program::tone_of(v.is),
                                program::to_words(v.is), v.passes, v.n);
      }
    }
    rows.push_back({fmt::format("<a href=\"#{}\">{}</a>", c.name,
                                c.finding.is_null() ? c.name : escaped(text(c.finding, "title"))),
                    verdicts.empty() ? "did not finish" : verdicts});
  }
  return page::html_table({"claim", "verdicts"}, rows);
}

} // namespace

chapter read_chapter(std::string const& name, fs::path const& folder) {
  chapter c{.name = name};
  if (!fs::exists(folder / "finding.json")) return c;
  c.finding = json::parse(dormant::read_file(folder / "finding.json"), nullptr, false);
  if (!is_finding(c.finding)) {
    dormant::refuse({dormant::io::shown(folder / "finding.json"),
                     " is not a finding; delete it to have the experiment run again"});
  }
  auto const drawn = folder / (name + ".svg");
  if (fs::exists(drawn)) {
    auto const svg = dormant::read_file(drawn);
    c.picture = svg.substr(std::min(svg.find("<svg"), svg.size())); // without the XML prologue
  }
  return c;
}

std::string summary(chapter const& c) {
  if (c.finding.is_null()) return fmt::format("{}: did not finish\n", c.name);
  std::string out = text(c.finding, "title") + "\n";
  for (auto const& s : c.finding["statements"]) {
    auto const v = verdict_of(s);
    out +=
        fmt::format("  {} ({}): {}\n", program::to_words(v.is), seeds_and_rate(v), text(s, "says"));
    if (auto const size = effect_of(s); !size.empty()) out += "    " + size + "\n";
  }
  return out;
}

std::string report(std::vector<chapter> const& chapters, double minutes) {
  auto html =
      page::begin("Active-dormant attention heads, claim by claim",
                  page::style_sheet({}, "figure svg{background:#fff;border-radius:8px}"
                                        "td{white-space:normal}.tone{color:var(--tone)}\n"));
  html +=
      "<h1>Active-dormant attention heads, claim by claim</h1><p class=\"lead\">The claims of "
      "<a href=\"https://arxiv.org/abs/2410.13835\">arXiv 2410.13835</a>, each tested by a "
      "program. Verdicts are computed from the runs. Lines are medians over seeds, bands their 10 "
      "to 90% range.</p><p>" +
      std::string(program::words_mean) + "</p>\n" + contents(chapters);
  for (auto const& c : chapters) html += chapter_of(c);
  html += fmt::format("<p class=\"fine\">All of this took {:.1f} minutes.</p>", minutes);
  return html + std::string(page::end);
}

} // namespace paper
