// SPDX-License-Identifier: MIT
// The folder of a run: whenever a run ends, it can go on or begin; one writer; what does not fit
// together is refused and left as it was.
#include "programs/run_folder_testing.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

using namespace run_folders;

TEST_CASE("a folder in which no run began is taken by --out and by --resume", "[programs][slow]") {
  folder const here;
  run_in_one_piece(here);
  // A disk that is full after so many bytes: nothing but the lock, the counts, the settings, and
  // nothing but the model is missing.
  for (auto const* blocks : {"1", "8", "40", "100"}) {
    for (bool const resumes : {false, true}) {
      INFO(blocks << (resumes ? " --resume" : " --out"));
      fs::remove_all(here / "out");
      auto arguments = in("out", {"--steps", "30"});
      arguments.erase(std::ranges::find(arguments, "--steps"),
                      std::ranges::find(arguments, "20") + 1);
      std::string command = "cd '" + here.path().string() + "' && ulimit -f " + blocks + " && '" +
                            DORMANT_PROGRAMS + "/bigram_backcopy'";
      for (auto const& word : arguments) command += " " + word;
      int const status = std::system((command + " 2>said").c_str());
      CHECK(WIFEXITED(status)); // not killed by SIGXFSZ
      CHECK(WEXITSTATUS(status) == 1);
      CHECK_THAT(scratch::read(here / "said"), Contains("the file would exceed the size limit"));
      if (resumes) {
        arguments[static_cast<std::size_t>(std::ranges::find(arguments, "--out") -
                                           arguments.begin())] = "--resume";
      }
      auto const found = run(here, arguments);
      CHECK(found.code == 0);
      CHECK(std::ranges::count(found.err, '\n') == (resumes ? 1 : 0));
      check_same_as_in_one_piece(here);
      for (auto const& file : fs::directory_iterator(here / "out")) {
        CHECK(file.path().extension() != ".tmp");
        CHECK(file.path().filename() != "lock");
      }
    }
  }
  fs::create_directory(here / "empty");
  CHECK_THAT(run(here, {"--resume", "empty", "--steps", "1", "--batch", "1", "--no-figures"}).err,
             Contains("no run ever began in 'empty', so one begins with the options given"));
}

TEST_CASE("a folder with anything else in it is left alone", "[programs]") {
  folder const here;
  REQUIRE(run(here, in("out")).code == 0);
  fs::create_directory(here / "kept");
  fs::copy(here / "out/run.json", here / "kept/run.json");
  fs::copy(here / "out/bigrams.csv", here / "kept/bigrams.csv");
  for (auto const* other : {"out", "kept"}) {
    auto const before = snapshot(here / other);
    CHECK_THAT(failure(here, in(other)), Contains("exists already and is not empty"));
    CHECK(snapshot(here / other) == before);
  }
  fs::copy(here / "kept", here / "taken up");
  auto const found = run(here, {"--resume", "taken up", "--no-figures"});
  CHECK(found.code == 0);
  CHECK_THAT(found.err, Contains("never came to its first step; it begins now"));
  CHECK(scratch::read(here / "taken up/metrics.csv") == scratch::read(here / "out/metrics.csv"));
  scratch::write(here / "kept/lock", "bigram_backcopy, process 1 on a machine\n");
  scratch::write(here / "kept/notes.txt", "mine");
  CHECK_THAT(failure(here, in("kept")), Contains("exists already and is not empty"));
  CHECK(scratch::read(here / "kept/notes.txt") == "mine");
}

TEST_CASE("what killed processes left half-written is removed, and nothing else",
          "[programs][slow]") {
  folder const here;
  run_in_one_piece(here);
  REQUIRE(run(here, in("out")).code == 0);
  for (auto const* left : {"metrics.csv.123-0.tmp", "resume.safetensors.77-12.tmp", "lock"}) {
    scratch::write(here / "out" / left, "half");
  }
  for (auto const* foreign :
       {"notes.txt.123-0.tmp", "metrics.csv.tmp", "metrics.csv.1-.tmp", "metrics.csv.a-0.tmp"}) {
    scratch::write(here / "out" / foreign, "mine");
  }
  CHECK(run(here, going_on).code == 0);
  CHECK_FALSE(fs::exists(here / "out/metrics.csv.123-0.tmp"));
  CHECK_FALSE(fs::exists(here / "out/resume.safetensors.77-12.tmp"));
  CHECK_FALSE(fs::exists(here / "out/lock"));
  for (auto const* foreign :
       {"notes.txt.123-0.tmp", "metrics.csv.tmp", "metrics.csv.1-.tmp", "metrics.csv.a-0.tmp"}) {
    CHECK(scratch::read(here / "out" / foreign) == "mine");
  }
  check_same_as_in_one_piece(here);
}

