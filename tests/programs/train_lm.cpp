// SPDX-License-Identifier: MIT
// A small language model: what training writes, that a stopped run goes on to the same bits, and
// that the other programs read its checkpoints.
#include "catch.hpp"
#include "programs/program.hpp"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using scratch::folder;
using words = std::vector<std::string>;
namespace fs = std::filesystem;

namespace {

// Two kinds of text: counting, and the alphabet.
void write_texts(folder const& here) {
  std::ofstream a(here.path() / "counting.txt"), b(here.path() / "letters.txt");
  for (int i = 0; i < 2000; ++i) {
    a << i << '\n';
    b << "abcdefgh\n";
  }
}
/// A run small enough for a test.
words small(words const& more) {
  return programs::with_usual(
      programs::small_training({"--texts", "counting.txt,letters.txt", "--steps", "60",
                                "--measure-every", "20", "--checkpoint-every", "25", "--sample",
                                "12"}),
      more);
}
programs::outcome run(folder const& here, words const& more) {
  return programs::run(here.path(), "language_model/train_lm", small(more));
}
std::string contents(folder const& here, std::string const& file) {
  return scratch::read(here.path() / file);
}

} // namespace

TEST_CASE("training writes checkpoints that other programs read", "[programs][slow]") {
  folder const here;
  write_texts(here);
  auto const found = run(here, {"--out", "run"});
  INFO(found.err);
  REQUIRE(found.code == 0);
  CHECK_THAT(found.out, Catch::Contains("validation: counting: "));
  CHECK_THAT(found.out,
             Catch::Contains("counting (8450 tokens, and 440 to validate), letters (17109 "
                             "tokens, and 891 to validate)"));
  auto const log = contents(here, "run/log.csv");
  CHECK_THAT(log, Catch::StartsWith("step,training_loss,loss.counting,bits_per_byte.counting,"
                                    "attention_sink.counting.0.0,attention_sink.counting.0.1,"
                                    "value_drain.counting.0,residual_peak.counting.0,"
                                    "loss.letters,"));
  CHECK(std::count(log.begin(), log.end(), '\n') == 5); // header, 0, 20, 40, 60
  // Each row of the way has the loss of its step's batch; the last has no step.
  for (auto const* begin : {"\n0,5.", "\n20,", "\n60,,"})
    CHECK(log.find(begin) != std::string::npos);
  CHECK(log.find("\n20,,") == std::string::npos);
  for (auto const* step : {"0000000", "0000016", "0000025", "0000050", "0000060"}) {
    INFO(step);
    CHECK(fs::exists(here.path() / "run/checkpoints" / ("step-" + std::string(step)) /
                     "model.safetensors"));
  }
  CHECK(contents(here, "run/sample.txt").size() == 12);

  // `sinks` tokenizes with the folder's own tokenizer, and finds <s> before every text.
  auto const sinks =
      programs::run(here.path(), "language_model/sinks",
                    {"--model", "run/checkpoints/step-0000060", "--texts", "letters.txt",
                     "--context", "16", "--rows", "8", "--out", "sinks"});
  INFO(sinks.err);
  REQUIRE(sinks.code == 0);
  CHECK_THAT(sinks.out, Catch::Contains("position 0 holds token 256 (\"<s>\") in all 8 rows") ||
                            Catch::Contains("position 0 holds token 256 ('<s>') in all 8 rows"));
}

TEST_CASE("both models and every rule learn the alphabet", "[programs][slow]") {
  folder const here;
  write_texts(here);
  for (auto const* model : {"llama", "paper"}) {
    for (auto const* rule : {"softmax", "relu", "sigmoid", "softmax_n"}) {
      auto const out = std::string(model) + rule;
      INFO(out);
      auto const found =
          run(here, {"--model", model, "--attention", rule, "--out", out, "--lr", "0.02"});
      INFO(found.err);
      REQUIRE(found.code == 0);
      // The last row: bits a byte of `letters`, which knows nothing of log2(257) = 8 any more.
      auto const log = contents(here, out + "/log.csv");
      words cells{""};
      for (char const c : log.substr(log.rfind('\n', log.size() - 2) + 1)) {
        if (c == ',') {
          cells.emplace_back();
        } else {
          cells.back() += c;
        }
      }
      REQUIRE(cells.size() == 14);
      CHECK(std::stod(cells[9]) < 4);
      bool const is_folder = fs::exists(here.path() / out / "checkpoints/step-0000060/config.json");
      CHECK(is_folder == (std::string(rule) == "softmax"));
    }
  }
}

