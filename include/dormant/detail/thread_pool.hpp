// SPDX-License-Identifier: MIT
// Threads that live as long as a run and take numbered jobs from a counter. Who does which job
// never decides a result: every job writes its own place.
#pragma once

#include "dormant/error.hpp"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

namespace dormant {

/// No run is spread over more threads than this.
inline constexpr std::size_t most_threads = 1024;

namespace detail {

// The cores that the current thread may use: 0 for all of the machine. Inside a job of a pool it is
// that thread's part of what the pool's owner may use.
inline constinit thread_local std::size_t share_of_cores = 0;

[[nodiscard]] inline std::size_t cores() {
  if (share_of_cores != 0) return share_of_cores;
  return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, most_threads);
}

// How many forks lie between this process and the one that first asked. Counted by the fork itself,
// because asking for the process in every step costs half a microsecond each time.
[[nodiscard]] inline unsigned forks() {
  static std::atomic<unsigned> count{0};
  static int const registered =
      ::pthread_atfork(nullptr, nullptr, [] { count.fetch_add(1, std::memory_order_relaxed); });
  static_cast<void>(registered);
  return count.load(std::memory_order_relaxed);
}

class thread_pool {
public:
  /// \param threads at least 1; the calling thread counts as one of them
  /// \throws error for more than `most_threads`, or if the system starts fewer
  explicit thread_pool(std::size_t threads) : threads_(threads), cores_(cores()) {
    if (threads > most_threads) {
      refuse({"threads: at most ", most_threads, " can be asked for, found ", threads});
    }
    if (threads == 1) return;
    crew_ = std::make_unique<crew>();
    crew_->workers = std::make_unique<std::thread[]>(threads);
    std::size_t had = 1;
    try {
      for (; had < threads; ++had) {
        crew_->workers[had] = std::thread([this, had] {
          share_of_cores = share(had);
          serve(had);
        });
      }
    } catch (std::exception const&) {
      dismiss(had);
      refuse({"threads: ", threads, " were asked for, but the system starts only ", had,
              " (a limit on processes, as ulimit -u sets it, or on memory); ask for fewer"});
    }
  }
  thread_pool(thread_pool const&) = delete;
  thread_pool& operator=(thread_pool const&) = delete;
  ~thread_pool() {
    if (!crew_) return;
    if (forked()) {
      // The threads stayed in the parent. To wait for them, or only to destroy the condition on
      // which they wait, would be for ever.
      (void)crew_.release();
    } else {
      dismiss(threads_);
    }
  }

  [[nodiscard]] std::size_t threads() const { return threads_; }

  /// Calls `f(job, thread)` once for each job in [0, jobs) and returns when all are done. Does not
  /// allocate. The first exception thrown by a job is thrown here.
  template <class F>
  void run(std::size_t jobs, F&& f) {
    using body = std::remove_reference_t<F>;
    run_erased(
        jobs,
        [](void* p, std::size_t job, std::size_t thread) { (*static_cast<body*>(p))(job, thread); },
        const_cast<void*>(static_cast<void const*>(&f)));
  }

private:
  using call = void (*)(void*, std::size_t job, std::size_t thread);

  // What the threads share; none of it is there for a single thread.
  struct crew {
    std::unique_ptr<std::thread[]> workers; // the first stands for the calling thread
    std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable done;
    std::atomic<std::size_t> next{0};
    call f = nullptr;
    void* body = nullptr;
    std::size_t jobs = 0;
    std::size_t busy = 0;
    std::size_t round = 0;
    std::exception_ptr failure;
    bool closing = false;
  };

  [[nodiscard]] bool forked() const { return forks() != born_; }
  [[nodiscard]] std::size_t share(std::size_t thread) const {
    return std::max<std::size_t>(1, cores_ / threads_ + (thread < cores_ % threads_ ? 1 : 0));
  }

  // Compiled once, whatever the number of kinds of job.
  void run_erased(std::size_t jobs, call f, void* body) {
    if (threads_ == 1 || jobs <= 1) {
      for (std::size_t job = 0; job < jobs; ++job) f(body, job, 0);
      return;
    }
    if (forked()) {
      refuse({"threads: this process is a fork, and the threads of what it inherited stayed in its "
              "parent; make a trainer of its own here, or fork before making one"});
    }
    crew& c = *crew_;
    {
      std::lock_guard const lock(c.mutex);
      c.f = f;
      c.body = body;
      c.jobs = jobs;
      c.next.store(0, std::memory_order_relaxed);
      c.busy = threads_ - 1;
      c.failure = nullptr;
      ++c.round;
    }
    c.wake.notify_all();
    auto const whole = std::exchange(share_of_cores, share(0));
    work(0);
    share_of_cores = whole;
    std::unique_lock lock(c.mutex);
    c.done.wait(lock, [&c] { return c.busy == 0; });
    if (c.failure) std::rethrow_exception(std::exchange(c.failure, nullptr));
  }

  void work(std::size_t thread) {
    crew& c = *crew_;
    for (;;) {
      std::size_t const job = c.next.fetch_add(1, std::memory_order_relaxed);
      if (job >= c.jobs) return;
      try {
        c.f(c.body, job, thread);
      } catch (...) {
        std::lock_guard const lock(c.mutex);
        if (!c.failure) c.failure = std::current_exception();
        c.next.store(c.jobs, std::memory_order_relaxed);
      }
    }
  }
  void serve(std::size_t thread) {
    crew& c = *crew_;
    std::size_t seen = 0;
    for (;;) {
      {
        std::unique_lock lock(c.mutex);
        c.wake.wait(lock, [&] { return c.closing || c.round != seen; });
        if (c.closing) return;
        seen = c.round;
      }
      work(thread);
      std::lock_guard const lock(c.mutex);
      if (--c.busy == 0) c.done.notify_one();
    }
  }
  // Lets the first `started` threads end.
  [[gnu::noinline]] void dismiss(std::size_t started) {
    {
      std::lock_guard const lock(crew_->mutex);
      crew_->closing = true;
    }
    crew_->wake.notify_all();
    for (std::size_t i = 1; i < started; ++i) crew_->workers[i].join();
  }

  std::size_t threads_;
  std::size_t cores_; // that the owner may use
  unsigned born_ = forks();
  std::unique_ptr<crew> crew_;
};

} // namespace detail
} // namespace dormant
