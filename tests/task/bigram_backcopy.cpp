// SPDX-License-Identifier: MIT
// The task and its relatives: purity, triggers copy, backgrounds follow the table, and the laws
// that come with the tokens are the laws they were drawn from.
#include "dormant/task/bigram_backcopy.hpp"

#include "catch.hpp"
#include "dormant/concepts.hpp"
#include "dormant/task/oracle.hpp"
#include "io/scratch.hpp"
#include "task/goodness_of_fit.hpp"
#include "task/tables.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

using namespace dormant;
using Catch::Matchers::Equals;
using Catch::Matchers::Matches;

namespace {

constexpr shape small{.width = 8, .vocab = 67, .context = 48};
using small_task = bigram_backcopy<small>;
static_assert(task<small_task>);

struct row {
  std::vector<token> tokens = std::vector<token>(small.context + 1);
  std::vector<next_token_law> laws = std::vector<next_token_law>(small.context);
};

row sampled(small_task const& source, stream which, std::uint64_t step, std::uint64_t r) {
  row out;
  source.sample_row(which, step, r, out.tokens, out.laws);
  return out;
}

std::vector<small_task> relatives() {
  std::vector<small_task> out;
  for (trigger_rule const rule :
       {backcopy, plain_markov, bigram_backward, trigger_rule{.copy = 0.3F},
        trigger_rule{.copy = 0.6F, .otherwise = trigger_rule::row::previous}}) {
    for (std::size_t bos = 0; bos <= 2; ++bos)
      out.emplace_back(
          bigram_backcopy_options{.triggers = 4, .seed = 11, .bos = bos, .rule = rule});
  }
  return out;
}

} // namespace

TEST_CASE("a row is a pure function of seed, stream, step and row", "[task][purity]") {
  small_task const task({.seed = 42});
  auto const reference = sampled(task, stream::training_data, 5, 9);

  SECTION("whatever was sampled before, by whatever object, on whatever thread") {
    (void)task.sample(3);
    (void)sampled(task, stream::training_data, 4, 9);
    CHECK(sampled(task, stream::training_data, 5, 9).tokens == reference.tokens);
    CHECK(sampled(small_task({.seed = 42}), stream::training_data, 5, 9).tokens ==
          reference.tokens);
    std::vector<token> elsewhere;
    std::thread([&] { elsewhere = sampled(task, stream::training_data, 5, 9).tokens; }).join();
    CHECK(elsewhere == reference.tokens);
  }
  SECTION("with or without laws, and cut off") {
    std::vector<token> tokens(small.context + 1);
    task.sample_row(stream::training_data, 5, 9, tokens, {});
    CHECK(tokens == reference.tokens);
    std::vector<token> start(12);
    std::vector<next_token_law> laws(11);
    task.sample_row(stream::training_data, 5, 9, start, laws);
    CHECK(std::equal(start.begin(), start.end(), reference.tokens.begin()));
    CHECK(std::equal(laws.begin(), laws.end(), reference.laws.begin()));
  }
  SECTION("and of all four") {
    CHECK(sampled(small_task({.seed = 43}), stream::training_data, 5, 9).tokens !=
          reference.tokens);
    CHECK(sampled(task, stream::evaluation_data, 5, 9).tokens != reference.tokens);
    CHECK(sampled(task, stream::training_data, 6, 9).tokens != reference.tokens);
    CHECK(sampled(task, stream::training_data, 5, 10).tokens != reference.tokens);
  }
  SECTION("a batch holds rows of the evaluation stream") {
    auto const batch = task.sample(4, 2);
    auto const expected = sampled(task, stream::evaluation_data, 2, 3);
    CHECK(batch.rows() == 4);
    CHECK(batch.table() == task.table().get());
    CHECK(std::ranges::equal(batch.tokens(3), expected.tokens));
    CHECK(batch.laws(3)[7] == expected.laws[7]);
    CHECK(std::ranges::equal(task.sample(2, 2).tokens(1), batch.tokens(1)));
    CHECK_FALSE(std::ranges::equal(task.sample(1).tokens(0), batch.tokens(0)));
  }
}

