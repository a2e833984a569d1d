// SPDX-License-Identifier: MIT
// The laws of adaptors: a hook that holds another hook, as `when` and `history` do, hands on every
// site and every optional part (see concepts.hpp) of what it holds.
#pragma once

#include "dormant/evaluate.hpp"
#include "dormant/probe/row.hpp"
#include "dormant/rule/softmax.hpp"
#include "dormant/testing/hook_laws.hpp"
#include "dormant/testing/verdict.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

namespace dormant::testing {

/// What the hook inside an adaptor was asked, by all of its copies together.
struct spy_notes {
  std::atomic<int> required{0}, asked{0}, closed{0}, abandoned{0}, emptied{0}, edited{0};
  std::atomic<bool> stop{false}; ///< what it answers
};

/// A probe of every site, with every optional part. Its `label` is lost by who makes a new one
/// where `empty()` should be asked.
struct probe_spy {
  spy_notes* notes = nullptr;
  int label = 0;
  std::size_t sequences = 0;

  void operator()(auto at, auto const& /*value*/) {
    if constexpr (std::is_same_v<decltype(at), site::embed>) ++sequences;
  }
  void merge(probe_spy const& later) { sequences += later.sequences; }
  [[nodiscard]] probe_spy empty() const {
    if (notes != nullptr) ++notes->emptied;
    return {notes, label};
  }
  void report(probe_row& row) const {
    row.add("spy.label", label);
    row.add("spy.sequences", static_cast<double>(sequences));
  }
  template <class Model>
  void require(Model const& /*model*/) const {
    ++notes->required;
  }
  [[nodiscard]] bool due(std::uint64_t /*step*/) {
    ++notes->asked;
    return true;
  }
  void close() { ++notes->closed; }
  void abandon() { ++notes->abandoned; }
  [[nodiscard]] bool stop_requested() const { return notes->stop; }
};

/// An intervention at every site, with every optional part that
/// interventions have; it edits nothing.
struct intervention_spy {
  spy_notes* notes = nullptr;

