// expect: the task.s sequences are longer than the model.s context
// SPDX-License-Identifier: MIT
// A task made for a longer context.
#include "dormant/dormant.hpp"

using namespace dormant;

constexpr shape small{.width = 64, .context = 64};
#ifdef TWIN
constexpr shape of_task = small;
#else
constexpr shape of_task{.width = 64, .context = 128};
#endif

void use(bigram_backcopy<of_task> const& task) {
  transformer<small, softmax> net;
  train(net, task, adamw{}, {});
}
