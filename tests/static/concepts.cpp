// SPDX-License-Identifier: MIT
// What is and what is not a rule, an optimizer, a task, a probe, an intervention. Compiling is
// passing.
#include "dormant/dormant.hpp"

#include "catch.hpp"

#include <string_view>
#include <type_traits>

namespace static_tests {

using namespace dormant;

// ---- attention rules --------------------------------------------------------------------------

static_assert(attention_rule<softmax>);
static_assert(attention_rule<relu>);
static_assert(attention_rule<sigmoid>);
static_assert(attention_rule<softmax_n<>> && attention_rule<softmax_n<0>>);
static_assert(attention_rule<sink_logit>);
static_assert(attention_rule<output_gate<>> && attention_rule<output_gate<relu>>);
static_assert(attention_rule<archetype::attention_rule>);

struct nameless {
  static void forward(auto) {}
  static void backward(auto, auto) {}
};
struct forward_only {
  static constexpr std::string_view name = "forward_only";
  static void forward(auto) {}
};
struct backward_without_gradient {
  static constexpr std::string_view name = "backward_without_gradient";
  static void forward(auto) {}
  static void backward(auto) {}
};
static_assert(!attention_rule<nameless>);
static_assert(!attention_rule<forward_only>);
static_assert(!attention_rule<backward_without_gradient>);
static_assert(!attention_rule<no_attention>);
static_assert(!attention_rule<adamw> && !attention_rule<int>);

// ---- optimizers -------------------------------------------------------------------------------

static_assert(optimizer<adamw> && optimizer<sgd> && optimizer<sign_sgd>);
static_assert(optimizer<archetype::optimizer>);
static_assert(optimizer<frozen<clipped<with_rate<exact_decay<adamw>, cosine_decay>>>>);
// A wrapper takes nothing but what it says: the optimizer's memory and name are its own.
static_assert(sizeof(with_rate<adamw, warm_up>) == sizeof(adamw) + sizeof(warm_up));
static_assert(std::is_same_v<clipped<sgd>::state<float>, sgd::state<float>>);
static_assert(frozen<sgd>::name == "sgd" && frozen<sgd>::elementwise);

struct stateless {
  static constexpr std::string_view name = "stateless";
  template <class Arch, class T>
  void step(parameter_segment<T>, std::uint64_t) const {}
};
struct sizeless_state {
  static constexpr std::string_view name = "sizeless_state";
  template <class T>
  struct state {};
  template <class Arch, class T>
  void step(state<T>&, parameter_segment<T>, std::uint64_t) const {}
};
struct changes_itself {
  static constexpr std::string_view name = "changes_itself";
  template <class T>
  struct state {
    explicit state(std::size_t) {}
  };
  template <class Arch, class T>
  void step(state<T>&, parameter_segment<T>, std::uint64_t) {}
};
static_assert(!optimizer<stateless> && !optimizer<sizeless_state> && !optimizer<changes_itself>);
static_assert(!optimizer<softmax>);

// ---- tasks ------------------------------------------------------------------------------------

static_assert(task<bigram_backcopy<shape{}>> && task<archetype::task>);

struct without_laws {
  static constexpr std::size_t context = 4;
  void sample_row(stream, std::uint64_t, std::uint64_t, std::span<token>) const {}
  [[nodiscard]] batch sample(std::size_t rows) const { return {rows, context}; }
  [[nodiscard]] std::shared_ptr<law_table const> table() const { return nullptr; }
};
static_assert(!task<without_laws> && !task<shape>);

// ---- probes and interventions -----------------------------------------------------------------

template <class P, class T = float>
inline constexpr bool only_probes = probe<P, T> && !intervention<P, T>;
template <class I, class T = float>
inline constexpr bool only_intervenes = intervention<I, T> && !probe<I, T>;

static_assert(only_probes<attention_sink> && only_probes<value_drain> &&
              only_probes<residual_peak>);
static_assert(only_probes<sink_logit_gap> && only_probes<risk> && only_probes<tensor_norms>);
static_assert(only_probes<record<site::pattern>> && only_probes<progress>);
static_assert(only_probes<stop_on_interrupt>);
static_assert(only_probes<attention_sink_of<double>, double>);
static_assert(!probe<attention_sink, double>, "a probe for float is deaf to a model in double");

static_assert(only_intervenes<ablate_head> && only_intervenes<zero_mlp>);
static_assert(only_intervenes<zero_layer> && only_intervenes<silence_value>);
static_assert(only_intervenes<attend_only_to_bos> && only_intervenes<identity_pattern>);
static_assert(only_intervenes<clean_pattern> && only_intervenes<cap_attention>);
static_assert(only_intervenes<when<every, cap_attention>, double>);
static_assert(only_intervenes<ablate_head, double> && only_intervenes<clean_pattern, double>);

// What a hook reads and writes, site by site.
static_assert(observes<attention_sink, site::pattern> && !observes<attention_sink, site::scores>);
static_assert(!edits<attention_sink, site::pattern>);
static_assert(edits<ablate_head, site::z> && !observes<ablate_head, site::z>);
static_assert(edits<ablate_head, site::gradient_of<site::z>> && !edits<ablate_head, site::v>);
static_assert(observes<tensor_norms, site::gradient> && observes<tensor_norms, site::update>);

// A generic callable accepts both views, and const wins: it cannot perturb.
struct generic {
  void operator()(auto, auto const&) {}
  void merge(generic const&) {}
};
static_assert(only_probes<generic> && only_probes<generic, double>);

// W_O v is computed on the side and is read by nothing, so it cannot be edited.
struct edits_value_out {
  void operator()(site::value_out, view<float, 3>&) const {}
};
static_assert(!probe<edits_value_out> && !intervention<edits_value_out>);

// An intervention is shared by threads, so it is called as const.
struct forgets_const {
  void operator()(site::z, view<float, 3>&) {}
};
static_assert(!intervention<forgets_const>);

struct wrong_rank {
  void operator()(site::pattern, view<float const, 2> const&) {}
};
static_assert(!probe<wrong_rank> && !intervention<wrong_rank>);
static_assert(!probe<int> && !intervention<int> && !probe<softmax> && !intervention<adamw>);

// ---- nothing that is not used takes room ------------------------------------------------------

static_assert(std::is_empty_v<softmax> && std::is_empty_v<relu> && std::is_empty_v<output_gate<>>);
static_assert(std::is_empty_v<zero_mlp> == false && sizeof(zero_mlp) == sizeof(std::size_t));

} // namespace static_tests

TEST_CASE("static: concepts accept what they should and nothing else") { SUCCEED(); }