  template <class Site, class Value>
    requires(!std::is_const_v<Value>)
  void operator()(Site /*at*/, Value& /*value*/) const { ++notes->edited; }
  template <class Model>
  void require(Model const& /*model*/) const {
    ++notes->required;
  }
  [[nodiscard]] bool due(std::uint64_t /*step*/) const {
    ++notes->asked;
    return true;
  }
  void close() const { ++notes->closed; }
  void abandon() const { ++notes->abandoned; }
  [[nodiscard]] bool stop_requested() const { return notes->stop; }
};

/// An intervention whose backward needs what its forward kept.
struct saving_spy {
  spy_notes* notes = nullptr;
  struct saved {
    bool kept = false;
  };
  void operator()(site::z /*at*/, view<float, 3>& /*z*/, saved& mine) const { mine.kept = true; }
  void operator()(site::gradient_of<site::z> /*at*/, view<float, 3>& /*dz*/, saved& mine) const {
    if (std::exchange(mine.kept, false)) ++notes->edited;
  }
};

namespace detail {

using adapted_model = transformer<shape{.width = 8, .vocab = 5, .context = 4}, softmax>;

template <class Site>
[[nodiscard]] std::string name_of() {
  if constexpr (requires { typename Site::mirrored; }) {
    return "the gradient of " + name_of<typename Site::mirrored>();
  } else if constexpr (requires { Site::name; }) {
    return "site::" + std::string(Site::name);
  } else {
    return "a training event";
  }
}
template <class Adaptor, class Spy, class... Site>
void check_sites(verdict& found, dormant::detail::types<Site...>) {
  (found.expect(observes<Adaptor, Site> == observes<Spy, Site> &&
                    edits<Adaptor, Site> == edits<Spy, Site>,
                "the adaptor does not hand on ", name_of<Site>()),
   ...);
}

/// The parts that probes and interventions have in common.
template <class Spy, class Adaptor>
void check_parts(verdict& found, Adaptor& adaptor, spy_notes& notes) {
  using model = placement<adapted_model::model>;
  if constexpr (checks<Adaptor, model>) adaptor.require(model{});
  found.expect(notes.required > 0, "the adaptor loses require: a model that the hook refuses is "
                                   "taken in silence");
  if constexpr (scheduled<Adaptor>) {
    static_cast<void>(adaptor.due(0));
    adaptor.close();
  }
  found.expect(notes.asked > 0, "the adaptor loses due: the hook is heard outside its schedule");
  found.expect(notes.closed > 0, "the adaptor loses close: the hook never hears the end of a step");
  if constexpr (scheduled<Adaptor> && abandons<Adaptor>) {
    static_cast<void>(adaptor.due(0));
    adaptor.abandon();
  }
  found.expect(notes.abandoned > 0,
               "the adaptor loses abandon: the hook takes a broken step for one "
               "that counts");
  bool stops_with_it = false;
  if constexpr (stops<Adaptor>) {
    stops_with_it = !adaptor.stop_requested();
    notes.stop = true;
    stops_with_it = stops_with_it && adaptor.stop_requested();
    notes.stop = false;
  }
  found.expect(stops_with_it, "the adaptor loses stop_requested: the hook cannot end a run");
}

/// How often a hook that listens edits in a forward and backward pass.
template <class Hook>
int edits_made(spy_notes& notes, Hook& hook) {
  if constexpr (scheduled<Hook>) static_cast<void>(hook.due(0));
  notes.edited = 0;
  (void)differentiate(adapted_model(), batch(2, 4), {.threads = 1}, hook);
  return notes.edited;
}

} // namespace detail

/// Checks an adaptor of probes.
/// \param wrap makes the adaptor of a `probe_spy&` and lets it listen in step 0:
///   `[](auto& spy) { return when(every{1}, spy); }`
/// \param read turns the adaptor into the numbers that the probe inside reports
template <class Wrap, class Reader = read_report>
verdict probe_adaptor_laws(Wrap wrap, Reader read = {}) {
  verdict found;
  spy_notes notes;
  probe_spy spy{&notes, 7};
  auto adaptor = wrap(spy);
  using adaptor_type = decltype(adaptor);
  detail::check_sites<adaptor_type, probe_spy>(found, dormant::detail::all_sites{});
  detail::check_parts<probe_spy>(found, adaptor, notes);

  detail::adapted_model const net;
  if constexpr (scheduled<adaptor_type>) static_cast<void>(adaptor.due(0));
  notes.emptied = 0;
  (void)evaluate(net, batch(5, 4), {.threads = 1, .shards = 3}, adaptor);
  found.expect(notes.emptied >= 3,
               "the adaptor loses empty: shards listen with a new hook that has "
               "lost its settings");
  probe_row expected;
  probe_spy{&notes, 7, 5}.report(expected);
  probe_row const reported = read(adaptor);
  for (auto const& [name, value] : expected.cells()) {
    bool said = false;
    for (auto const& [other, got] : reported.cells())
      said = said || (name == other && value == got);
    found.expect(said, "the adaptor loses report or merge: ", name, " = ", value,
                 " is not reported");
  }
  return found;
}

/// Checks an adaptor of interventions.
/// \param wrap as in `probe_adaptor_laws`, of any intervention
template <class Wrap>
verdict intervention_adaptor_laws(Wrap wrap) {
  verdict found;
  spy_notes notes;
  intervention_spy spy{&notes};
  auto adaptor = wrap(spy);
  using adaptor_type = decltype(adaptor);
  detail::check_sites<adaptor_type, intervention_spy>(found, dormant::detail::all_sites{});
  detail::check_parts<intervention_spy>(found, adaptor, notes);

  int const bare = detail::edits_made(notes, spy), adapted = detail::edits_made(notes, adaptor);
  found.expect(adapted == bare, "the hook is called ", bare, " times, in the adaptor ", adapted);

  saving_spy saving{&notes};
  auto of_saving = wrap(saving);
  int kept = 0;
  if constexpr (edits<decltype(of_saving), site::z>) kept = detail::edits_made(notes, of_saving);
  found.expect(kept > 0 && kept == detail::edits_made(notes, saving),
               "the adaptor loses saved: the backward of the hook has nothing of its forward");
  return found;
}

} // namespace dormant::testing