TEST_CASE("a folder has one writer, and the next is told who it is", "[programs][slow]") {
  folder const here;
  words const long_run{"--batch",      "4",     "--every", "5", "--steps", "100000",
                       "--no-figures", "--out", "long"};
  programs::process const writer(here.path(), "bigram_backcopy", long_run);
  REQUIRE(programs::wait_until([&] { return lines_of(here / "long/metrics.csv").size() > 3; }));
  auto const who = scratch::read(here / "long/lock");
  CHECK_THAT(who, Catch::StartsWith("bigram_backcopy, process ") && Contains(" since 20"));
  for (auto const& second : {words{"--resume", "long"}, in("long")}) {
    CHECK_THAT(failure(here, second), Contains("the folder 'long' is being written to by " +
                                               who.substr(0, who.size() - 1)));
  }
  writer.signal(SIGKILL);
  CHECK(writer.wait().code == 128 + SIGKILL);
  CHECK(fs::exists(here / "long/lock")); // which nobody holds now
  programs::process const next(here.path(), "bigram_backcopy", {"--resume", "long"});
  REQUIRE(programs::wait_until([&] { return scratch::read(here / "long/lock") != who; }));
  next.signal(SIGHUP); // the terminal is closed
  auto const found = next.wait();
  CHECK(found.code == 130);
  CHECK_THAT(found.err, Contains("everything is kept, and this goes on"));
  CHECK_FALSE(fs::exists(here / "long/lock"));
}

