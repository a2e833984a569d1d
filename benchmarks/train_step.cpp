// SPDX-License-Identifier: MIT
// A whole training step: draw the batch, forward, backward, AdamW. Tokens per second,
// useful GFLOP/s and their share of the FMA peak measured next to them. Best of all
// iterations: machines are noisy.

#include "train_step.hpp"

#include <cstdint>

namespace dm = dormant;
using dormant::benchmarks::train_step;

namespace {

constexpr dm::shape paper{.layers = 1, .width = 256, .vocab = 67, .context = 256};
constexpr dm::shape paper3{.layers = 3, .width = 256, .vocab = 67, .context = 256};
constexpr dm::shape demo{.layers = 1, .width = 64, .vocab = 67, .context = 64};

void shapes(benchmark::internal::Benchmark* b) {
  b->ArgNames({"batch", "threads"})->UseManualTime()->Unit(benchmark::kMillisecond);
}
void large(benchmark::internal::Benchmark* b) {
  shapes(b);
  b->Args({64, 1})->Args({64, 2})->MinTime(2);
}
void small(benchmark::internal::Benchmark* b) {
  shapes(b);
  for (std::int64_t const batch : {8, 16, 64}) b->Args({batch, 1})->Args({batch, 2});
  b->MinTime(0.5);
}

BENCHMARK_TEMPLATE(train_step, paper, dm::relu, dm::adamw)->Apply(large);
BENCHMARK_TEMPLATE(train_step, paper, dm::softmax, dm::sgd)->Apply(large);
BENCHMARK_TEMPLATE(train_step, paper, dm::softmax, dm::adamw, dm::merged_projections)->Apply(large);
BENCHMARK_TEMPLATE(train_step, paper, dm::softmax, dm::adamw, dm::factored_embedding)->Apply(large);

// What peers/compare.py sets beside PyTorch.
#define DORMANT_COMPARED(shape, sizes)                                                             \
  BENCHMARK_TEMPLATE(train_step, shape, dm::softmax, dm::adamw)->Apply(sizes);                     \
  BENCHMARK_TEMPLATE(train_step, shape, dm::softmax, dm::adamw, dm::merged_projections,            \
                     dm::factored_embedding)                                                       \
      ->Apply(sizes);                                                                              \
  BENCHMARK_TEMPLATE(train_step, shape, dm::softmax, dm::adamw, dm::bf16)->Apply(sizes);           \
  BENCHMARK_TEMPLATE(train_step, shape, dm::softmax, dm::adamw, dm::bf16, dm::merged_projections,  \
                     dm::factored_embedding)                                                       \
      ->Apply(sizes)
DORMANT_COMPARED(paper, large);
DORMANT_COMPARED(paper3, large);
DORMANT_COMPARED(demo, small);

} // namespace
