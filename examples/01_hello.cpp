#include <dormant/dormant.hpp>

#include <cstdio>

namespace dm = dormant;

int main() {
  constexpr dm::shape tiny{.layers = 1, .heads = 1, .width = 64, .vocab = 67, .context = 64};

  auto task = dm::bigram_backcopy<tiny>({.triggers = 3, .seed = 42});
  auto net = dm::transformer<tiny, dm::softmax>({.seed = 42});
  dm::train(net, task, dm::adamw{.lr = 1e-3}, {.steps = 1'000, .batch = 64}, dm::progress{});

  dm::attention_sink sink;
  dm::value_drain drain;
  dm::residual_peak peak;
  auto const batch = task.sample(256);
  auto const before = net.evaluate(batch, sink, drain, peak);
  auto const after = net.evaluate(batch, dm::ablate_head{.layer = 0, .head = 0});

  std::printf("attention on <s> %.2f, value norm of <s> / others %.2f, residual norm %.2f\n",
              sink.mean(), drain.ratio(), peak.ratio());
  std::printf("without the head: bigram risk %+.3f (dormant), backcopy risk %+.3f (active)\n",
              after.bigram_risk - before.bigram_risk, after.backcopy_risk - before.backcopy_risk);
}
