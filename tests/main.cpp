// SPDX-License-Identifier: MIT
// The main function of every test program. A room may have no slow cases: version 3 of Catch2 has
// to be told that this is no failure.
#if __has_include(<catch2/catch_all.hpp>)
#include "catch.hpp"
#else
#define CATCH_CONFIG_RUNNER
#include "catch.hpp"
#endif

int main(int argc, char* argv[]) {
  Catch::Session session;
#if __has_include(<catch2/catch_all.hpp>)
  session.configData().allowZeroTests = true;
#endif
  if (int const error = session.applyCommandLine(argc, argv); error != 0) return error;
  return session.run();
}
