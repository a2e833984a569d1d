// SPDX-License-Identifier: MIT
// Thirty models of many structures, twenty steps each: a line with the loss and a checksum of the
// bits of losses and parameters. It uses nothing but the public interface, so that it compiles
// against the headers of another commit; `compare` does so.
#include <dormant/dormant.hpp>

#include <bit>
#include <cstdint>
#include <cstdio>
#include <string>
#include <type_traits>

namespace dm = dormant;

namespace {

constexpr dm::shape one_head{.layers = 2, .heads = 1, .width = 20, .context = 24, .expansion = 2};
constexpr dm::shape heads{.layers = 2, .heads = 4, .width = 20, .context = 24, .expansion = 3};
constexpr dm::shape one_layer{.layers = 1, .heads = 1, .width = 64, .context = 64};
constexpr dm::shape three{.layers = 3, .heads = 2, .width = 32, .context = 32};

// Whatever is asked of it changes something that another part reads.
struct move_values {
  template <class T>
  void edit(dm::view<T, 3>& v) const {
    for (std::size_t t = 0; t < v.shape(0); t += 3) v(t, 0, 1) *= T(0.5);
  }
  void operator()(dm::site::v, dm::view<float, 3>& v) const { edit(v); }
  void operator()(dm::site::gradient_of<dm::site::v>, dm::view<float, 3>& v) const { edit(v); }
};
struct halve_hidden {
  void operator()(dm::site::mlp_hidden, dm::view<float, 2>& v) const { v *= 0.5F; }
  void operator()(dm::site::gradient_of<dm::site::mlp_hidden>, dm::view<float, 2>& v) const {
    v *= 0.5F;
  }
};
struct halve_position {
  void operator()(dm::site::pos_embed, dm::view<float, 2>& v) const { v *= 0.5F; }
  void operator()(dm::site::gradient_of<dm::site::pos_embed>, dm::view<float, 2>& v) const {
    v *= 0.5F;
  }
};

class checksum { // FNV-1a
public:
  template <class T>
  void add(T x) {
    using word = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    auto bits = std::bit_cast<word>(x);
    for (std::size_t i = 0; i < sizeof(T); ++i, bits = static_cast<word>(bits >> 8U)) {
      sum_ = (sum_ ^ static_cast<std::uint64_t>(bits & 0xFFU)) * 0x100000001B3U;
    }
  }
  [[nodiscard]] unsigned long long value() const { return sum_; }

private:
  std::uint64_t sum_ = 0xCBF29CE484222325U;
};

template <dm::shape Shape, class... Parts, class Optimizer, class... Hooks>
void run(char const* name, Optimizer const& optimizer, Hooks... hooks) {
  auto const task = dm::bigram_backcopy<Shape>({.triggers = 3, .seed = 7});
  auto net = dm::transformer<Shape, Parts...>({.seed = 5});
  dm::trainer run(net, task, optimizer, {.steps = 20, .batch = 10, .threads = 2, .shards = 4});
  checksum bits;
  double loss = 0;
  for (int step = 0; step < 20; ++step) bits.add(loss = run.step(hooks...));
  for (auto const p : net.parameters()) bits.add(p);
  bits.add(net.evaluate(task.sample(4)).loss);
  std::printf("%-32s %.9f %016llx\n", name, loss, bits.value());
}

} // namespace

int main() {
  using namespace dm;
  adamw const adam{.lr = 3e-3};
  run<one_layer, softmax>("one layer", adam);
  run<one_head, softmax>("two layers", adam);
  run<heads, softmax>("four heads", adam);
  run<three, softmax>("three layers", adam);
  run<heads, relu>("relu", adam);
  run<heads, sigmoid>("sigmoid", adam);
  run<heads, softmax_n<1>>("softmax_n", adam);
  run<heads, sink_logit>("sink_logit", adam);
  run<heads, output_gate<>>("output_gate", adam);
  run<heads, softmax, double>("double", adam);
  run<heads, softmax, post_norm>("post_norm", adam);
  run<heads, softmax, post_norm, no_attention_norm>("post_norm without attention norm", adam);
  run<heads, softmax, no_attention_norm, no_mlp_norm, no_final_norm>("no norms", adam);
  run<heads, softmax, linear>("linear", adam);
  run<heads, softmax, no_mlp>("no_mlp", adam);
  run<heads, softmax, identity_wv, identity_wo>("identity values", adam);
  run<heads, softmax, frozen_wv, frozen_wo>("frozen values", adam);
  run<heads, softmax, tied_output>("tied_output", adam);
  run<heads, softmax, sincos_positions>("sincos_positions", adam);
  run<heads, softmax, frozen_embeddings, frozen_output>("frozen embeddings and output", adam);
  run<three, stack<mlp_block<>, block<softmax>, mlp_block<linear>>>("stack", adam);
  run<three, stack<block<relu, no_mlp>, block<softmax, linear>, block<sink_logit>>, post_norm>(
      "stack post_norm", adam);
  run<one_head, softmax, merged_projections>("merged_projections", adam);
  run<one_head, softmax, factored_embedding>("factored_embedding", adam);
  run<one_head, softmax, merged_projections, factored_embedding, frozen_wv>("both, frozen W_V",
                                                                            adam);
  run<heads, softmax, bf16>("bf16", adam);
  run<one_head, sink_logit, bf16, merged_projections, factored_embedding>("bf16 and both", adam);
  run<heads, softmax, on<xsimd::sse2>>("sse2", adam);
  run<heads, softmax>("sgd, by group", sgd{.lr = 0.1, .rates = {.mlp = 0.5, .norms = 2}});
  run<heads, softmax>("hooks", adam, ablate_head{.layer = 0, .head = 2}, cap_attention{.most = 0.3},
                      move_values{}, halve_hidden{}, halve_position{});
}
