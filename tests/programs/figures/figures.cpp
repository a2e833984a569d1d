// SPDX-License-Identifier: MIT
// Figures can be read: on a telephone, without colours, and by those who point at a line. What was
// drawn is looked at as the text of an SVG.
#include "catch.hpp"

#include "common/figures.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

/// All that a pattern's first group matches, in order.
std::vector<std::string> all(std::string const& text, char const* pattern) {
  std::vector<std::string> found;
  std::regex const what(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), what), end; at != end; ++at) {
    found.push_back((*at)[1]);
  }
  return found;
}
std::vector<std::string> words_in(std::string const& svg) {
  return all(svg, "<text>(?:<tspan[^>]*>)?([^<]*)<");
}
std::vector<std::string> titles_in(std::string const& svg) { return all(svg, "<title>([^<]*)<"); }

bool has(std::vector<std::string> const& list, std::string const& text) {
  return std::ranges::find(list, text) != list.end();
}

std::vector<double> steps(std::size_t count) {
  std::vector<double> x(count);
  for (std::size_t i = 0; i < count; ++i) x[i] = static_cast<double>(i);
  return x;
}

figures::line line(std::string label, std::vector<double> y) {
  return {.label = std::move(label), .x = steps(y.size()), .y = std::move(y)};
}

figures::figure of(figures::panel panel) { return {.panels = {std::move(panel)}, .name = "here"}; }

figures::chart three_lines() {
  auto banded = line("it's <s>", {1, 2, 3});
  banded.low = {0.5, 1, 2};
  banded.high = {2, 3, 4};
  return {.title = "Three lines",
          .lines = {banded, line("second", {2, 2, 2}), line("third", {3, 2, 1})}};
}

figures::comparison many_categories() {
  figures::comparison c{.title = "Many", .lines = {{.label = "one"}, {.label = "two"}}};
  for (int i = 0; i < 16; ++i) {
    c.categories.push_back("copy 0." + std::to_string(i) + ", backward");
    for (auto& l : c.lines) {
      l.middle.push_back(i);
      l.low.push_back(i - 1);
      l.high.push_back(i + 1);
    }
  }
  return c;
}

figures::attention_map map_of(std::size_t n) {
  figures::attention_map map{.title = "Map", .weights = std::vector<double>(n * n, 0.1)};
  for (std::size_t t = 0; t < n; ++t) map.tokens.push_back(t == 0 ? "<s>" : "a");
  return map;
}

} // namespace

TEST_CASE("figures: panels stand one below the other, with letters for 400 pixels") {
  auto const svg = figures::svg(
      {.panels = {three_lines(), many_categories(), map_of(64), map_of(256)}, .name = "here"});
  double const width = std::stod(all(svg, "viewBox=\"0 0 ([0-9]+) ").at(0));
  auto const sizes = all(svg, "font-size=\"([0-9.]+)\"");
  REQUIRE(!sizes.empty());
  for (auto const& size : sizes) CHECK(std::stod(size) * 400 / width >= 8.5);
  // No label is slanted: it would be cut off or run into its neighbours.
  CHECK(all(svg, "\\) *rotate\\((-?[0-9]+)").size() == all(svg, "\\) *rotate\\((270)").size());
}

TEST_CASE("figures: what one points at has the name that the legend has, not gnuplot's") {
  auto const svg =
      figures::svg({.panels = {three_lines(), many_categories(), map_of(8),
                               figures::chart{.title = "Alone", .lines = {line("", {1, 2})}}},
                    .name = "here"});
  auto const titles = titles_in(svg);
  for (auto const* expected : {"it's &lt;s&gt;", "second", "third", "one", "two", "Map", "Alone"}) {
    INFO(expected);
    CHECK(has(titles, expected));
  }
  for (auto const& title : titles) {
    INFO(title);
    CHECK(title.find('$') == std::string::npos);
    CHECK(title.find("using") == std::string::npos);
    CHECK(title.find("_plot_") == std::string::npos);
    CHECK(title != "Gnuplot");
  }
}

TEST_CASE("figures: lines and series differ in their symbols, not in colour alone") {
  std::set<std::string> symbols;
  for (auto const& s :
       all(figures::svg(of(three_lines())), "xlink:href='#gpPt([0-9]+)' transform")) {
    symbols.insert(s);
  }
  CHECK(symbols.size() == 3);
  symbols.clear();
  for (auto const& s :
       all(figures::svg(of(many_categories())), "xlink:href='#gpPt([0-9]+)' transform")) {
    symbols.insert(s);
  }
  CHECK(symbols.size() == 2);
}

