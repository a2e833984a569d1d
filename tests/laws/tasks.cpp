// SPDX-License-Identifier: MIT
// The library's tasks keep the laws; tasks with one mistake each do not.
#include "dormant/task/bigram_backcopy.hpp"
#include "dormant/task/in_context_bigrams.hpp"
#include "dormant/task/seen_transitions.hpp"
#include "dormant/task/trigger_average.hpp"
#include "dormant/task/two_tasks.hpp"
#include "dormant/testing/task_laws.hpp"

#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace dormant;

constexpr shape small{.width = 8, .vocab = 67, .context = 40};
using whole = bigram_backcopy<small>;

void says(testing::verdict const& found, std::string_view words) {
  INFO(found);
  CHECK_FALSE(found);
  CHECK(found.log.find(words) != std::string::npos);
}

// A copy of the task, with one thing changed.
struct copy_of_task {
  static constexpr std::size_t context = whole::context;
  whole own{{.seed = 4}};
  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    own.sample_row(which, step, row, tokens, laws);
  }
  [[nodiscard]] batch sample(std::size_t rows) const { return own.sample(rows); }
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return own.table(); }
};
struct remembers : copy_of_task {
  mutable std::uint64_t calls = 0;
  void sample_row(stream which, std::uint64_t step, std::uint64_t, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    own.sample_row(which, step, ++calls, tokens, laws);
  }
};
struct always_the_same : copy_of_task {
  void sample_row(stream which, std::uint64_t, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    own.sample_row(which, 0, row, tokens, laws);
  }
};
// Says that triggers copy, but draws from the chain.
struct tells_another_law : copy_of_task {
  whole chain{{.seed = 4, .rule = plain_markov}};
  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    chain.sample_row(which, step, row, tokens, laws);
    for (std::size_t t = 2; t < laws.size(); ++t) laws[t] = own.law_after(tokens[t - 1], tokens[t]);
  }
};
// Says that everything is twice as uncertain as it is.
struct is_surer_than_it_says : copy_of_task {
  std::shared_ptr<law_table const> said = [this] {
    auto flat = std::make_shared<law_table>(*own.table());
    for (std::size_t r = 0; r < flat->rows; ++r) {
      flat->entropies[r] = 0;
      for (std::size_t v = 0; v < flat->vocab; ++v) {
        double& p = flat->probabilities[r * flat->vocab + v];
        p = (p + 1.0 / static_cast<double>(flat->vocab)) / 2;
        flat->entropies[r] -= p * std::log(p);
      }
    }
    return flat;
  }();
  [[nodiscard]] batch sample(std::size_t rows) const { return {rows, context, said}; }
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return said; }
};
// Draws from one law and states another where it is asked to.
struct lies : copy_of_task {
  using lie = std::function<void(std::size_t t, next_token_law& law)>;
  lie told;
  // The table of the task and a last row in which all tokens are alike.
  std::shared_ptr<law_table const> said;
  explicit lies(lie how) : told(std::move(how)) {
    own = whole({.seed = 4, .rule = {.copy = 0.5}});
    auto const& true_table = *own.table();
    auto larger = std::make_shared<law_table>(true_table.rows + 1, true_table.vocab);
    double const share = 1 / static_cast<double>(larger->vocab);
    std::ranges::fill(larger->probabilities, share);
    std::ranges::fill(larger->entropies, -std::log(share));
    std::ranges::copy(true_table.probabilities, larger->probabilities.begin());
    std::ranges::copy(true_table.entropies, larger->entropies.begin());
    said = larger;
  }
  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    own.sample_row(which, step, row, tokens, laws);
    for (std::size_t t = 0; t < laws.size(); ++t) told(t, laws[t]);
  }
  [[nodiscard]] batch sample(std::size_t rows) const { return {rows, context, said}; }
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return said; }
};
// Copies what comes next and something else.
struct spreads : copy_of_task {
  static constexpr std::size_t most_copied = 3;
  std::vector<weighted_token> to;
  void sample_row(stream which, std::uint64_t step, std::uint64_t row, std::span<token> tokens,
                  std::span<next_token_law> laws) const {
    std::vector<next_token_law> of_own(laws.size());
    own.sample_row(which, step, row, tokens, of_own);
    for (std::size_t t = 0; t < laws.size(); ++t) {
      laws[t].copy_weight = 1;
      laws[t].spread.clear();
      laws[t].spread.add(tokens[t + 1], 0.5);
      for (auto const& [id, weight] : to) laws[t].spread.add(id == -2 ? tokens[t + 1] : id, weight);
    }
  }
};
struct wrong_table : copy_of_task {
  [[nodiscard]] std::shared_ptr<law_table const> table() const {
    auto changed = std::make_shared<law_table>(*own.table());
    changed->probabilities[3] += 0.25;
    return changed;
  }
};

} // namespace

