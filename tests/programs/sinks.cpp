// SPDX-License-Identifier: MIT
// sinks on a small folder: the numbers of the library, and sinks beside token 0.
#include "dormant/probe/norms.hpp"
#include "dormant/probe/record.hpp"

#include "catch.hpp"
#include "language_model/secondary_sinks.hpp"
#include "programs/language_models.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace language_models;

namespace {

dm::bos_norms norms_of(dm::tensor<float, 3> const& x) {
  dm::bos_norms norms;
  for (std::size_t b = 0; b < x.shape(0); ++b) {
    for (std::size_t t = 0; t < x.shape(1); ++t) {
      norms.add(t == 0, x.shape(2), [&](std::size_t c) { return x(b, t, c); });
    }
  }
  return norms;
}

} // namespace

TEST_CASE("sinks measures what the library measures", "[programs]") {
  setting const s;
  auto const found = s.run("sinks", {"--model", "model", "--texts", "a.npy", "--out", "out"});
  REQUIRE(found.err == "");
  REQUIRE(found.code == 0);
  CHECK_THAT(found.out, contains("position 0 holds token 1 in all 15 rows"));

  dm::attention_sink sink;
  dm::value_drain drain;
  dm::residual_peak peak;
  dm::record<dm::site::resid_pre> pre;
  dm::record<dm::site::resid_mid> mid;
  auto const loss = s.net().evaluate(s.batch("a.npy"), sink, drain, peak, pre, mid).loss;
  CHECK_THAT(found.out, Catch::Contains("loss " + std::to_string(loss).substr(0, 5)));
  table const heads(s.here / "out/heads.csv"), layers(s.here / "out/layers.csv");
  CHECK(heads.rows == small.layers * small.heads);
  CHECK(layers.rows == small.layers);
  for (std::size_t l = 0; l < small.layers; ++l) {
    auto const layer = std::to_string(l);
    CHECK(layers.at({{"layer", layer}}, "residual_norm_0") == near(peak.bos(l)));
    CHECK(layers.at({{"layer", layer}}, "residual_norm_others") == near(peak.other(l)));
    for (auto const& [name, kept] : {std::pair{"pre", pre.values(l)}, {"mid", mid.values(l)}}) {
      auto const norms = norms_of(kept);
      CHECK(layers.at({{"layer", layer}}, std::string("residual_norm_0_") + name) ==
            near(norms.bos.mean()));
      CHECK(layers.at({{"layer", layer}}, std::string("residual_norm_others_") + name) ==
            near(norms.other.mean()));
    }
    for (std::size_t h = 0; h < small.heads; ++h) {
      std::map<std::string, std::string> const here{{"layer", layer}, {"head", std::to_string(h)}};
      CHECK(heads.at(here, "attention_on_0") == near(sink.mean(l, h)));
      CHECK(heads.at(here, "value_drain") == near(drain.ratio(l, h)));
      CHECK(heads.at(here, "largest_mass") >= heads.at(here, "second_mass"));
    }
  }
  // The attention of a head on all positions, of which no query sees more than there are.
  table const positions(s.here / "out/positions.csv");
  for (double const mass : positions.numbers("mass")) CHECK((mass >= 0 && mass <= 1));
  auto const report = scratch::read(s.here / "out/report.html");
  CHECK_THAT(report, contains("<h2>Heads</h2>"));
  CHECK_THAT(report, contains("token 0, after attention of layer 1"));
  CHECK(report.find("nan") == std::string::npos);
}

TEST_CASE("sinks leaves out what a parallel wiring does not have", "[programs]") {
  setting const s;
  std::filesystem::remove_all(s.here / "model");
  constexpr dm::shape neox{.layers = 2, .heads = 4, .width = 24, .vocab = 31, .context = 12};
  dm::save_folder<dm::gpt_neox<true>>(dm::gpt_neox<true>::net<float>(dm::sizes(neox), {.seed = 3}),
                                      s.here / "model");
  REQUIRE(s.run("sinks", {"--model", "model", "--texts", "a.npy", "--out", "out"}).code == 0);
  table const layers(s.here / "out/layers.csv");
  for (auto const* const column : {"residual_norm_0_mid", "residual_norm_others_mid"}) {
    for (auto const& cell : layers.columns.at(column)) CHECK(cell.empty());
  }
  // What a layer leaves is what the next one reads.
  CHECK(layers.numbers("residual_norm_0_pre")[1] == layers.numbers("residual_norm_0")[0]);
  auto const report = scratch::read(s.here / "out/report.html");
  CHECK_THAT(report, contains("token 0, after layer 1"));
  CHECK(report.find("after attention of layer") == std::string::npos);
  CHECK(report.find("nan") == std::string::npos);
}

