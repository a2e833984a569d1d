// SPDX-License-Identifier: MIT
// Threads that live as long as a run and take numbered jobs from a counter. Who does which job never
// decides a result: every job writes its own place.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>

namespace dormant::detail {

class thread_pool {
public:
  /// \param threads at least 1; the calling thread counts as one of them
  explicit thread_pool(std::size_t threads)
      : threads_(threads), workers_(std::make_unique<std::thread[]>(threads)) {
    for (std::size_t i = 1; i < threads; ++i) workers_[i] = std::thread([this, i] { serve(i); });
  }
  thread_pool(thread_pool const&) = delete;
  thread_pool& operator=(thread_pool const&) = delete;
  ~thread_pool() {
    {
      std::lock_guard const lock(mutex_);
      closing_ = true;
    }
    wake_.notify_all();
    for (std::size_t i = 1; i < threads_; ++i) workers_[i].join();
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

  // Compiled once, whatever the number of kinds of job.
  void run_erased(std::size_t jobs, call f, void* body) {
    if (threads_ == 1 || jobs <= 1) {
      for (std::size_t job = 0; job < jobs; ++job) f(body, job, 0);
      return;
    }
    {
      std::lock_guard const lock(mutex_);
      call_ = f;
      body_ = body;
      jobs_ = jobs;
      next_.store(0, std::memory_order_relaxed);
      busy_ = threads_ - 1;
      failure_ = nullptr;
      ++round_;
    }
    wake_.notify_all();
    work(0);
    std::unique_lock lock(mutex_);
    done_.wait(lock, [this] { return busy_ == 0; });
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

  void work(std::size_t thread) {
    for (;;) {
      std::size_t const job = next_.fetch_add(1, std::memory_order_relaxed);
      if (job >= jobs_) return;
      try {
        call_(body_, job, thread);
      } catch (...) {
        std::lock_guard const lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        next_.store(jobs_, std::memory_order_relaxed);
      }
    }
  }
  void serve(std::size_t thread) {
    std::size_t seen = 0;
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return closing_ || round_ != seen; });
        if (closing_) return;
        seen = round_;
      }
      work(thread);
      std::lock_guard const lock(mutex_);
      if (--busy_ == 0) done_.notify_one();
    }
  }

  std::size_t threads_;
  std::unique_ptr<std::thread[]> workers_; // the first stands for the calling thread
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  std::atomic<std::size_t> next_{0};
  call call_ = nullptr;
  void* body_ = nullptr;
  std::size_t jobs_ = 0;
  std::size_t busy_ = 0;
  std::size_t round_ = 0;
  std::exception_ptr failure_;
  bool closing_ = false;
};

} // namespace dormant::detail
