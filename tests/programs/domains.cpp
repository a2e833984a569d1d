// SPDX-License-Identifier: MIT
// domains on a small folder: the numbers of the library, and controls.
#include "dormant/intervention/replace.hpp"
#include "dormant/probe/mean_output.hpp"

#include "catch.hpp"
#include "language_model/head_findings.hpp"
#include "programs/language_models.hpp"

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace language_models;

TEST_CASE("domains says what each head is worth on each domain", "[programs][slow]") {
  setting const s;
  for (std::string const removal : {"zero", "to_bos"}) {
    auto const found = s.run("domains", {"--model", "model", "--a", "first=a.npy", "--b",
                                         "second=c.npy", "--removal", removal, "--out", removal});
    REQUIRE(found.err == "");
    REQUIRE(found.code == 0);
    CHECK_THAT(scratch::read(s.here / (removal + "/report.html")), contains("second"));
    table const heads(s.here / (removal + "/heads.csv"));
    CHECK(heads.rows == 2 * small.layers * small.heads);
    for (auto const& [domain, file] : {std::pair{"first", "a.npy"}, std::pair{"second", "c.npy"}}) {
      auto const rows = s.batch(file);
      dm::record<dm::site::pattern> kept; // [B, H, T, T]
      auto const with = s.net().evaluate(rows, kept).loss;
      auto const pattern = kept.values(1);
      dm::running_mean attention;
      for (std::size_t b = 0; b < rows.rows(); ++b) {
        for (std::size_t q = 2; q < rows.context(); ++q) {
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

namespace {
/// z of head 2 of layer 1 becomes what it was in the other of two rows.
struct exchanged {
  dm::tensor<float, 4> const& outputs; // [B, T, H, D]
  void operator()(dm::site::z at, dm::view<float, 3>& z) const {
    if (at.layer != 1) return;
    for (std::size_t t = 0; t < z.shape(0); ++t) {
      for (std::size_t d = 0; d < z.shape(2); ++d) {
        z(t, 2, d) = outputs(1 - at.sequence.index, t, 2, d);
      }
    }
  }
};
} // namespace

TEST_CASE("domains compares a removal with controls of the same cost", "[programs]") {
  setting const s;
  s.write("two.npy", 2, 8, 3);   // each row gets the outputs of the other
  s.write("short.npy", 5, 3, 3); // query 1, the last that predicts, has one key that is not token 0
  auto const found = s.run("domains", {"--model", "model", "--a", "x=two.npy", "--b", "y=short.npy",
                                       "--control-heads", "8", "--out", "out"});
  REQUIRE(found.err == "");
  REQUIRE(found.code == 0);
  CHECK_THAT(found.out,
             contains("There are 96 numbers to compare and a domain with 2 rows of three "
                      "tokens or more, too few for intervals that hold for all of them "
                      "together; 12 would do. "));
  CHECK(found.out.find("and no verdict") != found.out.find("No head looks active"));
  table const controls(s.here / "out/controls.csv"), heads(s.here / "out/heads.csv");
  CHECK(controls.rows == small.layers * small.heads * 2 * 5);
  auto const net = s.net();
  auto const two = s.batch("two.npy"), short_rows = s.batch("short.npy");
  dm::mean_output means;
  dm::record<dm::site::z> outputs;
  auto const with = net.evaluate(two, means, outputs).loss;
  auto const short_with = net.evaluate(short_rows).loss;
  auto const kept = outputs.values(1);
  std::map<std::string, std::string> here{{"layer", "1"}, {"head", "2"}, {"domain", "x"}};
  auto const change = [&](std::string const& by) {
    here["by"] = by;
    return controls.at(here, "loss_change");
  };
  CHECK(change("zero") ==
        near(net.evaluate(two, dm::ablate_head{.layer = 1, .head = 2}).loss - with));
  dm::replace_head const mean{.layer = 1, .head = 2, .value = means.head(1, 2)};
  CHECK(change("mean") == near(net.evaluate(two, mean).loss - with));
  CHECK(change("swap") == near(net.evaluate(two, exchanged{kept}).loss - with));
  auto const other = std::to_string(static_cast<int>([&] {
    change("other_head");
    return controls.at(here, "other_head");
  }()));
  CHECK(other != "2");
  CHECK(change("other_head") ==
        heads.at({{"layer", "1"}, {"head", other}, {"domain", "x"}}, "loss_change"));
  here["domain"] = "y";
  CHECK(change("random_key") ==
        near(net.evaluate(short_rows, dm::identity_pattern{.layer = 1, .head = 2}).loss -
             short_with));
  CHECK(std::abs(change("random_key")) > 1e-4);
  std::size_t others = 0;
  for (std::size_t r = 0; r < controls.rows; ++r) {
    if (controls.columns.at("by")[r] != "other_head") continue;
    CHECK(controls.columns.at("other_head")[r] != controls.columns.at("head")[r]);
    ++others;
  }
  CHECK(others == small.layers * small.heads * 2);
  // No interval, and no number that is none, where rows are too few.
  for (auto const& cell : controls.columns.at("loss_change_low")) CHECK(cell.empty());
  CHECK(scratch::read(s.here / "out/report.html").find("nan") == std::string::npos);
}

TEST_CASE("domains takes rows that have no query with a choice", "[programs]") {
  setting const s;
  scratch::write(s.here / "two.json", "[[1], [1, 5], [1, 7]]");
  auto const found =
      s.run("domains", {"--model", "model", "--a", "x=two.json", "--b", "y=a.npy", "--out", "out"});
  REQUIRE(found.code == 0);
  CHECK_THAT(found.out, contains("a domain with 0 rows of three tokens or more"));
  CHECK(scratch::read(s.here / "out/report.html").find("nan") == std::string::npos);
  table const heads(s.here / "out/heads.csv");
  CHECK(std::isnan(heads.at({{"domain", "x"}}, "attention_on_0")));
  CHECK(heads.at({{"domain", "y"}}, "attention_on_0") > 0);
}

TEST_CASE("domains draws its controls from a seed, for some heads or none", "[programs][slow]") {
  setting const s;
  auto const run = [&](std::string const& out, words more) {
    words all{"--model", "model", "--a", "x=a.npy", "--b", "y=c.npy", "--out", out};
    all.insert(all.end(), more.begin(), more.end());
    REQUIRE(s.run("domains", all).code == 0);
    return s.here / (out + "/controls.csv");
  };
  auto const once = scratch::read(run("once", {"--threads", "1"}));
  CHECK(once == scratch::read(run("again", {"--threads", "3"})));
  CHECK(once != scratch::read(run("seed", {"--seed", "1"})));
  CHECK_FALSE(std::filesystem::exists(run("none", {"--control", "none"})));
  table const swap(run("swap", {"--control", "swap", "--control-heads", "1"}));
  CHECK(swap.rows == 2 * 2);
  CHECK(swap.columns.at("by") == words{"zero", "swap", "zero", "swap"});
  for (std::size_t r = 0; r < swap.rows; ++r) {
    CHECK(swap.numbers("loss_change_low")[r] <= swap.numbers("loss_change")[r]);
    CHECK(swap.numbers("loss_change_high")[r] >= swap.numbers("loss_change")[r]);
  }
  CHECK_THAT(s.failure("domains",
                       {"--model", "model", "--a", "x=a.npy", "--b", "y=b.npy", "--control", "head",
                        "--out", "no"},
                       2),
             contains("--control"));
  CHECK_THAT(s.failure("domains", {"--model", "model", "--a", "x=a.npy", "--b", "y=b.npy",
                                   "--context", "1", "--out", "no"}),
             contains("x: no row has a second token, so there is no loss that could change"));
}

TEST_CASE("a head is active on one domain and dormant on the other by all three intervals",
          "[programs]") {
  namespace lm = language_model;
  auto const around = [](double mean) {
    return dm::estimated_mean{
        .mean = mean, .standard_error = 0.01, .low = mean - 0.05, .high = mean + 0.05};
  };
  // Attention on token 0 and loss change, of domain 0 and of domain 1.
  auto const head = [&](double attention_0, double change_0, double attention_1, double change_1) {
    lm::head_on_domains h;
    h.on = {{around(attention_0), around(change_0)}, {around(attention_1), around(change_1)}};
    return h;
  };
  auto const found = head(0.9, 0.0, 0.1, 0.5);
  CHECK(found.active_dormant(0, 1));
  CHECK_FALSE(found.active_dormant(1, 0));
  CHECK_FALSE(head(0.9, -0.5, 0.1, 0.04).active_dormant()); // perhaps worth nothing on either
  CHECK_FALSE(head(0.9, 0.45, 0.1, 0.5).active_dormant());  // worth as much on both
  CHECK_FALSE(head(0.9, 0.0, 0.85, 0.5).active_dormant());  // rests as much on both
  CHECK_FALSE(head(0.2, 0.0, 0.01, 0.5).active_dormant());  // a difference, but no rest
  // The same of means.
  CHECK(found.looks_active_dormant(0, 1));
  CHECK_FALSE(head(0.2, 0.0, 0.01, 0.5).looks_active_dormant(0, 1));
  CHECK_FALSE(head(0.9, 0.0, 0.5, 0.5).looks_active_dormant(0, 1));
  CHECK_FALSE(head(0.9, 0.5, 0.1, 0.4).looks_active_dormant(0, 1));
}
