// SPDX-License-Identifier: MIT
// The colours of pictures and page: one a story, and four for everything else.
#pragma once

#include "common/page.hpp"

#include <array>
#include <string_view>

namespace demo {

using page::colour;
using page::ink;
using page::muted;
using page::rule;
inline constexpr colour accent{"accent", "#b0307a", "#f08cc4"};
/// One a story. Blue, orange and green of Okabe and Ito's palette, darkened a little so that thin
/// lines and words in these colours can be read too.
inline constexpr std::array<colour, 3> story_colours = {{{"softmax-adamw", "#0067a5", "#5bb4ee"},
                                                         {"relu-adamw", "#d55e00", "#ff9a4a"},
                                                         {"softmax-sgd", "#00835d", "#3fcb9e"}}};
/// The same for those who see no colours, in gnuplot's numbers: a disc, a square, a triangle.
inline constexpr std::array<int, 3> story_symbols = {7, 5, 9};
/// Those that other reports do not have.
inline constexpr std::array<colour, 4> own_colours = {accent, story_colours[0], story_colours[1],
                                                      story_colours[2]};
inline constexpr std::array<colour, 7> palette = {
    ink, muted, rule, accent, story_colours[0], story_colours[1], story_colours[2]};

} // namespace demo
