// SPDX-License-Identifier: MIT
// The report's own colours and pictures on the page that reports share.
#pragma once

#include "common/page.hpp"
#include "demo/canvas.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace demo {

using page::escaped;
using page::html_table;

inline std::string style_sheet() {
  return page::style_sheet(own_colours,
                           R"(.softmax-adamw{color:var(--softmax-adamw);font-weight:600}
.relu-adamw{color:var(--relu-adamw);font-weight:600}
.softmax-sgd{color:var(--softmax-sgd);font-weight:600}
.trigger{color:var(--accent);font-weight:600}
)");
}

/// A picture with a caption, or where gnuplot is missing the reason why there is none.
/// \param caption HTML
inline std::string html_figure(picture const& p, std::string_view alt, std::string_view caption) {
  std::string drawn;
  try {
    drawn = for_page(p, escaped(alt));
  } catch (figures::not_drawn const& why) {
    drawn = fmt::format("<p class=\"fine\">No picture here: {}.</p>", escaped(why.what()));
  }
  return fmt::format("<figure id=\"{}\">{}<figcaption>{}</figcaption></figure>\n", p.name, drawn,
                     caption);
}

} // namespace demo