TEST_CASE("figures: lines of one colour differ in their dashes, in the legend too") {
  figures::chart c{.title = "Layers"};
  for (auto const dash : {figures::dash::none, figures::dash::dashed, figures::dash::dotted}) {
    c.lines.push_back(line("number " + std::to_string(c.lines.size()), {1, 2, 3}));
    c.lines.back().colour = 0;
    c.lines.back().dash = dash;
  }
  auto const svg = figures::svg(of(c));
  std::multiset<std::string> dashes;
  for (auto const& pattern : all(svg, "stroke-dasharray='([^']*)'")) dashes.insert(pattern);
  CHECK(std::set<std::string>(dashes.begin(), dashes.end()).size() >= 2);
  CHECK(dashes.size() >= 4); // each pattern in the plot and in the legend
}

TEST_CASE("figures: a logarithmic axis shows the range that there is, in round numbers") {
  figures::chart c{.title = "Peak", .y = {.log = true}, .lines = {line("", {0.9, 1.4, 2.3})}};
  auto const words = words_in(figures::svg(of(c)));
  CHECK(has(words, "1"));
  CHECK(has(words, "2"));
  CHECK(!has(words, "10"));
  CHECK(!has(words, "0.1"));
  c.lines = {line("", {0, -1, 0})}; // nothing that such an axis could show
  CHECK_NOTHROW(figures::svg(of(c)));
  c.lines = {line("", {24, 25, 24.5})}; // too short for logarithms, and far from 0
  CHECK(has(words_in(figures::svg(of(c))), "24.4"));
  c.lines = {line("", {3, 3, 3})};
  CHECK_NOTHROW(figures::svg(of(c)));
}

TEST_CASE("figures: an axis over many decades names few of them, so that they can be told apart") {
  figures::line wide{.x = {1, 1e8, 1e16}, .y = {0, 1, 2}};
  auto const words =
      words_in(figures::svg(of(figures::chart{.x = {.log = true}, .lines = {wide}})));
  CHECK(has(words, "1e+08"));
  CHECK(!has(words, "1e+10"));
}

TEST_CASE("figures: long names and wide numbers leave no word outside the picture") {
  figures::chart c{.title = "Risk", .y = {.label = "nats", .log = true}};
  c.lines.push_back(line("", {4.3, 0.1, 0.001}));
  figures::comparison names{.title = "Names", .y = {.label = "share"}, .lines = {{.label = "one"}}};
  names.categories = {"a name of 30 letters, as it is", "no MLP in 0, no attention in 2"};
  names.lines[0].middle = names.lines[0].low = names.lines[0].high = {0.13, 1.94};
  auto const svg = figures::svg({.panels = {c, names}, .name = "here"});
  // Words that end at a place begin their length before it, about half their size a letter.
  std::regex const text("translate\\(([0-9.]+),[0-9.]+\\)[^>]*font-size=\"([0-9.]+)\"[^>]*"
                        "text-anchor=\"end\"[^>]*>\\s*<text>(?:<tspan[^>]*>)*([^<]*)");
  int ends = 0;
  for (std::sregex_iterator it(svg.begin(), svg.end(), text), none; it != none; ++it, ++ends) {
    INFO((*it)[3]);
    CHECK(std::stod((*it)[1]) > 0.5 * std::stod((*it)[2]) * static_cast<double>((*it)[3].length()));
  }
  CHECK(ends > 5);
  auto const words = words_in(svg);
  CHECK(has(words, "nats")); // gnuplot leaves out what begins outside
  CHECK(has(words, "1.5"));  // numbers along a short axis do not run into each other
  CHECK(!has(words, "0.2"));
}

TEST_CASE("figures: no group of a file is empty, and as many are closed as opened") {
  auto const svg = figures::svg(of(three_lines()));
  CHECK(all(svg, "(<g [^>]*>)\\s*</g>").empty());
  auto const opened = all(svg, "(<g )").size();
  CHECK(opened > 10);
  CHECK(all(svg, "(</g>)").size() == opened);
  CHECK(svg.ends_with("</svg>\n\n"));
}

TEST_CASE("figures: nothing to show is no error") {
  double const none = std::numeric_limits<double>::quiet_NaN();
  CHECK_NOTHROW(figures::svg(of(figures::chart{.title = "empty"})));
  CHECK_NOTHROW(figures::svg(of(figures::chart{.lines = {line("", {none, none})}})));
  CHECK_NOTHROW(figures::svg(of(figures::comparison{
      .categories = {"a"}, .lines = {{.middle = {none}, .low = {none}, .high = {none}}}})));
  CHECK_THROWS_AS(figures::svg(figures::figure{}), figures::not_drawn);
}

TEST_CASE("figures: a long run makes no large file, and its spikes stay") {
  std::vector<double> y(50'000, 1.0);
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += std::sin(static_cast<double>(i));
  y[31'415] = 7;
  auto const svg = figures::svg(of(figures::chart{.title = "Long", .lines = {line("", y)}}));
  CHECK(svg.size() < 60'000);
  CHECK(has(words_in(svg), "7"));
}
