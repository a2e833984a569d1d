// SPDX-License-Identifier: MIT
// ablate on a small folder: the numbers of the library; and how all
// programs of language models say no.
#include "dormant/intervention/replace.hpp"
#include "dormant/probe/mean_output.hpp"

#include "catch.hpp"
#include "programs/language_models.hpp"

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

using namespace language_models;

TEST_CASE("ablate removes every part as the library does", "[programs][slow]") {
  setting const s;
  auto const found = s.run("ablate", {"--model", "model", "--texts", "a.npy", "--out", "out"});
  REQUIRE(found.err == "");
  REQUIRE(found.code == 0);
  table const removals(s.here / "out/removals.csv"), downstream(s.here / "out/downstream.csv");
  constexpr std::size_t of_a_layer = 3 * small.heads + 6;
  CHECK(removals.rows == small.layers * of_a_layer);
  CHECK(downstream.rows == of_a_layer * (2 + 1)); // both layers after layer 0, one after layer 1

  auto const net = s.net();
  auto const rows = s.batch("a.npy");
  dm::attention_sink sink;
  dm::residual_peak peak;
  dm::mean_output means;
  auto const with = net.evaluate(rows, sink, peak, means).loss;
  CHECK_THAT(found.out, Catch::Contains("Loss " + std::to_string(with).substr(0, 5)));
  auto const is = [&](std::string const& part, std::string const& head, std::string const& by,
                      auto const& hook) {
    for (std::string const layer : {"0", "1"}) {
      INFO("layer " << layer << " " << part << " " << head << " " << by);
      std::size_t const l = layer == "0" ? 0 : 1;
      auto const edit = hook(l);
      dm::attention_sink sink_then;
      dm::residual_peak peak_then;
      auto const without = net.evaluate(rows, edit, sink_then, peak_then).loss;
      std::map<std::string, std::string> here{
          {"layer", layer}, {"part", part}, {"head", head}, {"by", by}};
      CHECK(removals.at(here, "loss_change") == near(without - with));
      CHECK(removals.at(here, "loss_change_low") <= removals.at(here, "loss_change"));
      CHECK(removals.at(here, "loss_change_high") >= removals.at(here, "loss_change"));
      auto const attention = removals.at(here, "attention_on_0_change");
      if (l == 0) {
        CHECK(attention == near(sink_then.mean(1) - sink.mean(1)));
      } else {
        CHECK(std::isnan(attention)); // there is no later layer
        CHECK(removals.at(here, "residual_norm_0_ratio") == near(peak_then.bos(1) / peak.bos(1)));
        CHECK(removals.at(here, "residual_norm_others_ratio") ==
              near(peak_then.other(1) / peak.other(1)));
      }
      here["at_layer"] = "1";
      CHECK(downstream.at(here, "attention_on_0") == near(sink_then.mean(1)));
      CHECK(downstream.at(here, "attention_on_0_before") == near(sink.mean(1)));
      CHECK(downstream.at(here, "residual_norm_0") == near(peak_then.bos(1)));
      CHECK(downstream.at(here, "residual_norm_others_before") == near(peak.other(1)));
    }
  };
  is("head", "2", "zero", [](std::size_t l) { return dm::ablate_head{.layer = l, .head = 2}; });
  is("head", "2", "to_bos",
     [](std::size_t l) { return dm::attend_only_to_bos{.layer = l, .head = 2}; });
  is("head", "3", "mean", [&](std::size_t l) {
    return dm::replace_head{.layer = l, .head = 3, .value = means.head(l, 3)};
  });
  is("attention", "", "zero", [](std::size_t l) { return dm::zero_attention{.layer = l}; });
  is("mlp", "", "zero", [](std::size_t l) { return dm::zero_mlp{.layer = l}; });
  is("mlp", "", "mean",
     [&](std::size_t l) { return dm::replace_mlp{.layer = l, .value = means.mlp(l)}; });
  is("layer", "", "zero", [](std::size_t l) { return dm::zero_layer{.layer = l}; });
  is("layer", "", "mean", [&](std::size_t l) {
    return dm::replace_layer{.layer = l, .attention = means.attention(l), .mlp = means.mlp(l)};
  });

  auto const report = scratch::read(s.here / "out/report.html");
  CHECK_THAT(report, contains("It attends to token 0 alone"));
  CHECK_THAT(report, contains("layer 1 mlp"));
  CHECK(report.find("nan") == std::string::npos);
}

TEST_CASE("ablate gives no interval where rows are too few for one", "[programs]") {
  setting const s;
  auto const found = s.run("ablate", {"--model", "model", "--texts", "b.npy", "--out", "out"});
  REQUIRE(found.code == 0);
  CHECK_THAT(found.out, contains("There are 36 removals and 4 rows with more than one token, too "
                                 "few for intervals that hold for all removals together; 11 "));
  table const removals(s.here / "out/removals.csv");
  for (auto const& cell : removals.columns.at("loss_change_low")) CHECK(cell.empty());
  for (double const e : removals.numbers("standard_error")) CHECK(e >= 0);
}

