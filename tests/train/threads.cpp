// SPDX-License-Identifier: MIT
// Threads that cannot be had, too many of them, and threads that stayed in the parent of a fork.
#include "training.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <iterator>

using namespace training;

namespace {

using net_type = transformer<small, softmax>;

/// Runs `act` in a forked child, which is killed after eight seconds, and returns what it says.
template <class Act>
std::string in_child(Act act) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  std::fflush(nullptr);
  pid_t const child = fork();
  if (child == 0) {
    alarm(8);
    std::string said;
    try {
      said = act();
    } catch (error const& thrown) {
      said = thrown.what();
    }
    _exit(write(ends[1], said.data(), said.size()) < 0 ? 1 : 0);
  }
  close(ends[1]);
  std::string said;
  std::array<char, 512> part{};
  for (ssize_t n = 0; (n = read(ends[0], part.data(), part.size())) > 0;) {
    said.append(part.data(), static_cast<std::size_t>(n));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFEXITED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
  return said;
}

std::size_t running_threads() {
  using entries = std::filesystem::directory_iterator;
  return static_cast<std::size_t>(std::distance(entries("/proc/self/task"), entries()));
}

/// Threads made from now on ask for a stack of this size.
class stack_size {
public:
  explicit stack_size(std::size_t bytes) {
    pthread_getattr_default_np(&before_);
    pthread_attr_t attributes;
    pthread_getattr_default_np(&attributes);
    pthread_attr_setstacksize(&attributes, bytes);
    pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
  }
  stack_size(stack_size const&) = delete;
  stack_size& operator=(stack_size const&) = delete;
  ~stack_size() {
    pthread_setattr_default_np(&before_);
    pthread_attr_destroy(&before_);
  }

private:
  pthread_attr_t before_{};
};

constexpr char const* too_few = " were asked for, but the system starts only ";

} // namespace

TEST_CASE("threads: one that cannot be started is a sentence, whoever asked for it") {
  small_task const task({.seed = 3});
  net_type net({.seed = 3});
  auto const rows = task.sample(4);
  auto const before = running_threads();
  {
    stack_size const impossible(std::size_t{1} << 46U);
    auto const said = [&](auto act) {
      auto const thrown = error_of(act);
      INFO(thrown);
      CHECK(thrown.find(sentence({"threads: 3", too_few, "1 (a limit on processes"})) !=
            std::string::npos);
      CHECK(running_threads() == before);
    };
    said([&] { train(net, task, adamw{}, {.steps = 1, .batch = 4, .threads = 3}); });
    said([&] { (void)evaluate(net, rows, {.threads = 3}); });
    said([&] { (void)differentiate(net, rows, {.threads = 3}); });
    said([&] {
      side_by_side(
          8, [](std::size_t) {}, 3);
    });
  }
  CHECK(evaluate(net, rows, {.threads = 3}).loss == evaluate(net, rows, {.threads = 1}).loss);
}

TEST_CASE("threads: those that were started end when another cannot be") {
  if (sanitized()) return;
  auto const said = in_child([] {
    stack_size const large(std::size_t{64} << 20U);
    // Address space for three such stacks, not for seven.
    std::size_t const limit = address_space() + (std::size_t{230} << 20U);
    rlimit const space{limit, limit};
    setrlimit(RLIMIT_AS, &space);
    auto const sentence = error_of([] { detail::thread_pool const pool(8); });
    auto const left = running_threads();
    return sentence + " [" + std::to_string(left) + " left]";
  });
  INFO(said);
  auto const at = said.find(too_few);
  REQUIRE(at != std::string::npos);
  char const had = said[at + std::string(too_few).size()];
  CHECK(had > '1');
  CHECK(had < '8');
  CHECK(said.find("[1 left]") != std::string::npos);
}

TEST_CASE("threads: an absurd number is a sentence and takes no memory") {
  small_task const task({.seed = 3});
  net_type net({.seed = 3});
  for (std::size_t const many : {std::size_t{1025}, std::size_t{100000}, ~std::size_t{0}}) {
    auto const expected = "threads: at most 1024 can be asked for, found " + std::to_string(many);
    CHECK(error_of([&] { train(net, task, adamw{}, {.steps = 1, .batch = 4, .threads = many}); }) ==
          expected);
    CHECK(error_of([&] { (void)evaluate(net, task.sample(2), {.threads = many}); }) == expected);
  }
  CHECK(detail::thread_pool(40).threads() == 40);
}

TEST_CASE("threads: a child of a fork is told, and may destroy what it inherited") {
  small_task const task({.seed = 3});
  net_type net({.seed = 3});
  schedule const plan{.steps = 4, .batch = 6, .threads = 2};
  auto const straight = [&] {
    net_type other({.seed = 3});
    train(other, task, adamw{}, plan);
    return parameters_of(other);
  }();
  {
    auto run = std::make_unique<trainer<net_type, small_task, adamw>>(net, task, adamw{}, plan);
    run->step();
    std::string const told = "threads: this process is a fork";
    CHECK(in_child([&] {
            run->step();
            return std::string("took a step");
          }).find(told) == 0);
    CHECK(in_child([&] {
            run->measure();
            return std::string("measured");
          }).find(told) == 0);
    CHECK(in_child([&] {
            run.reset();
            net_type own({.seed = 3});
            train(own, task, adamw{}, plan);
            return std::string(same_bits(parameters_of(own), straight) ? "same bits"
                                                                       : "other bits");
          }) == "same bits");
    CHECK(in_child([&] {
            (void)net.evaluate(task.sample(4));
            return std::string("evaluated");
          }) == "evaluated");
    while (run->steps() < plan.steps) run->step(); // the parent is not disturbed
  }
  CHECK(same_bits(parameters_of(net), straight));
}

TEST_CASE("threads: a trainer with one thread goes on in the child of a fork") {
  small_task const task({.seed = 3});
  net_type net({.seed = 3});
  trainer run(net, task, adamw{}, schedule{.steps = 4, .batch = 6, .threads = 1});
  run.step();
  CHECK(in_child([&] {
          run.step();
          return std::to_string(run.steps());
        }) == "2");
}
