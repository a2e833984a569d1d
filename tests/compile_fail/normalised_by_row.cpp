// expect: the rule must make each weight of its own score alone
// SPDX-License-Identifier: MIT
// A sum over a rule whose weights depend on the whole row: its way back would need all of it.
#include "dormant/dormant.hpp"

using namespace dormant;

#ifdef TWIN
using rule = normalised<plain_relu>;
#else
using rule = normalised<relu>; // divides by the row's length
#endif

double use(batch const& rows) { return transformer<shape{}, rule>().evaluate(rows).loss; }