TEST_CASE("a run that was stopped goes on to the same bits, on any number of threads",
          "[programs][slow]") {
  folder const here;
  write_texts(here);
  auto const whole = run(here, {"--out", "whole", "--threads", "1", "--steps", "3000"});
  REQUIRE(whole.code == 0);
  {
    programs::process const child(here.path(), "language_model/train_lm",
                                  small({"--out", "cut", "--threads", "2", "--steps", "3000"}));
    CHECK(programs::wait_until(
        [&] { return fs::exists(here.path() / "cut/checkpoints/step-0000100/config.json"); }));
    child.signal(SIGINT);
    auto const stopped = child.wait();
    CHECK(stopped.code == 130);
    CHECK_THAT(stopped.err, Catch::Contains("the same command with --resume goes on"));
  }
  CHECK(!fs::exists(here.path() / "cut/sample.txt"));
  auto const on = run(here, {"--out", "cut", "--threads", "2", "--steps", "3000", "--resume"});
  INFO(on.err);
  REQUIRE(on.code == 0);
  for (auto const* file : {"log.csv", "sample.txt", "checkpoints/step-0003000/model.safetensors",
                           "resume.safetensors"}) {
    INFO(file);
    bool const same =
        contents(here, std::string("whole/") + file) == contents(here, std::string("cut/") + file);
    CHECK(same);
  }
}

TEST_CASE("token ids train as the text that they are of", "[programs][slow]") {
  folder const here;
  write_texts(here);
  std::ofstream ids(here.path() / "letters.json"), others(here.path() / "others.json");
  auto const text = scratch::read(here.path() / "letters.txt");
  ids << "[[";
  for (std::size_t i = 0; i < text.size(); ++i) {
    ids << (i == 0 ? "" : ",") << static_cast<int>(text[i]);
  }
  ids << "]]";
  ids.close();
  others << "[[1,2,257]]";
  others.close();
  REQUIRE(run(here, {"--texts", "letters.json", "--out", "ids"}).code == 0);
  REQUIRE(run(here, {"--texts", "letters.txt", "--out", "text"}).code == 0);
  // Texts are cut at a line's end, ids where they are: the rows drawn are nearly the same.
  auto const last = [&](std::string const& out) {
    auto const log = contents(here, out + "/log.csv");
    auto const line = log.substr(log.rfind('\n', log.size() - 2) + 1);
    auto const loss = line.find(',', line.find(',') + 1) + 1;
    return std::stod(line.substr(line.find(',', loss) + 1)); // bits a byte
  };
  CHECK(std::abs(last("ids") - last("text")) < 0.3);
  CHECK_THAT(programs::mistake(run(here, {"--texts", "others.json", "--out", "a"}), "train_lm", 1),
             Catch::Contains("token 257 is outside the vocabulary of 257"));
}

TEST_CASE("what cannot be trained on is one sentence", "[programs]") {
  folder const here;
  write_texts(here);
  std::ofstream(here.path() / "short.txt") << "too short";
  std::ofstream(here.path() / "latin.txt") << std::string(4000, '\xE9');
  auto const fails = [&](words const& more, int code) {
    return programs::mistake(run(here, more), "train_lm", code);
  };
  auto const contains = [](char const* text) { return Catch::Contains(text); };
  CHECK_THAT(fails({"--texts", "absent.txt", "--out", "a"}, 1), contains("absent.txt"));
  CHECK_THAT(fails({"--texts", "short.txt", "--out", "a"}, 1),
             contains("fewer than the 16 of a row"));
  CHECK_THAT(fails({"--texts", "latin.txt", "--out", "a"}, 1), contains("not UTF-8"));
  CHECK_THAT(fails({"--texts", "letters.txt,letters.txt", "--out", "a"}, 1),
             contains("two texts are called"));
  CHECK_THAT(fails({"--out", "a", "--width", "15"}, 2), contains("--heads"));
  CHECK_THAT(fails({"--out", "a", "--resume"}, 1), contains("resume.safetensors"));
  CHECK(!fs::exists(here.path() / "a"));
  REQUIRE(run(here, {"--out", "a", "--steps", "2"}).code == 0);
  CHECK_THAT(fails({"--out", "a"}, 1), contains("'a'") && contains("empty"));
  CHECK_THAT(
      programs::mistake(run(here, {"--out", "a", "--steps", "3", "--resume"}), "train_lm", 1),
      contains("steps = 2"));
}
