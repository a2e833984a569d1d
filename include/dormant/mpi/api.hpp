// SPDX-License-Identifier: MIT
// The C interface of MPI, version 3 or later. Its C++ bindings, which left the
// standard in 2012, stay out: some implementations still bring them unless told not
// to, and then ask for a library more.
#pragma once

#ifndef OMPI_SKIP_MPICXX
#define OMPI_SKIP_MPICXX 1
#endif
#ifndef MPICH_SKIP_MPICXX
#define MPICH_SKIP_MPICXX 1
#endif
#include "dormant/detail/arithmetic.hpp"

#include <mpi.h> // IWYU pragma: export

#include <type_traits>

namespace dormant::mpi::detail {

/// What MPI calls our scalars.
template <class T>
[[nodiscard]] MPI_Datatype type_of() {
  static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>);
  return std::is_same_v<T, float> ? MPI_FLOAT : MPI_DOUBLE;
}

} // namespace dormant::mpi::detail
