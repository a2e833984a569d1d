// expect: the rule has a gate already, which would be lost
// SPDX-License-Identifier: MIT
// A gate around a gate would hide it.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
using rule = output_gate<relu>;
#else
using rule = output_gate<output_gate<relu>>;
#endif

double use(batch const& rows) { return transformer<shape{}, rule>().evaluate(rows).loss; }
