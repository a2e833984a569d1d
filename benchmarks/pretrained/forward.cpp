// SPDX-License-Identifier: MIT
// One forward pass of a pretrained model from its folder: seconds, GFLOP/s, the share of the FMA
// peak measured in the same run, and memory beside the page cache.
//   forward FOLDER [ROWS [TOKENS [THREADS]]]
#include <dormant/dormant.hpp>
#include <dormant/source/pretrained.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <thread>

#include "../fma_peak.hpp"

namespace dm = dormant;

namespace {

/// The most memory of its own, beside mapped files, that the process held while this exists.
class own_memory {
public:
  own_memory()
      : watcher_([this] {
          while (!done_) {
            most_ = std::max(most_, now());
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
          }
        }) {}
  [[nodiscard]] double bytes() {
    done_ = true;
    watcher_.join();
    return most_;
  }

private:
  static double now() {
    std::ifstream status("/proc/self/status");
    std::string name;
    double kilobytes = 0;
    while (status >> name) {
      if (name == "RssAnon:" && status >> kilobytes) return 1024 * kilobytes;
      std::getline(status, name);
    }
    return 0;
  }
  std::atomic<bool> done_ = false;
  double most_ = 0;
  std::thread watcher_;
};

/// Multiply-adds count as two. Attention is counted as causal.
double operations(dm::sizes const& s, std::size_t rows, std::size_t tokens) {
  auto const n = static_cast<double>(rows * tokens);
  auto const size = [](std::size_t a, std::size_t b) {
    return static_cast<double>(a) * static_cast<double>(b);
  };
  double const matrices =
      size(s.width, 2 * s.queries() + 2 * s.keys()) + 3 * size(s.width, s.hidden);
  double const attention = size(s.queries(), tokens + 1); // two products over half the pairs
  return 2 * n * (static_cast<double>(s.layers) * (matrices + attention) + size(s.width, s.vocab));
}

void measure(dm::model_folder const& folder, std::size_t rows, std::size_t tokens,
             std::size_t threads) {
  dm::pretrained<dm::llama> const net(dm::llama::read(folder.config()), folder);
  dm::batch text(rows, tokens, nullptr, false);
  for (std::size_t b = 0; b < rows; ++b) {
    for (std::size_t t = 0; t <= tokens; ++t) {
      text.tokens(b)[t] = static_cast<dm::token>((1 + 7919 * (b * tokens + t)) % net.s().vocab);
    }
  }
  using arch = typename dm::pretrained<dm::llama>::model::arch;
  double const peak = dm::benchmarks::fma_peak<arch, float>();
  own_memory memory;
  auto const start = std::chrono::steady_clock::now();
  auto const found = dm::evaluate(net, text, {.threads = threads});
  double const seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  double const rate = operations(net.s(), rows, tokens) / seconds;
  std::printf("{\"layers\": %zu, \"rows\": %zu, \"tokens\": %zu, \"threads\": %zu, \"width_bits\": "
              "%zu,\n \"seconds\": %.2f, \"gflops\": %.1f, \"fma_peak_gflops\": %.1f, "
              "\"share_of_peak\": %.3f,\n \"peak_memory_gb\": %.3f, \"loss\": %.6f}\n",
              net.s().layers, rows, tokens, threads, 8 * sizeof(dm::kernels::vector<arch, float>),
              seconds, rate * 1e-9, peak * static_cast<double>(threads) * 1e-9,
              rate / (peak * static_cast<double>(threads)), memory.bytes() * 1e-9, found.loss);
}

} // namespace

int main(int count, char** arguments) try {
  if (count < 2) {
    std::fputs("usage: forward FOLDER [ROWS [TOKENS [THREADS]]]\n", stderr);
    return 2;
  }
  auto const number = [&](int i, std::size_t otherwise) {
    return count > i ? std::strtoul(arguments[i], nullptr, 10) : otherwise;
  };
  measure(dm::model_folder::open(arguments[1]), number(2, 32), number(3, 128),
          number(4, std::thread::hardware_concurrency()));
} catch (std::exception const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
