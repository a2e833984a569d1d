// SPDX-License-Identifier: MIT
// The main experiment: what it writes, how it resumes, and how it says no.
#include "catch.hpp"
#include "programs/program.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

using scratch::folder;
using words = std::vector<std::string>;

namespace {

programs::outcome run(folder const& here, words arguments) {
  return programs::run(here.path(), "bigram_backcopy", arguments);
}
/// The sentence about a mistake in the data or on the way.
std::string failure(folder const& here, words const& arguments) {
  return programs::mistake(run(here, arguments), "bigram_backcopy", 1);
}
/// The sentence about a mistake on the command line.
std::string misuse(folder const& here, words const& arguments) {
  return programs::mistake(run(here, arguments), "bigram_backcopy", 2);
}
/// A run small enough for a test, in the folder `out`, and more arguments.
words small(words more, std::string const& out = "out") {
  more.insert(more.begin(), {"--batch", "4", "--every", "5", "--no-figures", "--out", out});
  return more;
}
std::size_t lines(std::string const& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

} // namespace

TEST_CASE("help tells every option and its default", "[programs]") {
  folder const here;
  auto const found = run(here, {"--help"});
  CHECK(found.code == 0);
  CHECK(found.err.empty());
  for (auto const* flag : {"--shape NAME=demo",
                           "--layers NAME=1",
                           "--attention NAME=softmax",
                           "--optimizer NAME=adamw",
                           "--lr X",
                           "--weight-decay X",
                           "--momentum X",
                           "--batch N=64",
                           "--steps N=1000",
                           "--seed N=0",
                           "--init-seed N=0",
                           "--data-seed N=0",
                           "--init NAME=dormant",
                           "--threads N=0",
                           "--every N=20",
                           "--checkpoint-every N=200",
                           "--triggers N=3",
                           "--bos N=1",
                           "--rule NAME=backcopy",
                           "--copy X",
                           "--bigrams FILE.csv",
                           "--corpus FILE.txt",
                           "--out DIR",
                           "--resume DIR",
                           "--no-figures"}) {
    CHECK(found.out.find(flag) != std::string::npos);
  }
}

TEST_CASE("mistakes on the command line are one sentence", "[programs]") {
  folder const here;
  auto const contains = [](char const* text) { return Catch::Contains(text); };
  CHECK_THAT(misuse(here, {"--atention", "relu"}),
             contains("there is no option '--atention'; the options are --help, --shape, ") &&
                 contains("--attention, "));
  CHECK_THAT(misuse(here, {"--attention", "reLU"}),
             contains("--attention: there is no 'reLU'; choose one of softmax, relu, sigmoid, "
                      "softmax_n, sink_logit, output_gate"));
  CHECK_THAT(misuse(here, {"--optimizer", "lion"}),
             contains("there is no 'lion'; choose one of adamw, sgd, sign_sgd"));
  CHECK_THAT(misuse(here, {"--layers", "4"}), contains("choose one of 1, 2, 3, minimal"));
  CHECK_THAT(misuse(here, {"--shape", "big"}), contains("choose one of demo, paper"));
  CHECK_THAT(misuse(here, {"--batch", "0"}),
             contains("--batch: expected a whole number from 1 on, found '0'"));
  CHECK_THAT(misuse(here, {"--steps", "0"}),
             contains("--steps: expected a whole number from 1 on, found '0'"));
  CHECK_THAT(misuse(here, {"--steps", "1e3"}), contains("found '1e3'"));
  CHECK_THAT(misuse(here, {"--seed", "-1"}), contains("found '-1'"));
  for (auto const* rate : {"nan", "inf", "-0.1", "fast", ""}) {
    CHECK_THAT(misuse(here, {"--lr", rate}),
               contains("--lr: expected a finite number from 0 on, found '"));
  }
  CHECK_THAT(misuse(here, {"--copy", "1.5"}), contains("expected a finite number from 0 to 1"));
  CHECK_THAT(misuse(here, {"--momentum", "0.5"}),
             contains("--momentum belongs to --optimizer sgd"));
  CHECK_THAT(misuse(here, {"--bigrams", "a", "--corpus", "b"}), contains("--bigrams excludes"));
  CHECK_THAT(misuse(here, {"--out", "a", "--resume", "b"}), contains("--out excludes"));
  CHECK_THAT(misuse(here, {"--steps"}), contains("--steps takes one value"));
  CHECK_THAT(misuse(here, {"--steps", "1", "--steps", "2"}), contains("--steps takes one value"));
  CHECK(here.files() == 0);
}

TEST_CASE("bad data is one sentence and leaves nothing behind", "[programs]") {
  folder const here;
  auto const contains = [](char const* text) { return Catch::Contains(text); };
  scratch::write(here / "empty.txt", "");
  scratch::write(here / "binary.txt", std::string("ab\0cd", 5));
  std::string many;
  for (int c = 0; c < 70; ++c) {
    for (int twice = 0; twice < 2; ++twice) many += {'\xC4', static_cast<char>(0x80 + c % 64), 'a'};
    many += c < 64 ? "" : "bcdefghijklmnopqrstuvwxyzbcdefghijklmnopqrstuvwxyza";
  }
  scratch::write(here / "many.txt", many);
  scratch::write(here / "word.csv", "id,codepoint,unigram,0,1\n0,97,1,1,1\n1,98,1,x,1\n");
  scratch::write(here / "silent.csv", "id,codepoint,unigram,0,1\n0,97,1,1,1\n1,98,1,0,0\n");
  auto const files = here.files();

  CHECK_THAT(failure(here, {"--corpus", "none.txt"}),
             contains("cannot read 'none.txt': no such file or folder"));
  CHECK_THAT(failure(here, {"--corpus", "empty.txt"}), contains("the corpus 'empty.txt' is empty"));
  CHECK_THAT(failure(here, {"--corpus", "binary.txt"}), contains("is not a text: byte 3"));
  CHECK_THAT(failure(here, {"--corpus", "many.txt"}),
             contains("distinct characters, but at most 65 fit into the vocabulary"));
  CHECK_THAT(failure(here, {"--bigrams", "word.csv"}),
             contains("'word.csv', line 3, column 4: expected a whole number, found 'x'"));
  CHECK_THAT(failure(here, {"--bigrams", "silent.csv"}),
             contains("gives no law for the character"));
  CHECK_THAT(failure(here, {"--triggers", "63"}), contains("trigger"));
  CHECK_THAT(failure(here, {"--bos", "3"}), contains("3"));
  CHECK_THAT(failure(here, {"--resume", "nowhere"}), contains("'nowhere/run.json'"));
  CHECK_THAT(failure(here, {"--out", "empty.txt"}), contains("is a file; choose another"));
  CHECK_THAT(failure(here, {"--out", "empty.txt/below"}), contains("cannot be created"));
  CHECK_THAT(failure(here, {"--out", "."}), contains("exists already and is not empty"));
  CHECK(here.files() == files);
}

TEST_CASE("a run leaves its numbers, its model and how it came about", "[programs]") {
  folder const here;
  auto const found = run(here, small({"--steps", "7", "--layers", "minimal"}));
  CHECK(found.code == 0);
  CHECK(found.err.empty());
  CHECK_THAT(found.out,
             Catch::Contains("step 7: loss ") && Catch::Contains("layer 0: no attention"));

  auto const metrics = scratch::read(here / "out/metrics.csv");
  CHECK(lines(metrics) == 4); // the header, steps 0, 5 and 7
  CHECK(metrics.starts_with(
      "step,loss,risk.bigram,risk.bigram_as_published,risk.backcopy,attention_sink.mean.0,"
      "attention_sink.on_background.0,attention_sink.on_triggers.0,attention_sink.as_published.0,"
      "sink_logit_gap.mean.0,sink_logit_gap.p10.0,sink_logit_gap.p90.0,value_drain.bos.0,"
      "value_drain.other.0,residual_peak.bos.0,residual_peak.other.0,attention_sink.mean.1,"));
  auto const row = metrics.substr(metrics.find("\n0,"));
  CHECK_THAT(row, Catch::Contains(",,,,,,,")); // layer 0 has no attention
  for (auto const* name : {"checkpoint.safetensors", "resume.safetensors", "bigrams.csv",
                           "attention.1.npy", "attention_tokens.npy"}) {
    CHECK(std::filesystem::exists(here / "out" / name));
  }
  CHECK_FALSE(std::filesystem::exists(here / "out/attention.0.npy"));
  auto const info = scratch::read(here / "out/run.json");
  for (auto const* text : {"\"layers\": \"minimal\"",
                           "\"lr\": 0.0003",
                           "\"copy\": 1",
                           "\"init-seed\": 0",
                           "\"data-seed\": 0",
                           "\"init\": \"dormant\"",
                           "\"batch\": 4",
                           "\"shards\": 8",
                           "\"date\": \"20",
                           "\"compiler\"",
                           "\"simd\"",
                           "\"least_bigram_risk\"",
                           "\"parameters\"",
                           "\"commit\"",
                           "\"flags\"",
                           "\"cpu\"",
                           "\"xsimd\"",
                           "\"xtensor\"",
                           "\"boost\"",
                           "\"random123\"",
                           "\"nlohmann_json\"",
                           "\"fmt\"",
                           "\"cli11\"",
                           "\"libstdc++\"",
                           "\"libc\""}) {
    CHECK_THAT(info, Catch::Contains(text));
  }
  CHECK_FALSE(std::filesystem::exists(here / "out/lock"));
}

TEST_CASE("a learning rate that explodes stops the run and keeps the good", "[programs]") {
  folder const here;
  auto const said = failure(here, small({"--steps", "30", "--lr", "1e30"}));
  CHECK_THAT(said, Catch::Contains("training stopped at step 1: ") &&
                       Catch::Contains("is not finite") &&
                       Catch::Contains("the last good checkpoint, of step 0, is in 'out'"));
  CHECK(std::filesystem::exists(here / "out/checkpoint.safetensors"));
  CHECK_THAT(failure(here, small({"--steps", "1", "--lr", "1e38"}, "other")),
             Catch::Contains("training stopped at step 0: ") && Catch::Contains("not finite"));
}

TEST_CASE("a full disk is one sentence, and files are whole or absent", "[programs]") {
  folder const here;
  auto const said = [&] {
    scratch::small_disk const disk(100'000);
    return failure(here, small({"--steps", "5"}));
  }();
  CHECK_THAT(said, Catch::Contains("cannot write 'out/resume.safetensors': the file would exceed"));
  for (auto const& file : std::filesystem::directory_iterator(here / "out")) {
    CHECK(file.path().extension() != ".tmp");
    CHECK(file.path().extension() != ".safetensors");
  }
}

TEST_CASE("a run in two parts is the run in one", "[programs][slow]") {
  folder const here;
  for (auto const* optimizer : {"adamw", "sgd", "sign_sgd"}) {
    words const how{"--optimizer", optimizer, "--attention", "output_gate", "--seed", "3"};
    auto const with = [&](words more, std::string const& out) {
      more.insert(more.end(), how.begin(), how.end());
      return small(more, out + optimizer);
    };
    std::string const one = std::string("one") + optimizer, two = std::string("two") + optimizer;
    CHECK(run(here, with({"--steps", "40", "--threads", "1"}, "one")).code == 0);
    CHECK(run(here, with({"--steps", "23", "--threads", "3"}, "two")).code == 0);
    CHECK(run(here, {"--resume", two, "--steps", "40", "--no-figures"}).code == 0);
    for (auto const* file : {"checkpoint.safetensors", "resume.safetensors", "metrics.csv",
                             "attention.0.npy", "attention_tokens.npy", "bigrams.csv"}) {
      CHECK(scratch::read(here / one / file) == scratch::read(here / two / file));
    }
  }
}

TEST_CASE("a resumed run refuses to become another", "[programs][slow]") {
  folder const here;
  REQUIRE(run(here, small({"--steps", "6"})).code == 0);
  auto const before = scratch::read(here / "out/metrics.csv");
  auto const contains = [](char const* text) { return Catch::Contains(text); };
  CHECK_THAT(misuse(here, {"--resume", "out", "--lr", "0.001"}),
             contains("the run in 'out' has --lr 0.0003, so it cannot go on with --lr 0.001"));
  CHECK_THAT(misuse(here, {"--resume", "out", "--attention", "relu"}),
             contains("cannot go on with --attention relu"));
  CHECK_THAT(misuse(here, {"--resume", "out", "--data-seed", "1"}),
             contains("the run in 'out' has --data-seed 0, so it cannot go on with --data-seed 1"));
  CHECK_THAT(misuse(here, {"--resume", "out", "--seed", "1"}),
             contains("has --init-seed 0, so it cannot go on with --init-seed 1"));
  CHECK_THAT(misuse(here, {"--resume", "out", "--init", "torch"}),
             contains("cannot go on with --init torch"));
  CHECK(run(here, {"--resume", "out", "--lr", "0.0003", "--seed", "0", "--no-figures"}).code == 0);
  CHECK_THAT(failure(here, {"--resume", "out", "--steps", "5"}),
             contains("is at step 6 already, so it cannot end at step 5"));
  scratch::write(here / "two.csv", "id,codepoint,unigram,0,1\n0,97,1,1,1\n1,98,1,1,1\n");
  CHECK_THAT(failure(here, {"--resume", "out", "--bigrams", "two.csv"}),
             contains("the run in 'out' has other bigram counts"));
  CHECK(scratch::read(here / "out/metrics.csv") == before);

  auto const saved = scratch::read(here / "out/resume.safetensors");
  scratch::write(here / "out/resume.safetensors", saved.substr(0, saved.size() / 2));
  CHECK_THAT(failure(here, {"--resume", "out", "--steps", "9"}),
             contains("may have been cut short"));
  scratch::write(here / "out/run.json", "{");
  CHECK_THAT(failure(here, {"--resume", "out"}), contains("does not hold the settings of a run"));
}

TEST_CASE("Ctrl-C saves and says how to go on", "[programs][slow]") {
  folder const here;
  REQUIRE(run(here, small({"--steps", "400"}, "whole")).code == 0);

  programs::process const child(here.path(), "bigram_backcopy", small({"--steps", "400"}));
  REQUIRE(programs::wait_until([&] { return lines(scratch::read(here / "out/metrics.csv")) > 4; }));
  child.signal(SIGINT);
  auto const found = child.wait();
  CHECK(found.code == 130);
  CHECK_THAT(found.err, Catch::Contains("stopped at step ") &&
                            Catch::Contains(" of 400; everything is kept, and this goes on:\n"));
  // The last line is the command, ready for a shell.
  auto command = found.err.substr(0, found.err.size() - 1);
  command = command.substr(command.rfind('\n') + 1);
  CHECK_THAT(command, Catch::Contains(" --resume '"));
  REQUIRE(std::system((command + " --no-figures >/dev/null").c_str()) == 0);
  for (auto const* file : {"checkpoint.safetensors", "metrics.csv"}) {
    CHECK(scratch::read(here / "whole" / file) == scratch::read(here / "out" / file));
  }
}

TEST_CASE("the number of threads changes no bit", "[programs][slow]") {
  folder const here;
  for (auto const* threads : {"1", "2", "3", "7"}) {
    REQUIRE(
        run(here, small({"--steps", "12", "--layers", "2", "--threads", threads}, threads)).code ==
        0);
    CHECK(scratch::read(here / "1/checkpoint.safetensors") ==
          scratch::read(here / threads / "checkpoint.safetensors"));
  }
}

TEST_CASE("without gnuplot the numbers are complete", "[programs]") {
  folder const here;
  std::string const before = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  auto const found = run(here, {"--steps", "2", "--batch", "2", "--every", "1", "--out", "out"});
  ::setenv("PATH", before.c_str(), 1);
  CHECK(found.code == 0);
  CHECK_THAT(found.err, Catch::Contains("gnuplot is not installed, so no figures were drawn"));
  CHECK(lines(scratch::read(here / "out/metrics.csv")) == 4);
  CHECK(std::filesystem::exists(here / "out/attention.0.npy"));
}