TEST_CASE("sinks draws the heads with the most attention on token 0", "[programs]") {
  setting const s;
  auto const maps = [&](std::string const& most) {
    REQUIRE(s.run("sinks",
                  {"--model", "model", "--texts", "a.npy", "--maps", most, "--out", "of" + most})
                .code == 0);
    return s.here / ("of" + most + "/attention.html");
  };
  auto const count = [](std::string const& text, std::string const& what) {
    std::size_t n = 0;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
    return n;
  };
  CHECK_FALSE(std::filesystem::exists(maps("0")));
  auto const all = scratch::read(maps("100"));
  CHECK(count(all, "<svg") == small.layers * small.heads);
  auto const three = scratch::read(maps("3"));
  CHECK(count(three, "<svg") == 3);
  CHECK(count(three, "h1v1h-1z") == 3 * tokens_of_a_row * (tokens_of_a_row + 1) / 2);
  // In orange: both axes of each map, and the words above them.
  CHECK(count(three, "#d55e00") == 3 * 2 + 1);
  table const heads(s.here / "of3/heads.csv");
  auto sorted = heads.numbers("attention_on_0");
  std::sort(sorted.rbegin(), sorted.rend());
  for (std::size_t i = 0; i < heads.rows; ++i) {
    auto const name =
        "Layer " + heads.columns.at("layer")[i] + " head " + heads.columns.at("head")[i];
    bool const shown = three.find(name + ':') != std::string::npos;
    CHECK(shown == (heads.numbers("attention_on_0")[i] >= sorted[2]));
  }
}

TEST_CASE("sinks of rows too short for one are not made up", "[programs]") {
  setting const s;
  scratch::write(s.here / "two.json", "[[1], [1, 5], [1, 7]]");
  auto const found = s.run("sinks", {"--model", "model", "--texts", "two.json", "--out", "out"});
  REQUIRE(found.code == 0);
  CHECK(found.out.find("nan") == std::string::npos);
  CHECK(scratch::read(s.here / "out/report.html").find("nan") == std::string::npos);
  table const heads(s.here / "out/heads.csv");
  for (auto const& cell : heads.columns.at("attention_on_0")) CHECK(cell.empty());
  CHECK_THAT(
      s.failure("sinks", {"--model", "model", "--texts", "a.npy", "--context", "1"}),
      contains("no row has a second token, so there is nothing to attend to beside token 0"));
}

TEST_CASE("a token is no secondary sink in half of the rows that have it", "[programs]") {
  namespace lm = language_model;
  constexpr std::size_t length = 20;
  dm::token_rows rows;
  for (std::size_t const at : {3U, 4U, 5U, 6U}) {
    auto& row = rows.emplace_back();
    for (std::size_t t = 0; t < length; ++t) {
      row.push_back(t == at ? 5 : static_cast<dm::token>(10 + t));
    }
  }
  auto const given = dm::batch_of(rows);
  // How many sinks are found if that many of the rows attend to token 5, wherever it stands.
  auto const sinks = [&](std::size_t attending) {
    lm::later_mass mass;
    for (std::size_t b = 0; b < rows.size(); ++b) {
      std::vector<float> values(length * length);
      for (std::size_t q = 0; q < length; ++q) {
        bool const looks = b < attending && q > 3 + b;
        values[q * length + (looks ? 3 + b : q)] = 1;
      }
      mass(dm::site::pattern{{0, given.sequence(b)}},
           dm::make_view<float const, 3>(values.data(), {1, length, length},
                                         {length * length, length, 1}));
    }
    return lm::secondary_sinks(mass, 1, 1, rows).size();
  };
  CHECK(sinks(2) == 0);
  CHECK(sinks(3) == 1);
}

TEST_CASE("a secondary sink is a position or a token that later queries attend to", "[programs]") {
  namespace lm = language_model;
  constexpr std::size_t length = 20;
  // Tokens 10, 11, ... and token 5 at position 3 of the first two rows and at 4 of the third.
  dm::token_rows rows;
  for (std::size_t const at : {3U, 3U, 4U}) {
    auto& row = rows.emplace_back();
    for (std::size_t t = 0; t < length; ++t) {
      row.push_back(t == at ? 5 : static_cast<dm::token>(10 + t));
    }
  }
  auto const given = dm::batch_of(rows);
  lm::later_mass mass;
  // Head 0 has three quarters of its attention on token 5, once that is there; what is left, and
  // all of head 1, is on the query itself.
  for (std::size_t b = 0; b < rows.size(); ++b) {
    std::vector<float> values(2 * length * length);
    dm::view<float, 3> pattern =
        dm::make_view<float, 3>(values.data(), {2, length, length}, {length * length, length, 1});
    std::size_t const sink = b == 2 ? 4 : 3;
    for (std::size_t q = 0; q < length; ++q) {
      pattern(1, q, q) = 1;
      pattern(0, q, q) += q > sink ? 0.25F : 1.0F;
      if (q > sink) pattern(0, q, sink) += 0.75F;
    }
    mass(dm::site::pattern{{0, given.sequence(b)}},
         dm::make_view<float const, 3>(values.data(), {2, length, length},
                                       {length * length, length, 1}));
  }
  auto const found = lm::secondary_sinks(mass, 1, 2, rows);
  // Position 3 has 0.75 in two rows of three; token 5 has it in each, but
  // stands at different positions.
  REQUIRE(found.size() == 2);
  CHECK((found[0].head == 0 && !found[0].position && found[0].token == 5));
  CHECK(found[0].mass == Approx(0.75));
  CHECK((found[0].rows_above == 3 && found[0].rows == 3));
  CHECK((found[1].head == 0 && found[1].position == 3U && !found[1].token));
  CHECK(found[1].mass == Approx(0.5));
  CHECK((found[1].rows_above == 2 && found[1].rows == 3));
}
