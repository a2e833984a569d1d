// SPDX-License-Identifier: MIT
// sinks, domains and ablate on a small folder: the numbers of the library, and how they say no.
#include "dormant/dormant.hpp"
#include "dormant/intervention/replace.hpp"
#include "dormant/io/npy.hpp"
#include "dormant/probe/mean_output.hpp"
#include "dormant/probe/sequence_loss.hpp"
#include "dormant/source/save_folder.hpp"

#include "catch.hpp"
#include "programs/program.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace dm = dormant;
using words = std::vector<std::string>;

namespace {

constexpr dm::shape small{.layers = 2,
                          .heads = 4,
                          .width = 24,
                          .vocab = 31,
                          .context = 12,
                          .kv_heads = 2,
                          .mlp_width = 20};
constexpr std::size_t rows_of_a = 15, tokens_of_a_row = 9;

/// A CSV file as columns by name; cells stay texts.
struct table {
  std::map<std::string, words> columns;
  std::size_t rows = 0;

  explicit table(std::filesystem::path const& path) {
    std::istringstream file(scratch::read(path));
    words names;
    for (std::string line; std::getline(file, line);) {
      words cells;
      std::istringstream in(line);
      for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
      if (line.ends_with(',')) cells.emplace_back();
      if (names.empty()) {
        names = cells;
        continue;
      }
      REQUIRE(cells.size() == names.size());
      for (std::size_t c = 0; c < names.size(); ++c) columns[names[c]].push_back(cells[c]);
      ++rows;
    }
  }
  /// The number of a column in the first row whose cells are these.
  [[nodiscard]] double at(std::map<std::string, std::string> const& where,
                          std::string const& column) const {
    for (std::size_t r = 0; r < rows; ++r) {
      bool all = true;
      for (auto const& [name, cell] : where) all = all && columns.at(name)[r] == cell;
      if (!all) continue;
      auto const& cell = columns.at(column)[r];
      return cell.empty() ? std::nan("") : std::stod(cell);
    }
    FAIL("no such row");
    return 0;
  }
  [[nodiscard]] std::vector<double> numbers(std::string const& column) const {
    std::vector<double> out;
    for (auto const& cell : columns.at(column)) out.push_back(std::stod(cell));
    return out;
  }
};

/// A folder with a random Llama in `model`, and a.npy and b.npy.
struct setting {
  setting() {
    dm::llama::net<float> net(dm::sizes(small), {.seed = 3});
    dm::random_stream draw(7, dm::stream::parameters, 0, 0);
    for (auto& p : net.parameters()) p += static_cast<float>(0.3 * draw.normal());
    dm::save_folder<dm::llama>(net, here / "model");
    write("a.npy", rows_of_a, tokens_of_a_row, 1);
    write("b.npy", 4, 7, 5);
  }
  void write(std::string const& name, std::size_t rows, std::size_t length,
             std::int64_t step) const {
    std::vector<std::int64_t> ids;
    for (std::size_t i = 0; i < rows * length; ++i) {
      auto const n = static_cast<std::int64_t>(i);
      ids.push_back(n % static_cast<std::int64_t>(length) == 0 ? 1 : (n * n + step * n) % 31);
    }
    dm::write_npy<std::int64_t>(here / name, std::vector{rows, length}, ids);
  }
  [[nodiscard]] dm::batch batch(std::string const& name) const {
    auto const read = dm::read_npy<std::int64_t>(here / name);
    std::vector<std::vector<dm::token>> texts(read.shape[0]);
    for (std::size_t i = 0; i < read.values.size(); ++i) {
      texts[i / read.shape[1]].push_back(static_cast<dm::token>(read.values[i]));
    }
    return dm::batch_of(texts);
  }
  [[nodiscard]] dm::pretrained<dm::llama> net() const {
    auto const folder = dm::model_folder::open(here / "model");
    return {dm::llama::read(folder.config()), folder};
  }
  [[nodiscard]] programs::outcome run(std::string const& program, words const& more) const {
    return programs::run(here.path(), "language_model/" + program, more);
  }
  /// The sentence of a failure. What had gone well before may have been said on stdout.
  [[nodiscard]] std::string failure(std::string const& program, words const& more,
                                    int code = 1) const {
    auto found = run(program, more);
    found.out.clear();
    return programs::mistake(found, program, code);
  }
  scratch::folder here;
};

/// How far a program, which may be compiled with other flags, may be from the library.
Approx near(double value) { return Approx(value).epsilon(1e-4).margin(1e-6); }

auto contains(char const* text) { return Catch::Contains(text); }

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
  auto const loss = s.net().evaluate(s.batch("a.npy"), sink, drain, peak).loss;
  CHECK_THAT(found.out, Catch::Contains("loss " + std::to_string(loss).substr(0, 5)));
  table const heads(s.here / "out/heads.csv"), layers(s.here / "out/layers.csv");
  CHECK(heads.rows == small.layers * small.heads);
  CHECK(layers.rows == small.layers);
  for (std::size_t l = 0; l < small.layers; ++l) {
    auto const layer = std::to_string(l);
    CHECK(layers.at({{"layer", layer}}, "residual_norm_0") == near(peak.bos(l)));
    CHECK(layers.at({{"layer", layer}}, "residual_norm_others") == near(peak.other(l)));
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
  CHECK_THAT(scratch::read(s.here / "out/report.html"), contains("<h2>Heads</h2>"));
}

TEST_CASE("domains says what each head is worth on each domain", "[programs]") {
  setting const s;
  for (std::string const removal : {"zero", "to_bos"}) {
    auto const found = s.run("domains", {"--model", "model", "--a", "first=a.npy", "--b",
                                         "second=b.npy", "--removal", removal, "--out", removal});
    REQUIRE(found.err == "");
    REQUIRE(found.code == 0);
    CHECK_THAT(scratch::read(s.here / (removal + "/report.html")), contains("second"));
    table const heads(s.here / (removal + "/heads.csv"));
    CHECK(heads.rows == 2 * small.layers * small.heads);
    for (auto const& [domain, file] : {std::pair{"first", "a.npy"}, std::pair{"second", "b.npy"}}) {
      auto const rows = s.batch(file);
      dm::record<dm::site::pattern> kept; // [B, H, T, T]
      auto const with = s.net().evaluate(rows, kept).loss;
      auto const pattern = kept.values(1);
      dm::running_mean attention;
      for (std::size_t b = 0; b < rows.rows(); ++b) {
        for (std::size_t q = 1; q < rows.context(); ++q) {
          attention.add(static_cast<double>(pattern(b, 2, q, 0)));
        }
      }
      auto const without =
          removal == "zero"
              ? s.net().evaluate(rows, dm::ablate_head{.layer = 1, .head = 2}).loss
              : s.net().evaluate(rows, dm::attend_only_to_bos{.layer = 1, .head = 2}).loss;
      std::map<std::string, std::string> const here{
          {"layer", "1"}, {"head", "2"}, {"domain", domain}};
      // Rows are of one length, so that the mean over rows is the mean over tokens.
      CHECK(heads.at(here, "loss_change") == near(without - with));
      CHECK(heads.at(here, "attention_on_0") == near(attention.mean()));
      CHECK(heads.at(here, "loss_change_low") <= heads.at(here, "loss_change"));
      CHECK(heads.at(here, "loss_change_high") >= heads.at(here, "loss_change"));
    }
  }
}

TEST_CASE("ablate removes every part as the library does", "[programs]") {
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

TEST_CASE("ablate leaves out rows of one token, and threads change nothing", "[programs]") {
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
    CHECK_FALSE(std::filesystem::exists(s.here / "out"));

    scratch::write(s.here / "high.json", "[[1, 2], [3, 31]]");
    CHECK_THAT(s.failure(program, asked("model", "high.json")),
               contains("sequence 1, position 1: token 31 is outside the vocabulary of 31"));
    std::filesystem::remove_all(s.here / "out");
    s.write("long.npy", 2, small.context + 1, 1);
    CHECK_THAT(s.failure(program, asked("model", "long.npy")), contains("expected at most 12 tokens, found 13"));
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
