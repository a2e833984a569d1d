// expect: what this probe sees on other ranks cannot be sent
// SPDX-License-Identifier: MIT
// A probe that cannot be sent is refused when the program is compiled.
#include "dormant/dormant.hpp"
#include "dormant/mpi/train.hpp"

namespace dm = dormant;

struct counts {
  std::size_t n = 0;
  void operator()(dm::site::pattern, dm::view<float const, 3> const&) { ++n; }
  void merge(counts const& later) { n += later.n; }
#ifdef TWIN
  void state(auto&& f) { f(n); }
#endif
};

void use(dm::mpi::group& world) {
  constexpr dm::shape tiny{.width = 16, .vocab = 67, .context = 12};
  dm::bigram_backcopy<tiny> const task;
  dm::transformer<tiny, dm::softmax> net;
  dm::mpi::train(world, net, task, dm::adamw{}, {.steps = 1}, counts{});
}
