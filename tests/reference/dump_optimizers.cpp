// SPDX-License-Identifier: MIT
// Writes the cases that the files of optimizers/ register, for check_optimizers.py to compare with
// PyTorch.
//   dump_optimizers FOLDER
#include "optimizer_cases.hpp"

#include <dormant/error.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  try {
    optimizer_cases::writer const write(argv[1]);
    for (auto const cases : optimizer_cases::registered()) cases(write);
    return 0;
  } catch (dormant::error const& problem) {
    std::fprintf(stderr, "%s: %s\n", argv[0], problem.what());
    return 1;
  }
}
