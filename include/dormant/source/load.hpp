// SPDX-License-Identifier: MIT
// A pretrained model in memory, as a `transformer` whose sizes are those of its config.json: to be
// measured, trained further and saved as any other.
#pragma once

#include "dormant/model/transformer.hpp"
#include "dormant/source/family.hpp"
#include "dormant/source/family/gpt2.hpp"
#include "dormant/source/family/gpt_neox.hpp"
#include "dormant/source/family/llama.hpp"
#include "dormant/source/family/olmo.hpp"
#include "dormant/source/model_folder.hpp"
#include "dormant/source/stored_model.hpp"

#include <cstddef>
#include <string>

namespace dormant {

/// f(family) for the family that a folder's config.json names. `f` is compiled for each of them.
/// \throws error for an architecture that we do not know, naming those that we do
template <class F>
decltype(auto) with_family(model_folder const& folder, F&& f) {
  auto const& config = folder.config();
  auto const name = folder.architecture();
  if (name == llama::architecture) return f(llama::read(config));
  if (name == olmo::architecture) return f(olmo::read(config));
  if (name == olmo2::architecture) return f(olmo2::read(config));
  if (name == gpt_neox<>::architecture) {
    if (config.flag({"use_parallel_residual"}, true)) return f(gpt_neox<true>::read(config));
    return f(gpt_neox<false>::read(config));
  }
  if (name == gpt2<>::architecture) {
    if (config.maybe_text({"activation_function"}) == "relu") {
      return f(gpt2<relu_unit>::read(config));
    }
    return f(gpt2<gelu_tanh>::read(config));
  }
  config.fail("architectures",
              {"is ", io::in_quotes(name), ", expected one of ", llama::architecture, ", ",
               olmo::architecture, ", ", olmo2::architecture, ", ", gpt_neox<>::architecture, ", ",
               gpt2<>::architecture});
}

/// A model of this family with the folder's weights, in `Scalar`. Doubles become floats rounded to
/// the nearest; everything else is exact.
/// \param context the longest sequence it is to read, by which memory is planned
/// \throws error as `stored_model` does
template <class Scalar, model_family Family>
[[nodiscard]] typename Family::template net<Scalar>
load(Family const& family, model_folder const& folder, std::size_t context) {
  using net_type = typename Family::template net<Scalar>;
  sizes s = family.s;
  s.context = context;
  // First, so that sizes which the files do not have are named, not asked memory for.
  detail::layout_in_memory<typename net_type::model> const wanted(s);
  stored_model const stored(family, folder, wanted.tensors, s);
  net_type net(s);
  for (std::size_t i = 0; i < net.tensors().size(); ++i) {
    stored.read(i, 0, stored.rows(i), net.parameters().data() + net.tensors()[i].offset);
  }
  return net;
}

} // namespace dormant
