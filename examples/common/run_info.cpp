// SPDX-License-Identifier: MIT
// Versions as the headers and the compiler tell them, the machine as the kernel does.
#include "common/run_info.hpp"

#include "build_info.hpp"
#include "dormant/task/bigram_csv.hpp"
#include "dormant/tensor.hpp"
#include "dormant/version.hpp"

#include <CLI/Version.hpp>
#include <boost/version.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <xsimd/xsimd.hpp>

#include <array>
#include <ctime>
#include <fstream>
#include <string_view>
#include <sys/utsname.h>
#include <thread>
#include <unistd.h>

namespace program {

using json = nlohmann::ordered_json;

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

std::string simd() {
  return fmt::format("{}, {} bits", xsimd::default_arch::name(), 8 * sizeof(xsimd::batch<float>));
}

namespace {
/// e.g. "glibc 2.36"; its exp and log are in every result.
std::string c_library() {
  std::array<char, 64> name{};
  ::confstr(_CS_GNU_LIBC_VERSION, name.data(), name.size() - 1);
  return name.data();
}
} // namespace

std::vector<std::pair<std::string, std::string>> versions() {
  auto const dotted = [](int major, int minor, int patch) {
    return fmt::format("{}.{}.{}", major, minor, patch);
  };
  return {
      {"dormant", dotted(dormant::version.major, dormant::version.minor, dormant::version.patch)},
      {"compiler", compiler()},
      {"simd", simd()},
      {"xsimd", dotted(XSIMD_VERSION_MAJOR, XSIMD_VERSION_MINOR, XSIMD_VERSION_PATCH)},
      {"xtensor", dotted(XTENSOR_VERSION_MAJOR, XTENSOR_VERSION_MINOR, XTENSOR_VERSION_PATCH)},
      {"boost", dotted(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
      {"random123", "not told by its headers"},
      {"nlohmann_json", dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                               NLOHMANN_JSON_VERSION_PATCH)},
      {"fmt", dotted(FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
      {"cli11", CLI11_VERSION},
      {"libstdc++", fmt::format("{} ({})", _GLIBCXX_RELEASE, __GLIBCXX__)},
      {"libc", c_library()}};
}

namespace {
/// As /proc/cpuinfo has it; the name of the architecture where it has none.
std::string cpu() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    auto const colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  utsname system{};
  return ::uname(&system) == 0 ? system.machine : "unknown";
}
} // namespace

std::string fingerprint_of(dormant::bigram_table const& table) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (char const c : dormant::to_csv(table)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return fmt::format("{:016x}", hash);
}

json origin_as_json() {
  json all = json::object();
  for (auto const& [name, version] : versions()) all[name] = version;
  return {{"date", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
          {"versions", all},
          {"build",
           {{"commit", build_commit},
            {"commit_date", build_commit_date},
            {"uncommitted_changes", build_has_changes},
            {"flags", build_flags}}},
          {"machine", {{"cpu", cpu()}, {"cores", std::thread::hardware_concurrency()}}}};
}

std::string difference_from(json const& begun) {
  auto const now = origin_as_json();
  std::string out;
  auto const compare = [&](std::string const& part, std::string_view key) {
    std::string const name(key);
    auto const& where = begun.contains(part) ? begun[part] : json::object();
    if (!where.contains(name) || !where[name].is_string()) return;
    auto const& then = where[name].get_ref<std::string const&>();
    auto const& today = now[part][name].get_ref<std::string const&>();
    if (then == today) return;
    out += fmt::format("{}{} {}, now {}", out.empty() ? "" : "; ", key, then, today);
  };
  for (auto const* name : {"dormant", "compiler", "simd", "xsimd", "libstdc++", "libc"}) {
    compare("versions", name);
  }
  for (auto const* name : {"commit", "flags"}) compare("build", name);
  return out;
}

} // namespace program