TEST_CASE("ablate leaves out rows of one token, and threads change nothing", "[programs][slow]") {
  setting const s;
  scratch::write(s.here / "texts.json", "[[1], [1, 5, 9], [1, 5]]");
  scratch::write(s.here / "two.json", "[[1, 5, 9], [1, 5]]");
  auto const csv = [&](std::string const& texts, std::string const& threads) {
    auto const out = texts + threads;
    REQUIRE(
        s.run("ablate", {"--model", "model", "--texts", texts, "--out", out, "--threads", threads})
            .code == 0);
    return s.here / (out + "/removals.csv");
  };
  CHECK(scratch::read(csv("texts.json", "1")) == scratch::read(csv("texts.json", "2")));
  table const all(csv("texts.json", "3")), two(csv("two.json", "1"));
  std::map<std::string, std::string> const here{{"part", "head"}, {"head", "1"}, {"by", "zero"}};
  CHECK(all.at(here, "loss_change") == two.at(here, "loss_change"));
  CHECK_THAT(s.failure("ablate", {"--model", "model", "--texts", "a.npy", "--context", "1"}),
             contains("no row has a second token, so there is no loss that could change"));
}

TEST_CASE("a pass says what memory it takes, and which rows would fit a bound", "[programs]") {
  setting const s;
  s.write("many.npy", 5000, small.context, 1);
  CHECK_THAT(s.failure("sinks", {"--model", "model", "--texts", "many.npy", "--rows", "5000",
                                 "--memory", "18M"}),
             contains("a pass over 5000 rows takes 0.0") && contains("would fit"));
  auto const found = s.run("sinks", {"--model", "model", "--texts", "a.npy", "--memory", "0.5G"});
  CHECK(found.code == 0);
  CHECK_THAT(found.out,
             contains("a pass takes at most 0.0") && contains(" GB beside the mapped files: "));
}

TEST_CASE("programs of language models refuse wrong words", "[programs]") {
  setting const s;
  for (std::string const program : {"sinks", "domains", "ablate"}) {
    INFO(program);
    bool const two = program == "domains";
    // Its arguments with this model and these texts.
    auto const asked = [&](std::string const& model, std::string const& texts) {
      return two ? words{"--model", model, "--a", "x=" + texts, "--b", "y=b.npy", "--out", "out"}
                 : words{"--model", model, "--texts", texts, "--out", "out"};
    };
    auto const with = [&](words more) {
      auto all = asked("model", "a.npy");
      all.insert(all.end(), more.begin(), more.end());
      return all;
    };
    CHECK(s.run(program, {"--help"}).code == 0);
    CHECK_THAT(s.failure(program, {}, 2), contains("is required"));
    CHECK_THAT(s.failure(program, with({"--rows", "0"}), 2), contains("expected a whole number"));
    CHECK_THAT(s.failure(program, with({"--contxt", "3"}), 2), contains("there is no option"));
    CHECK_THAT(s.failure(program, asked("none", "a.npy")),
               contains("'none': there is no such folder"));
    CHECK_THAT(s.failure(program, asked("model", "none.npy")), contains("cannot read 'none.npy'"));
    scratch::write(s.here / "a.txt", "Once upon a time");
    CHECK_THAT(s.failure(program, asked("model", "a.txt")),
               contains("'a.txt': the model's folder has no tokenizer.json"));
    CHECK_THAT(s.failure(program, with({"--memory", "4Q"}), 2),
               contains("--memory: expected a size as 4G or 500M, found '4Q'"));
    CHECK_THAT(s.failure(program, with({"--memory", "1M"})),
               contains("more than the 0.001 GB of --memory: one layer alone takes"));
    CHECK_FALSE(std::filesystem::exists(s.here / "out"));

    scratch::write(s.here / "high.json", "[[1, 2], [3, 31]]");
    CHECK_THAT(s.failure(program, asked("model", "high.json")),
               contains("sequence 1, position 1: token 31 is outside the vocabulary of 31"));
    std::filesystem::remove_all(s.here / "out");
    s.write("long.npy", 2, small.context + 1, 1);
    CHECK_THAT(s.failure(program, asked("model", "long.npy")),
               contains("expected at most 12 tokens, found 13"));
    std::filesystem::remove_all(s.here / "out");

    scratch::write(s.here / "out", "a file");
    CHECK_THAT(s.failure(program, asked("model", "a.npy")), contains("'out'"));
    CHECK(scratch::read(s.here / "out") == "a file");
    std::filesystem::remove(s.here / "out");
    std::filesystem::create_directories(s.here / "out/kept");
    CHECK_THAT(s.failure(program, asked("model", "a.npy")),
               contains("the output folder 'out' exists already and is not empty"));
    std::filesystem::remove_all(s.here / "out");

    auto const config = scratch::read(s.here / "model/config.json");
    scratch::write(s.here / "model/config.json", "{\"architectures\": [\"BertModel\"]}");
    CHECK_THAT(s.failure(program, asked("model", "a.npy")), contains("is 'BertModel', expected"));
    scratch::write(s.here / "model/config.json", config);
  }
  CHECK_THAT(s.failure("domains", {"--model", "model", "--a", "a.npy", "--b", "y=b.npy"}, 2),
             contains("--a: expected NAME=FILES, found 'a.npy'"));
}
