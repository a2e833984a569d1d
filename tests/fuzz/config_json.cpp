// SPDX-License-Identifier: MIT
// Any bytes are, for every family, either refused as a config.json with a one-line sentence or
// sizes and numbers that a model can be planned and computed with.
#include "dormant/source/load.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using dormant::sizes;

void use(sizes const& s) {
  dormant::check_sizes(s);
  if (!(s.norm_epsilon >= 0 && s.norm_epsilon <= 1) || !(s.clip > 0)) std::abort();
  auto const& o = s.rotary;
  if (o.dimensions % 2 != 0 || o.dimensions > s.head_width) std::abort();
  for (std::size_t i = 0; 2 * i < o.dimensions; i += 1 + i / 8) {
    using stretch = dormant::rotary_options::stretch;
    namespace kernels = dormant::kernels;
    double f = std::pow(o.base, -2 * static_cast<double>(i) / static_cast<double>(o.dimensions));
    if (o.scaling == stretch::llama3) f = kernels::scaled_frequency(f, o.llama3);
    if (o.scaling == stretch::yarn) {
      f = kernels::scaled_frequency(f, o.yarn, o.base, o.dimensions, i);
    }
    if (!(f >= 0 && f <= 1)) std::abort();
  }
  if (!std::isfinite(static_cast<float>(dormant::kernels::attention_factor(o.yarn)))) std::abort();
}

template <class Family>
void read(std::string_view text) {
  try {
    auto const family = Family::read(dormant::json_object::parse(text, "input"));
    use(family.s);
    // What is written is read again.
    auto const again = Family::read(dormant::json_object::parse(family.write().text(), "written"));
    if (again.s.as_shape() != sizes(family.s).as_shape()) std::abort();
  } catch (dormant::error const& refused) {
    std::string_view const sentence = refused.what();
    if (!sentence.starts_with("'input': ") || sentence.find('\n') != sentence.npos) std::abort();
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  std::string_view const text(reinterpret_cast<char const*>(data), size);
  read<dormant::llama>(text);
  read<dormant::olmo>(text);
  read<dormant::olmo2>(text);
  read<dormant::gpt_neox<true>>(text);
  read<dormant::gpt_neox<false>>(text);
  read<dormant::gpt2<dormant::gelu_tanh>>(text);
  read<dormant::gpt2<dormant::relu_unit>>(text);
  return 0;
}
