// SPDX-License-Identifier: MIT
// The colours of pictures and page: one a story, and four for everything else.
#pragma once

#include <array>
#include <string_view>

namespace demo {

/// A colour with the name that the page's style sheet knows it by.
struct colour {
  std::string_view name, light, dark;
};
inline constexpr colour ink{"ink", "#1c2733", "#e4e9ef"};
inline constexpr colour muted{"muted", "#5b6875", "#9aa7b4"};
inline constexpr colour rule{"rule", "#dde2e8", "#36414d"};
inline constexpr colour accent{"accent", "#b0307a", "#f08cc4"};
/// One a story. Blue, orange and green of Okabe and Ito's palette, darkened a little so that thin
/// lines and words in these colours can be read too.
inline constexpr std::array<colour, 3> story_colours = {{{"softmax-adamw", "#0067a5", "#5bb4ee"},
                                                         {"relu-adamw", "#d55e00", "#ff9a4a"},
                                                         {"softmax-sgd", "#00835d", "#3fcb9e"}}};
inline constexpr std::array<colour, 7> palette = {
    ink, muted, rule, accent, story_colours[0], story_colours[1], story_colours[2]};

} // namespace demo
