// SPDX-License-Identifier: MIT
// What one rank throws, all throw, and nobody waits for it for ever; run.sh runs this on two ranks:
//   failures             every case below
//   failures --outside   an exception of which the others cannot know, which ends them
#include "dormant/dormant.hpp"
#include "dormant/mpi/train.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace dm = dormant;

namespace {

constexpr dm::shape small{.width = 16, .vocab = 67, .context = 12};
using net_type = dm::transformer<small, dm::softmax>;
dm::bigram_backcopy<small> const task({.seed = 3});
dm::schedule const plan{.steps = 6, .batch = 8, .threads = 2};
dm::adamw const adam{.lr = 3e-3};

int failed = 0;
void expect(dm::mpi::group const& world, char const* what, std::string const& found,
            std::vector<std::string> const& wanted) {
  if (found == wanted[world.rank()]) return;
  std::printf("%s, rank %zu: expected '%s', found '%s'\n", what, world.rank(),
              wanted[world.rank()].c_str(), found.c_str());
  failed = 1;
}
std::string said(auto f) {
  try {
    f();
  } catch (std::exception const& why) {
    return why.what();
  }
  return "";
}

/// Throws once, when it first hears that sequence.
struct trap {
  std::size_t sequence = 0;
  bool* armed = nullptr;
  void operator()(dm::site::pattern at, dm::view<float const, 3> const&) {
    if (*armed && at.sequence.index == sequence) throw std::runtime_error("fell into the trap");
  }
  void merge(trap const&) {}
  [[nodiscard]] trap empty() const { return *this; }
  void state(auto&& f) { f(sequence); }
};

/// Throws at the end of a step.
struct full_disk {
  bool here;
  std::uint64_t step;
  void operator()(dm::site::step, dm::run_state<float> const& run) const {
    if (here && run.step == step) throw dm::error("the disk is full");
  }
};

/// Asks to stop after a step.
struct stops_at {
  bool here;
  std::uint64_t step;
  bool now = false;
  void operator()(dm::site::step, dm::run_state<float> const& run) {
    now = here && run.step == step;
  }
  [[nodiscard]] bool stop_requested() const { return now; }
};

void try_all(dm::mpi::group& world) {
  bool const last = world.rank() == 1;
  auto const train = [&](net_type& net, auto&&... hooks) {
    return dm::mpi::train(world, net, task, adam, plan, hooks...);
  };
  {
    net_type net({.seed = 1}), alone({.seed = 1});
    net.parameters()[5] = alone.parameters()[5] = std::numeric_limits<float>::quiet_NaN();
    auto const sentence = said([&] { dm::train(alone, task, adam, plan); });
    expect(world, "NaN", said([&] { train(net); }), {sentence, sentence});
  }
  {
    net_type net({.seed = 1}), alone({.seed = 1});
    for (auto* n : {&net, &alone}) {
      for (auto& p : n->parameters()) p *= 1e12F; // finite, but not for long
    }
    auto const sentence = said([&] { dm::train(alone, task, adam, plan); });
    expect(world, "overflow", said([&] { train(net); }), {sentence, sentence});
    expect(world, "overflow, in words", sentence.substr(0, 26),
           {"training stopped at step 0", "training stopped at step 0"});
  }
  {
    net_type net({.seed = 1}), alone({.seed = 1});
    bool armed = true, disarmed = false;
    trap hook{7, &armed}, harmless{7, &disarmed};
    dm::mpi::trainer<net_type, decltype(task), dm::adamw> run(net, task, adam, plan, world);
    expect(world, "a shard", said([&] { dm::mpi::run(world, run, hook); }),
           {"rank 1 of 2: fell into the trap", "fell into the trap"});
    expect(world, "a shard of a step alone", said([&] { run.step(hook); }),
           {"rank 1 of 2: fell into the trap", "fell into the trap"});
    armed = false; // and on it goes
    dm::mpi::run(world, run, hook);
    auto const loss = dm::train(alone, task, adam, plan, harmless).loss;
    expect(world, "after a failure", std::to_string(run.state().loss),
           {std::to_string(loss), std::to_string(loss)});
  }
  for (std::uint64_t const step : {1U, 4U, 6U}) {
    net_type net({.seed = 1});
    expect(world, "a hook", said([&] {
             train(net, full_disk{world.first(), step});
           }),
           {"the disk is full", "rank 0 of 2: the disk is full"});
  }
  {
    net_type net({.seed = 1});
    auto const result = train(net, stops_at{last, 4});
    expect(world, "a stop", std::to_string(result.steps) + (result.interrupted ? " stopped" : ""),
           {"4 stopped", "4 stopped"});
  }
  {
    net_type net({.seed = last ? 2U : 1U});
    std::string const sentence = "rank 1 of 2 has not the same parameters or schedule as rank 0; "
                                 "every rank has to train the same model in the same way";
    expect(world, "another seed", said([&] { train(net); }), {sentence, sentence});
  }
  {
    net_type net({.seed = 1});
    dm::risk hook;
    dm::when sometimes(dm::every{last ? 2U : 1U}, hook);
    std::string const sentence =
        "rank 1 of 2 has not the same number of probes that listen to this pass as rank 0; every "
        "rank has to train the same model in the same way";
    expect(world, "another cadence", said([&] { train(net, sometimes); }), {sentence, sentence});
  }
  {
    net_type net({.seed = 1});
    auto const act = [&] { // before the others are as deep as this
      world.together([&] {
        if (world.first()) throw std::runtime_error("no folder");
        train(net);
      });
    };
    expect(world, "a failure before training", said(act), {"no folder", "rank 0 of 2: no folder"});
  }
  {
    auto const act = [&] {
      world.together([&] {
        if (last) world.compare(1, "number");
      });
    };
    expect(world, "fewer calls", said(act),
           {"", "rank 0 of 2 is done, while this one has more to compute with it"});
  }
  {
    dm::mpi::group part(world, last ? 7 : 5); // each trains on its own
    net_type net({.seed = last ? 2U : 1U});
    dm::mpi::train(part, net, task, adam, plan);
    expect(world, "a part", std::to_string(part.ranks()), {"1", "1"});
  }
}

} // namespace

int main(int argc, char** argv) {
  dm::mpi::session world(argc, argv);
  if (argc == 1) {
    try_all(world);
    return failed;
  }
  try { // the session's own scope is left by the exception
    dm::mpi::session again(argc, argv);
    if (world.rank() == 1) throw std::runtime_error("nobody knows");
    world.compare(1, "number");
  } catch (std::exception const&) {}
  return 0;
}