TEST_CASE("the data of seed 42 are the same bits everywhere", "[task][golden]") {
  small_task const task({.seed = 42});
  std::string text;
  auto const batch = task.sample(1);
  for (auto const t : batch.tokens(0).first(24)) text += task.token_name(t);
  CHECK_THAT(text, Equals("<s>rerer,\\nrerererd␠d,␠,␠,␠"));
}

TEST_CASE("triggers copy, and no two follow each other", "[task][backcopy]") {
  small_task const task({.triggers = 5, .seed = 1});
  std::size_t triggers = 0;
  for (std::uint64_t r = 0; r < 200; ++r) {
    auto const [tokens, laws] = sampled(task, stream::training_data, 0, r);
    REQUIRE(tokens[0] == task.bos());
    REQUIRE_FALSE(task.is_trigger(tokens[1]));
    for (std::size_t n = 0; n < small.context; ++n) {
      REQUIRE(laws[n].trigger == task.is_trigger(tokens[n]));
      REQUIRE(tokens[n + 1] < task.bos());
      if (!laws[n].trigger) {
        CHECK(laws[n].copy_weight == 0);
        CHECK(laws[n].row == (n == 0 ? task.start_row() : tokens[n]));
        continue;
      }
      ++triggers;
      CHECK(laws[n].copy_weight == 1);
      CHECK(laws[n].copied == tokens[n - 1]);
      REQUIRE(tokens[n + 1] == tokens[n - 1]);
      CHECK_FALSE(laws[n + 1 < small.context ? n + 1 : 0].trigger);
    }
  }
  CHECK(triggers > 1000);
}

TEST_CASE("every relative draws from the laws it states", "[task][variants]") {
  for (auto const& task : relatives()) {
    goodness_of_fit fit(*task.table());
    for (std::uint64_t r = 0; r < 400; ++r) {
      auto const [tokens, laws] = sampled(task, stream::training_data, 0, r);
      auto const start = task.leading_bos();
      for (std::size_t n = 0; n < start; ++n) CHECK(tokens[n] == task.bos());
      CHECK_FALSE(task.is_trigger(tokens[start]));
      for (std::size_t n = 0; n < small.context; ++n) {
        fit.add(laws[n], tokens[n + 1]);
        if (n > start) CHECK(laws[n] == task.law_after(tokens[n - 1], tokens[n]));
        if (n == start) CHECK(laws[n] == task.law_after(task.bos(), tokens[n]));
        if (n + 1 == start) CHECK(laws[n] == task.law_of_start());
        if (n + 2 == start) CHECK(law_probability(laws[n], *task.table(), 63) == 1); // <s>
      }
    }
    CHECK(fit.impossible() == 0);
    auto const scores = fit.scores();
    double worst = 0;
    double square = 0;
    for (auto const z : scores) {
      worst = std::max(worst, std::abs(z));
      square += z * z / static_cast<double>(scores.size());
    }
    CHECK(scores.size() > 50);
    CHECK(worst < 4.5);
    CHECK(square == Approx(1).margin(5 * std::sqrt(2.0 / static_cast<double>(scores.size()))));
  }
}

TEST_CASE("the rule decides what follows a trigger", "[task][variants]") {
  auto const law = [](trigger_rule rule) {
    small_task const task({.triggers = 1, .table = tables::three(), .rule = rule});
    CHECK(task.law_after(0, 1) == next_token_law{1, 0, 0, false});
    return task.law_after(0, 2); // c is the trigger
  };
  CHECK(law(backcopy) == next_token_law{2, 0, 1, true});
  CHECK(law(plain_markov) == next_token_law{2, 0, 0, true});
  CHECK(law(bigram_backward) == next_token_law{0, 0, 0, true});
  CHECK(law({.copy = 0.25F}) == next_token_law{2, 0, 0.25F, true});
  CHECK(law({.copy = 0.25F, .otherwise = trigger_rule::row::previous}) ==
        next_token_law{0, 0, 0.25F, true});
}

