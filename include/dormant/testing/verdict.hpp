// SPDX-License-Identifier: MIT
// What a check found. Framework-free: `CHECK(verdict)` prints the log in any test framework that
// streams its operands, `if (!verdict) std::cerr << verdict` does without one.
#pragma once

#include <cstddef>
#include <ostream>
#include <sstream>
#include <string>

/// Law suites for rules, optimizers, tasks and hooks of your own, and a check of any gradient.
namespace dormant::testing {

/// Whether everything held, and a line for each thing that did not.
struct [[nodiscard]] verdict {
  bool ok = true;
  std::string log; ///< the first lines; the rest is only counted
  std::size_t failures = 0;

  explicit operator bool() const { return ok; }

  /// Notes a failure: a sentence made of the parts, numbers with 10 digits.
  template <class... Parts>
  void fail(Parts const&... parts) {
    ok = false;
    if (++failures > most_lines) return;
    std::ostringstream line;
    line.precision(10);
    (line << ... << parts);
    log += line.str() + "\n";
  }
  /// Notes a failure unless the condition holds.
  template <class... Parts>
  void expect(bool condition, Parts const&... parts) {
    if (!condition) fail(parts...);
  }
  /// Takes over what another check found.
  verdict& operator+=(verdict const& other) {
    ok = ok && other.ok;
    if (failures < most_lines) log += other.log;
    failures += other.failures;
    return *this;
  }

  friend std::ostream& operator<<(std::ostream& out, verdict const& v) {
    if (v.ok) return out << "everything held";
    out << v.failures << (v.failures == 1 ? " failure:\n" : " failures:\n") << v.log;
    return v.failures > most_lines ? out << "(and more)\n" : out;
  }

private:
  static constexpr std::size_t most_lines = 20;
};

} // namespace dormant::testing
