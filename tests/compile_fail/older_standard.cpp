// expect: dormant needs C\+\+20: compile with -std=c\+\+20
// with: -std=c++17
// SPDX-License-Identifier: MIT
// The library in a program of an older standard.
#include "dormant/dormant.hpp"
