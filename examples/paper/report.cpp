// SPDX-License-Identifier: MIT
// HTML from the findings.
#include "paper/report.hpp"

#include "common/page.hpp"
#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"

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

std::string_view tone_of(std::string const& verdict) {
  if (verdict == "holds") return "holds";
  return verdict == "holds in part" ? "in-part" : "not-here";
}

std::string seeds_of(json const& statement) {
  std::size_t count = 0, all = 0;
  for (auto const& shows : statement["seed_shows"]) {
    count += shows.get<bool>() ? 1 : 0;
    ++all;
  }
  return fmt::format("{} of {} seed{}", count, all, all == 1 ? "" : "s");
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
    auto const verdict = text(s, "verdict");
    out += fmt::format("<div class=\"card {}\"><h3><span>{}</span></h3><p>{}</p><p class=\"fine\">"
                       "{}</p></div>\n",
                       tone_of(verdict), verdict, escaped(text(s, "says")), seeds_of(s));
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
        auto const verdict = text(s, "verdict");
        verdicts += fmt::format("{}<span class=\"tone {}\">{}</span>", verdicts.empty() ? "" : ", ",
                                tone_of(verdict), verdict);
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
    out += fmt::format("  {} ({}): {}\n", text(s, "verdict"), seeds_of(s), text(s, "says"));
  }
  return out;
}

std::string report(std::vector<chapter> const& chapters, double minutes) {
  auto html =
      page::begin("Active-dormant attention heads, claim by claim",
                  page::style_sheet({}, "figure svg{background:#fff;border-radius:8px}"
                                        "td{white-space:normal}.tone{color:var(--tone)}\n"));
  html += "<h1>Active-dormant attention heads, claim by claim</h1><p class=\"lead\">The claims of "
          "<a href=\"https://arxiv.org/abs/2410.13835\">arXiv 2410.13835</a>, each tested by a "
          "program. Verdicts are computed from the runs: a statement holds if every seed shows it, "
          "holds in part if more than half do. Lines are medians over seeds, bands their 10 to 90% "
          "range.</p>\n" +
          contents(chapters);
  for (auto const& c : chapters) html += chapter_of(c);
  html += fmt::format("<p class=\"fine\">All of this took {:.1f} minutes.</p>", minutes);
  return html + std::string(page::end);
}

} // namespace paper
