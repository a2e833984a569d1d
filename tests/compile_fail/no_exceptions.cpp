// expect: dormant reports mistakes as exceptions: compile without -fno-exceptions
// with: -fno-exceptions
// SPDX-License-Identifier: MIT
// The library in a program without exceptions.
#include "dormant/dormant.hpp"
