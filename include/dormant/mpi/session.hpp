// SPDX-License-Identifier: MIT
// MPI from its beginning to its end, as an object at the top of `main`, and all ranks as a group.
#pragma once

#include "dormant/mpi/group.hpp"

#include <exception>

namespace dormant::mpi {

namespace detail {
/// MPI, begun here unless the program has begun it already; then the program ends it too.
class begun {
public:
  begun(int& argc, char**& argv) {
    int already = 0;
    MPI_Initialized(&already);
    if (already != 0) return;
    int provided = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    ends_ = true;
    if (provided < MPI_THREAD_FUNNELED) {
      MPI_Finalize();
      refuse({"mpi: this MPI was built without threads, which dormant has"});
    }
  }
  begun(begun const&) = delete;
  begun& operator=(begun const&) = delete;
  ~begun() {
    if (ends_) MPI_Finalize();
  }

private:
  bool ends_ = false;
};

[[nodiscard]] inline MPI_Comm copy_of_world() {
  MPI_Comm copy = MPI_COMM_NULL;
  MPI_Comm_dup(MPI_COMM_WORLD, &copy);
  return copy;
}
} // namespace detail

/// All ranks of the program: `dm::mpi::session world(argc, argv);`, once, by the main thread, which
/// is the one that trains. A rank that leaves by an exception of which the others know nothing (one
/// that comes from outside `train` and `together`) ends them all.
class session : detail::begun, public group {
public:
  session(int& argc, char**& argv)
      : begun(argc, argv), group(detail::copy_of_world(), detail::look_around(MPI_COMM_WORLD)),
        exceptions_(std::uncaught_exceptions()) {}
  ~session() {
    if (std::uncaught_exceptions() == exceptions_) return;
    // After a failure of all that was caught, this exception may be another, of
    // which the others know nothing.
    if (!failed_together() || !all_here(10)) {
      abort("left by an exception, so all are ended; what is called by world.together is reported");
    }
  }

private:
  int exceptions_;
};

} // namespace dormant::mpi
