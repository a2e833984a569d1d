// SPDX-License-Identifier: MIT
// What an error says, for tests that read it.
#pragma once

#include "dormant/error.hpp"

#include <string>

/// The sentence of the error that `act` throws; empty if it throws none.
template <class Act>
std::string error_of(Act act) {
  try {
    act();
  } catch (dormant::error const& thrown) {
    return thrown.what();
  }
  return {};
}