TEST_CASE("laws: Bigram-Backcopy and its relatives keep them") {
  CHECK(testing::task_laws(whole({.seed = 1})));
  CHECK(testing::task_laws(whole({.triggers = 5, .seed = 2, .bos = 2})));
  CHECK(testing::task_laws(whole({.triggers = 0, .seed = 3, .bos = 0})));
  CHECK(testing::task_laws(whole({.seed = 4, .rule = plain_markov})));
  CHECK(testing::task_laws(whole({.seed = 5, .rule = bigram_backward})));
  CHECK(testing::task_laws(whole({.seed = 6, .rule = {.copy = 0.3F}})));
}

TEST_CASE("laws: the other tasks keep them", "[slow]") {
  auto const seen = seen_transitions(english_bigrams());
  CHECK(testing::task_laws(whole({.seed = 7, .delimiters = 0.1})));
  CHECK(testing::task_laws(whole({.seed = 8, .rule = {.copy = 0.3F}, .delimiters = 0.5})));
  CHECK(testing::task_laws(whole({.seed = 9, .table = seen, .rule = plain_markov})));
  CHECK(testing::task_laws(whole({.seed = 10, .table = seen})));
  using in_context = in_context_bigrams<small>;
  CHECK(testing::task_laws(in_context({.seed = 11})));
  CHECK(testing::task_laws(in_context(
      {.triggers = 5, .seed = 12, .bos = 2, .outputs = output_law::bigram, .repeat = false})));
  CHECK(testing::task_laws(in_context({.seed = 13, .bos = 0, .outputs = output_law::unigram})));
  CHECK(testing::task_laws(two_tasks<small>({.seed = 14})));
  CHECK(testing::task_laws(trigger_average<small>({.seed = 16})));
  CHECK(testing::task_laws(
      trigger_average<small>({.triggers = 5, .seed = 17, .bos = 2, .average = 0.4})));
  CHECK(testing::task_laws(trigger_average<small>({.triggers = 0, .seed = 18, .bos = 0})));
  CHECK(testing::task_laws(
      two_tasks<small>({.seed = 15,
                        .bos = 0,
                        .first = {.triggers = 5, .delimiters = 0.1},
                        .second = {.rule = bigram_backward, .delimiters = 0.2}})));
}

TEST_CASE("laws: a law that is false in few places is found, and where", "[slow]") {
  whole const task({.seed = 4});
  auto const unigram = task.unigram_row();
  auto const uniform = static_cast<std::int32_t>(task.table()->rows);
  CHECK(testing::task_laws(lies([](std::size_t, next_token_law&) {})));

  // At triggers only. Where all tokens are alike, none surprises more than another.
  says(testing::task_laws(lies([](std::size_t, next_token_law& law) {
         if (law.trigger) law.copy_weight = 0.6;
       })),
       "at triggers, positions from 4 on");
  says(testing::task_laws(lies([=](std::size_t, next_token_law& law) {
         if (law.trigger) law = {uniform, 0, 0, true};
       })),
       "at triggers, positions from 4 on");
  says(testing::task_laws(lies([=](std::size_t, next_token_law& law) {
         if (law.trigger) law.row = unigram;
       })),
       "at triggers, positions from 4 on");
  // At one position only: the first character is drawn without triggers,
  // as the authors' probe forgets.
  says(testing::task_laws(lies([=](std::size_t t, next_token_law& law) {
         if (t == 0) law.row = unigram;
       })),
       "at non-triggers, position 0");
  says(testing::task_laws(lies([](std::size_t t, next_token_law& law) {
         if (t == 2 && law.trigger) law.copy_weight = 0.7;
       })),
       "at triggers, position 2");
  // And nowhere else.
  auto const found = testing::task_laws(lies([](std::size_t t, next_token_law& law) {
    if (t == 2 && law.trigger) law.copy_weight = 0.7;
  }));
  CHECK(found.log.find("non-triggers") == std::string::npos);
  CHECK(found.log.find("from 4 on") == std::string::npos);
}

TEST_CASE("laws: a right task does not fail by chance", "[slow]") {
  for (std::uint64_t seed = 100; seed < 105; ++seed) {
    INFO("seed " << seed);
    CHECK(testing::task_laws(whole({.seed = seed, .rule = {.copy = 0.5}, .delimiters = 0.05})));
    CHECK(testing::task_laws(trigger_average<small>({.seed = seed})));
  }
}

TEST_CASE("laws: spread laws that are none are told so") {
  says(testing::task_laws(spreads{{}, {{0, 0.25}}}), "sum to 0.75, expected 1");
  says(testing::task_laws(spreads{{}, {{-2, 0.5}}}), "expected each token once");
  says(testing::task_laws(spreads{{}, {{67, 0.5}}}), "the law copies token 67");
}

TEST_CASE("laws: a task with one mistake is told which") {
  says(testing::task_laws(remembers{}), "the same row drawn again is another one");
  says(testing::task_laws(always_the_same{}), "another stream, step or row gives the same tokens");
  says(testing::task_laws(tells_another_law{}), "but its law says that it cannot come");
  says(testing::task_laws(is_surer_than_it_says{}), "standard deviations from what their laws say");
  says(testing::task_laws(wrong_table{}), "sums to 1.25, expected 1");
}
