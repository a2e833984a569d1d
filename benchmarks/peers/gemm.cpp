// SPDX-License-Identifier: MIT
// The matrix products of training here and in OpenBLAS, oneDNN and Eigen: the same operands, in
// turn, on one core, packing included. GFLOP/s by processor time, and shares of the FMA peak that
// is measured in every round. Then the same products of ours on two cores at once.

#include "../machine.hpp"

#include <cblas.h>
#include <dnnl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <Eigen/Core>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "dormant/kernels/matmul.hpp"
#include "dormant/statistics.hpp"
#include "dormant/tensor.hpp"

namespace kernels = dormant::kernels;
using arch = xsimd::default_arch;
using dormant::median;
using dormant::benchmarks::fma_peak;
using dormant::benchmarks::thread_seconds;

namespace {

enum class form { a_b, a_bt, at_b };

/// C [M, N] (+)= A B, A B^T or A^T B with K products a chain; A^T B,
/// a weight gradient, accumulates.
struct shape {
  char const* name;
  form what;
  std::size_t m, k, n;

  [[nodiscard]] double flops() const {
    return 2.0 * static_cast<double>(m) * static_cast<double>(k) * static_cast<double>(n);
  }
};

constexpr shape shapes[] = {
    {"A B 4096x256x256", form::a_b, 4096, 256, 256},
    {"A B 8192x256x768", form::a_b, 8192, 256, 768},
    {"A B 8192x256x1024", form::a_b, 8192, 256, 1024},
    {"A B 8192x1024x256", form::a_b, 8192, 1024, 256},
    {"A B 8192x256x67 (vocabulary)", form::a_b, 8192, 256, 67},
    {"A Bt 8192x1024x256", form::a_bt, 8192, 1024, 256},
    {"A Bt 8192x256x1024", form::a_bt, 8192, 256, 1024},
    {"A B 256x256x256 (hot)", form::a_b, 256, 256, 256},
    {"A B 256x256x1024 (hot)", form::a_b, 256, 256, 1024},
    {"A B 256x1024x256 (hot)", form::a_b, 256, 1024, 256},
    {"A B 256x256x67 (hot vocabulary)", form::a_b, 256, 256, 67},
    {"At B 256x256x256 (hot gradient)", form::at_b, 256, 256, 256},
    {"At B 256x256x1024 (hot gradient)", form::at_b, 256, 256, 1024},
    {"At B 1024x256x256 (hot gradient)", form::at_b, 1024, 256, 256},
    {"At B 256x8192x1024 (gradient)", form::at_b, 256, 8192, 1024},
    {"At B 256x8192x256 (gradient)", form::at_b, 256, 8192, 256},
};

/// The operands of one product, dense and row-major, as all four libraries take them.
class problem {
public:
  explicit problem(shape s)
      : s_(s), a_(s.m * s.k), b_(s.k * s.n), c_(s.m * s.n),
        packed_(kernels::packed_size<arch, float>(s.k, s.n)) {
    fill(a_);
    fill(b_);
  }

  void dormant() {
    kernels::matrix<float> const c{c_.data(), s_.m, s_.n, s_.n};
    switch (s_.what) {
    case form::a_b:
      kernels::pack<arch, float>({b_.data(), s_.k, s_.n, s_.n}, packed_.data());
      kernels::multiply<arch, float>({a_.data(), s_.m, s_.k, s_.k}, packed_.data(), c);
      return;
    case form::a_bt:
      kernels::pack_transposed<arch, float>({b_.data(), s_.n, s_.k, s_.k}, packed_.data());
      kernels::multiply<arch, float>({a_.data(), s_.m, s_.k, s_.k}, packed_.data(), c);
      return;
    case form::at_b:
      kernels::multiply_transposed<arch, float>({a_.data(), s_.k, s_.m, s_.m},
                                                {b_.data(), s_.k, s_.n, s_.n}, c);
      return;
    }
  }
  void openblas() {
    cblas_sgemm(CblasRowMajor, turned_a() ? CblasTrans : CblasNoTrans,
                turned_b() ? CblasTrans : CblasNoTrans, static_cast<int>(s_.m),
                static_cast<int>(s_.n), static_cast<int>(s_.k), 1.0F, a_.data(), stride_a(),
                b_.data(), stride_b(), kept(), c_.data(), static_cast<int>(s_.n));
  }
  void onednn() {
    auto const size = [](std::size_t n) { return static_cast<dnnl_dim_t>(n); };
    dnnl_sgemm(turned_a() ? 'T' : 'N', turned_b() ? 'T' : 'N', size(s_.m), size(s_.n), size(s_.k),
               1.0F, a_.data(), stride_a(), b_.data(), stride_b(), kept(), c_.data(), size(s_.n));
  }
  void eigen() {
    using rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    auto const map = [](float* p, std::size_t r, std::size_t c) {
      return Eigen::Map<rows>(p, static_cast<Eigen::Index>(r), static_cast<Eigen::Index>(c));
    };
    auto c = map(c_.data(), s_.m, s_.n);
    switch (s_.what) {
    case form::a_b: c.noalias() = map(a_.data(), s_.m, s_.k) * map(b_.data(), s_.k, s_.n); return;
    case form::a_bt:
      c.noalias() = map(a_.data(), s_.m, s_.k) * map(b_.data(), s_.n, s_.k).transpose();
      return;
    case form::at_b:
      c.noalias() += map(a_.data(), s_.k, s_.m).transpose() * map(b_.data(), s_.k, s_.n);
      return;
    }
  }

