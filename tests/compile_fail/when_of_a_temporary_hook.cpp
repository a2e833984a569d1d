// expect: the hook is a temporary, which would be gone before the first step
// SPDX-License-Identifier: MIT
// `when` refers to its hook.
#include "dormant/dormant.hpp"

using namespace dormant;

auto use() {
#ifdef TWIN
  static ablate_head const cut{.layer = 0};
  return when(every{2}, cut);
#else
  return when(every{2}, ablate_head{.layer = 0});
#endif
}
