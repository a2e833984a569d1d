// expect: this optimizer has no state: give it a nested
// SPDX-License-Identifier: MIT
// An optimizer that remembers nothing, and does not say so.
#include "dormant/dormant.hpp"

using namespace dormant;

struct plain_descent {
  static constexpr std::string_view name = "plain_descent";
  double lr = 0.1;
#ifdef TWIN
  template <class T>
  struct state {
    explicit state(std::size_t) {}
    void each(auto) {}
  };
  template <class Arch, class T>
  void step(state<T>&, parameter_segment<T> p, std::uint64_t) const {
    for (std::size_t i = 0; i < p.parameters.size(); ++i) {
      p.parameters[i] -= static_cast<T>(lr * p.rate_scale) * p.gradients[i];
    }
  }
#else
  template <class Arch, class T>
  void step(parameter_segment<T> p, std::uint64_t) const {
    for (std::size_t i = 0; i < p.parameters.size(); ++i) {
      p.parameters[i] -= static_cast<T>(lr * p.rate_scale) * p.gradients[i];
    }
  }
#endif
};

void use(bigram_backcopy<shape{}> const& task) {
  transformer<shape{}, softmax> net;
  train(net, task, plain_descent{}, {});
}
