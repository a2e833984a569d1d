// SPDX-License-Identifier: MIT
// Evaluation in single precision.
#include "evaluate_checkpoint/models.hpp"

namespace evaluation {

template results<float> evaluate(description const&, dm::safetensors_file const&, tokens const&,
                                 std::vector<std::string> const&, bool);

namespace {
template <class... Site>
std::vector<std::string> names_of(dm::detail::types<Site...>) {
  return {std::string(Site::name)...};
}
} // namespace

std::vector<std::string> site_names() { return names_of(dm::site::forward{}); }

} // namespace evaluation