  void clear() { std::fill_n(c_.data(), c_.size(), 0.0F); }
  [[nodiscard]] dormant::arena<float> const& result() const { return c_; }

private:
  [[nodiscard]] bool turned_a() const { return s_.what == form::at_b; }
  [[nodiscard]] bool turned_b() const { return s_.what == form::a_bt; }
  [[nodiscard]] int stride_a() const { return static_cast<int>(turned_a() ? s_.m : s_.k); }
  [[nodiscard]] int stride_b() const { return static_cast<int>(turned_b() ? s_.k : s_.n); }
  [[nodiscard]] float kept() const { return s_.what == form::at_b ? 1.0F : 0.0F; }
  static void fill(dormant::arena<float>& x) {
    for (std::size_t i = 0; i < x.size(); ++i)
      x.data()[i] = static_cast<float>(i * 7 % 19) / 19 - 0.5F;
  }

  shape s_;
  dormant::arena<float> a_, b_, c_, packed_;
};

using call = void (problem::*)();
struct library {
  char const* name;
  call run;
};
constexpr library libraries[] = {{"dormant", &problem::dormant},
                                 {"OpenBLAS", &problem::openblas},
                                 {"oneDNN", &problem::onednn},
                                 {"Eigen", &problem::eigen}};

/// GFLOP/s of calls that take some 30 ms of processor time together.
double rate(problem& p, call run, double flops) {
  constexpr double enough = 0.03;
  double const start = thread_seconds();
  double spent = 0;
  double calls = 0;
  do {
    (p.*run)();
    spent = thread_seconds() - start;
    ++calls;
  } while (spent < enough);
  return calls * flops / spent / 1e9;
}

/// The same by two threads, each with its own operands; both rates together.
double rate_of_two(problem& first, problem& second, double flops) {
  double other = 0;
  std::thread helper([&] { other = rate(second, &problem::dormant, flops); });
  double const own = rate(first, &problem::dormant, flops);
  helper.join();
  return own + other;
}

double best(std::vector<double> const& values) {
  return *std::max_element(values.begin(), values.end());
}
std::vector<double> ratios(std::vector<double> const& a, std::vector<double> const& b) {
  std::vector<double> out;
  for (std::size_t i = 0; i < a.size(); ++i) out.push_back(a[i] / b[i]);
  return out;
}

/// Whether all libraries computed the same matrix: a fast wrong answer wins nothing.
void check_agreement(problem& p, shape const& s) {
  std::vector<float> expected;
  for (auto const& l : libraries) {
    p.clear();
    (p.*l.run)();
    auto const found = p.result().span();
    if (expected.empty()) expected.assign(found.begin(), found.end());
    for (std::size_t i = 0; i < found.size(); ++i) {
      // Rounding of k products of numbers below 1/2, in any order.
      double const tolerance = 1e-6 * static_cast<double>(s.k);
      if (std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i])) > tolerance) {
        std::fprintf(stderr, "%s: %s differs from %s in element %zu: %g, expected %g\n", s.name,
                     l.name, libraries[0].name, i, static_cast<double>(found[i]),
                     static_cast<double>(expected[i]));
        std::exit(1);
      }
    }
  }
}

