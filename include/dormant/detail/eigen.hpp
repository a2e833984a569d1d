// SPDX-License-Identifier: MIT
// Eigen's decompositions (Debian: libeigen3-dev). No other header knows Eigen, and dormant.hpp
// includes none that includes this one.
#pragma once

// Its folder is on the include path where it was asked for by find_package(Eigen3) or pkg-config.
#if __has_include(<Eigen/Eigenvalues>)
#include <Eigen/Eigenvalues>
#else
#include <eigen3/Eigen/Eigenvalues>
#endif
