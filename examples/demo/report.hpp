// SPDX-License-Identifier: MIT
// The report: one page that needs nothing but itself.
#pragma once

#include "demo/verdict.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace demo {

/// How the numbers came about.
struct circumstances {
  double seconds = 0;     ///< that training took
  double cpu_seconds = 0; ///< of all threads
  std::size_t threads = 0;
};

/// The page as text. A picture that cannot be drawn is replaced by the reason.
std::string report(std::vector<paired> const& pairs, std::vector<verdict> const& verdicts,
                   task const& first_task, setting const& how, circumstances const& c);

/// The picture of the three phenomena as a file of its own.
/// \throws figures::not_drawn where gnuplot is missing or fails
std::string phenomena_svg(std::vector<paired> const& pairs);

} // namespace demo