std::string dnnl_version_text() {
  auto const* const v = dnnl_version();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "The matrix products of training here and in OpenBLAS, oneDNN and Eigen, on one core.");
  int rounds = 7;
  bool hot = false;
  std::string json_file;
  app.add_flag("--hot", hot, "only products whose operands stay in the cache: for slow machines");
  app.add_option("--rounds", rounds, "times that each library is measured, in turn")
      ->capture_default_str()
      ->check(CLI::Range(1, 1000));
  app.add_option("--json", json_file, "also write all figures to this file");
  CLI11_PARSE(app, argc, argv);

  // The libraries look there when they are loaded.
  if (dormant::benchmarks::choose_kernels()) execv("/proc/self/exe", argv);

  char const* const isa = std::getenv("ONEDNN_MAX_CPU_ISA");
  nlohmann::ordered_json out;
  out["versions"] = {{"OpenBLAS", std::string(openblas_get_config())},
                     {"OpenBLAS kernels", std::string(openblas_get_corename())},
                     {"oneDNN", dnnl_version_text()},
                     {"Eigen", std::to_string(EIGEN_WORLD_VERSION) + "." +
                                   std::to_string(EIGEN_MAJOR_VERSION) + "." +
                                   std::to_string(EIGEN_MINOR_VERSION)},
                     {"oneDNN instructions", isa == nullptr ? "all" : isa},
                     {"dormant", std::string(arch::name())},
                     {"processor", dormant::benchmarks::processor()},
                     {"L1 KiB", std::to_string(kernels::caches().l1 / 1024)},
                     {"L2 KiB", std::to_string(kernels::caches().l2 / 1024)}};
  for (auto const& [name, version] : out["versions"].items()) {
    std::printf("%s: %s\n", name.c_str(), version.get<std::string>().c_str());
  }
  std::printf("\nGFLOP/s on one core, best of %d rounds (median); share: of the FMA peak\n%-34s",
              rounds, "");
  for (auto const& l : libraries) std::printf(" %13s", l.name);
  std::printf("  share  to the best peer  to OpenBLAS  two cores\n");

  for (auto const& s : shapes) {
    if (hot && std::strstr(s.name, "(hot") == nullptr) continue;
    problem p(s), twin(s);
    check_agreement(p, s);
    std::vector<double> rates[std::size(libraries)], two, peaks, shares;
    for (int round = 0; round < rounds; ++round) {
      peaks.push_back(fma_peak<arch, float>() / 1e9);
      for (std::size_t l = 0; l < std::size(libraries); ++l) {
        rates[l].push_back(rate(p, libraries[l].run, s.flops()));
      }
      two.push_back(rate_of_two(p, twin, s.flops()));
    }
    double const peak = best(peaks);
    double best_peer = 0;
    std::printf("%-34s", s.name);
    auto& row = out["shapes"][s.name];
    for (std::size_t l = 0; l < std::size(libraries); ++l) {
      std::printf(" %5.0f (%5.0f)", best(rates[l]), median(rates[l]));
      row["GFLOP/s"][libraries[l].name] = {{"best", best(rates[l])}, {"median", median(rates[l])}};
      if (l > 0) best_peer = std::max(best_peer, best(rates[l]));
    }
    std::printf("   %3.0f%%  %16.2f  %11.2f  %9.2f\n", 100 * best(rates[0]) / peak,
                best(rates[0]) / best_peer, best(rates[0]) / best(rates[1]),
                best(two) / best(rates[0]));
    std::fflush(stdout);
    row["peak"] = peak;
    row["share of peak"] = best(rates[0]) / peak;
    row["to OpenBLAS"] = {{"best", best(rates[0]) / best(rates[1])},
                          {"median", median(ratios(rates[0], rates[1]))}};
    row["two cores to one"] = {{"best", best(two) / best(rates[0])},
                               {"median", median(ratios(two, rates[0]))}};
  }
  if (!json_file.empty()) {
    std::ofstream file(json_file);
    file << out.dump(1) << "\n";
    if (!file.flush()) {
      std::fprintf(stderr, "cannot write '%s'\n", json_file.c_str());
      return 1;
    }
  }
}