TEST_CASE("a run whose files do not fit together is refused and left as it was",
          "[programs][slow]") {
  folder const here;
  REQUIRE(run(here, in("good")).code == 0);
  auto const good = lines_of(here / "good/metrics.csv");
  REQUIRE(good.size() == 6); // the header and steps 0, 5, 10, 15, 20, of which the last is dropped
  auto const metrics = here / "out/metrics.csv", info = here / "out/run.json";
  auto const with = [&](std::vector<std::string> lines) {
    return [=] { write_lines(metrics, lines); };
  };
  auto const instead = [&](std::string const& old, std::string const& now) {
    return [=] { replace(info, old, now); };
  };
  auto const flip = [&](char const* name, std::size_t back) {
    return [=, &here] {
      auto bytes = scratch::read(here / "out" / name);
      bytes[bytes.size() - back] = static_cast<char>(bytes[bytes.size() - back] ^ 1);
      scratch::write(here / "out" / name, bytes);
    };
  };
  auto word = good[2];
  word.replace(word.find(',') + 1, 3, "abc");
  auto short_line = good[3];
  short_line.erase(short_line.rfind(','), short_line.size() - 1 - short_line.rfind(','));
  struct damage {
    std::function<void()> act;
    std::string said;
  };
  std::vector<damage> const damages{
      {[&] { fs::remove(metrics); }, "'out/metrics.csv': no such file"},
      {with({good[0], good[1], good[3], good[2], good[4]}),
       "'out/metrics.csv': line 3 is of step 10, but the row of step 5 is missing before it"},
      {with({good[0], good[2], good[1], good[3], good[4]}), "line 2 is of step 5, but the row of"},
      {with({good[0], good[1], good[2], good[2], good[3], good[4]}),
       "line 4 is of step 5, which does not come after step 5"},
      {with({good[0], good[1], good[2], good[4], good[5]}),
       "line 4 is of step 15, but the row of step 10 is missing"},
      {with({good[0], good[1], good[2], good[3]}),
       "'out/metrics.csv': the row of step 15 is missing; the run is at step 20"},
      {with({good[0]}), "the row of step 0 is missing"},
      {with({good[1], good[2]}), "line 1 is not the header"},
      {with({}), "line 1 is not the header"},
      {with({good[0], good[1], word, good[3], good[4]}),
       "'out/metrics.csv': line 3, column 'loss': expected a number, found 'abc"},
      {with({good[0], good[1], good[2], good[3], good[4], "20,x" + good[5].substr(3)}),
       "line 6, column 'loss': expected a number, found 'x"},
      {with({good[0], good[1], good[2], short_line, good[4]}), "line 4 has "},
      {with({good[0], good[1], "3" + good[2].substr(1), good[2], good[3], good[4]}),
       "line 3 is of step 3, which has no row in this run"},
      {[&] { fs::remove(info); }, "'out/run.json': no such file"},
      {instead("\"settings\": {", "\"settings\": {\n \"batchh\": 2,"),
       "'out/run.json' does not hold the settings of a run: there is no setting 'batchh'; they "
       "are "},
      {instead("\"batch\"", "\"btach\""), "there is no setting 'btach'"},
      {instead("\"settings\": {", "\"settings\": {\n \"out\": \"x\","),
       "there is no setting 'out'"},
      {instead("\"batch\": 2,", ""), "the setting 'batch' is missing"},
      {instead("\"batch\": 2,", "\"batch\": 2, \"batch\": 2,"), "has 'batch' twice"},
      {instead("\"batch\": 2,", "\"batch\": true,"), "the setting 'batch' is boolean"},
      {instead("\"batch\": 2,", "\"batch\": [2],"), "the setting 'batch' is a list"},
      {instead("\"batch\": 2,", "\"batch\": \"two\","),
       "'out/run.json': --batch: expected a whole"},
      {instead("\"batch\": 2,", "\"batch\": -2,"), "'out/run.json': --batch: expected a whole"},
      {instead("\"batch\": 2,", "\"batch\": 2.5,"), "'out/run.json': --batch: expected a whole"},
      {instead("\"batch\": 2,", "\"batch\": 3,"), "has batch = 2, this one has batch = 3"},
      {instead("\"shards\": 8", "\"shards\": 4"), "the run has 4 shards, this one has 8"},
      {instead("\"shards\": 8", "\"shards\": \"8\""), "its 'shards' are no whole number"},
      {instead("\"settings\"", "\"setings\""), "has no 'settings'"},
      {instead("\"bigram_backcopy\"", "\"demo\""), "its 'program' is not bigram_backcopy"},
      {[&] { scratch::write(info, "{\"a\": \xff}"); }, "is not valid JSON at byte"},
      {[&] { scratch::write(info, "[]"); }, "is not a JSON object"},
      {[&] { fs::remove(here / "out/resume.safetensors"); }, "'out/resume.safetensors': no such"},
      {flip("resume.safetensors", 1), "do not fit the checksum"},
      {flip("resume.safetensors", 100'000), "do not fit the checksum"},
      {flip("bigrams.csv", 2),
       "'out/bigrams.csv' does not hold the bigram counts that the run was begun with"},
  };
  for (auto const& [act, said] : damages) {
    INFO(said);
    fs::remove_all(here / "out");
    fs::copy(here / "good", here / "out");
    act();
    auto const before = snapshot(here / "out");
    CHECK_THAT(failure(here, going_on), Contains(said));
    CHECK(snapshot(here / "out") == before);
  }
}

TEST_CASE("parameters of an earlier step, or damaged ones, are written again", "[programs][slow]") {
  folder const here;
  run_in_one_piece(here);
  REQUIRE(run(here, in("out", {"--checkpoint-every", "10"})).code == 0);
  auto const parameters = here / "out/checkpoint.safetensors";
  auto const good = scratch::read(parameters);
  words const again{"--resume", "out", "--no-figures"};
  replace(parameters, "\"step\":\"20\"", "\"step\":\"10\"");
  CHECK_THAT(run(here, again).err,
             Contains("do not fit the checksum") && Contains("it is written again"));
  CHECK(scratch::read(parameters) == good);
  fs::remove(parameters);
  CHECK(run(here, again).code == 0);
  CHECK(scratch::read(parameters) == good);
}

TEST_CASE("a run begun by something else goes on with one line of warning", "[programs][slow]") {
  folder const here;
  run_in_one_piece(here);
  for (auto const& [key, other] :
       {std::pair{"compiler", "g++ 1.2.3"}, {"simd", "sse2, 128 bits"}, {"dormant", "0.0.1"}}) {
    fs::remove_all(here / "out");
    REQUIRE(run(here, in("out")).code == 0);
    auto const text = scratch::read(here / "out/run.json");
    auto const start = text.find("\"" + std::string(key) + "\": \"") + std::string(key).size() + 5;
    replace(here / "out/run.json", text.substr(start, text.find('"', start) - start), other);
    auto const found = run(here, going_on);
    CHECK(found.code == 0);
    CHECK(std::ranges::count(found.err, '\n') == 1);
    CHECK_THAT(found.err, Contains("was begun with " + std::string(key) + " " + other + ", now ") &&
                              Contains("the last bits may differ"));
    check_same_as_in_one_piece(here);
  }
  auto const info = scratch::read(here / "out/run.json");
  CHECK_THAT(info, Contains("\"resumed\": [") && Contains("\"step\": 20"));
}