TEST_CASE("the law table holds the bigram rows, the start and the unigram", "[task][laws]") {
  small_task const task({.triggers = 1, .table = tables::three()});
  auto const& table = *task.table();
  CHECK(table.rows == 5);
  CHECK(table.vocab == small.vocab);
  for (std::size_t r = 0; r < table.rows; ++r) {
    auto const law = table.row(r);
    CHECK(law.size() == small.vocab);
    CHECK(std::accumulate(law.begin(), law.end(), 0.0) == Approx(1).epsilon(1e-14));
    double entropy = 0;
    for (auto const p : law) entropy -= p > 0 ? p * std::log(p) : 0;
    CHECK(table.entropies[r] == Approx(entropy).epsilon(1e-14));
  }
  CHECK(table.row(1)[0] == Approx(4.0 / 9));
  auto const start = table.row(static_cast<std::size_t>(task.start_row()));
  CHECK(start[0] == Approx(6.0 / 15));
  CHECK(start[1] == Approx(9.0 / 15));
  CHECK(start[2] == 0);
  auto const unigram = table.row(static_cast<std::size_t>(task.unigram_row()));
  CHECK(unigram[2] == Approx(21.0 / 36));
}

TEST_CASE("tokens have ids and names", "[task]") {
  small_task const task({.triggers = 2, .table = tables::three()});
  CHECK(task.characters() == 3);
  CHECK(task.bos() == 3);
  CHECK(task.delimiter() == 4);
  CHECK(task.token_name(0) == "a");
  CHECK(task.token_name(task.bos()) == "<s>");
  CHECK(task.token_name(task.delimiter()) == "<d>");
  CHECK(task.token_name(66) == "unused 66");
  CHECK_THAT(error_of([&] { (void)task.token_name(67); }),
             Equals("token 67 is outside the vocabulary of 67"));
  CHECK_THAT(error_of([&] { (void)task.token_name(-1); }), Matches("token -1 is outside .*"));
  CHECK(std::ranges::equal(task.trigger_tokens(), std::vector<token>{2, 1}));
}

TEST_CASE("options that make no task are refused with a sentence", "[task][errors]") {
  auto const reason = [](bigram_backcopy_options const& options) {
    return error_of([&] { bigram_backcopy<shape{.vocab = 5, .context = 8}> const task(options); });
  };
  bigram_backcopy_options const fine{.triggers = 1, .table = tables::three()};
  CHECK_THAT(reason(fine), Equals(""));

  auto options = fine;
  options.table = english_bigrams();
  CHECK_THAT(reason(options), Equals("the bigram table has 63 distinct characters, but only 3 fit "
                                     "into a vocabulary of 5 beside <s> and <d>"));
  options = fine;
  options.triggers = 3;
  CHECK_THAT(reason(options), Equals("3 triggers were asked for, but the table has 3 characters "
                                     "and at least one must not be a trigger"));
  options = fine;
  options.table.unigrams = {0, 0, 9};
  CHECK_THAT(reason(options),
             Equals("only triggers have unigram counts above zero, so no sequence can begin"));
  options = fine;
  options.table = tables::letters({{1, 1}, {0, 0}});
  CHECK_THAT(reason(options), Equals("the bigram table gives no law for the character 'b' (id 1): "
                                     "nothing ever follows it"));
  options = fine;
  options.bos = 3;
  CHECK_THAT(reason(options), Equals("a sequence begins with 0, 1 or 2 <s>, found 3"));
  for (auto const copy : {-0.5F, 1.5F, std::nanf("")}) {
    options = fine;
    options.rule.copy = copy;
    CHECK_THAT(reason(options), Matches("the probability of copying must be between 0 and 1, "
                                        "found .*"));
  }
  CHECK_THAT(error_of([] {
               std::vector<token> tokens(4);
               std::vector<next_token_law> laws(4);
               small_task().sample_row(stream::user, 0, 0, tokens, laws);
             }),
             Equals("a row of 4 tokens needs one law fewer, found 4"));
}

TEST_CASE("no triggers at all is a Markov chain", "[task][variants]") {
  small_task const none({.triggers = 0, .seed = 3});
  small_task const markov({.triggers = 0, .seed = 3, .rule = plain_markov});
  CHECK(sampled(none, stream::user, 0, 0).tokens == sampled(markov, stream::user, 0, 0).tokens);
  CHECK(none.trigger_tokens().empty());
}
