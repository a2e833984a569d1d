// SPDX-License-Identifier: MIT
// The words of the report that do not depend on the runs: how to read it, and a glossary.
#pragma once

#include <string_view>

namespace demo::words {

inline constexpr std::string_view phenomena_caption =
    R"(<b>How to read it.</b> Thick lines are medians over seeds, thin lines single seeds. Top: how
much of its attention a query that is no <a href="#g-trigger">trigger</a> spends on &lt;s&gt;; with
a <a href="#g-sink">sink</a> it climbs towards 1. Middle: the norm of the value state of &lt;s&gt;
against the other tokens'; with a <a href="#g-drain">drain</a> it falls far below 1. Bottom: the same
for the residual stream after the first layer; with a <a href="#g-peak">peak</a> it keeps growing.
Where it starts differs from seed to seed, because the embedding of &lt;s&gt; is random, so compare
lines of the same seed, as below.)";

inline constexpr std::string_view paired_caption =
    R"(<b>How to read it.</b> After training. Each grey line is one seed: the same data in the same
order and the same initial parameters, trained in three ways. A phenomenon separates two ways of
training if every line goes the same way between them.)";

inline constexpr std::string_view attention_caption =
    R"(<b>How to read it.</b> Row: the token that looks. Column: the token looked at. Full colour: a
weight of 1 or more (rows of ReLU attention need not sum to 1). A head that copies looks one step
back from <span class="trigger">triggers</span>, which are coloured. Elsewhere it has nothing to
look up: under softmax its weight has to go somewhere, and with a sink it goes to the first column,
&lt;s&gt;; under ReLU a row may stay empty.)";

inline constexpr std::string_view norms_caption =
    R"(<b>How to read it.</b> The same sequence, position by position. The strongly coloured bar is
&lt;s&gt;, the dashed line the mean of all other positions. First three: norms of the value states
W<sub>O</sub>v, where a drain is a short strong bar. Last three: norms of the residual stream after the
first layer, where a peak is a tall one.)";

inline constexpr std::string_view ablation_caption =
    R"(<b>How to read it.</b> How far predictions are from the exact law, with the head and without
it (softmax + AdamW; bars are medians over seeds, dots single seeds). Where the bars of a panel are
equally high the head was <a href="#g-active">dormant</a>; where they differ it was active.)";

inline constexpr std::string_view learning_caption =
    R"(<b>How to read it.</b> Top and middle: how far predictions are from the exact law, at
non-triggers and at triggers, on a logarithmic scale; 0 would be perfect. Models that have learnt
the task equally well may still differ in how they do it. Bottom: the norm of what the first MLP adds
to the residual stream at &lt;s&gt;, against what it adds elsewhere: it makes a peak, where there is
one.)";

inline constexpr std::string_view seeds =
    R"(<p>The default seeds are the first eight, not chosen. In this setting, over seeds 1 to 12,
every seed shows sink, drain and active-dormant head, with the built-in English table as with tiny
Shakespeare. The peak is shown by 11 with English (all but 1) and by 11 with Shakespeare (all but
2). Those two owe their drain least to the first MLP: silencing it leaves more of the drain than in
any other seed of their table. <code>--seeds 12</code> shows them all.</p>
)";

inline constexpr std::string_view glossary = R"(<dl>
<dt id="g-task">Bigram-Backcopy</dt><dd>A text of characters in which each character follows the
one before it as in a real text, except after a trigger: there the character before the trigger
comes again.</dd>
<dt id="g-trigger">Trigger</dt><dd>One of the three most frequent characters. A query at a trigger
has something to look up; a query at a non-trigger has not.</dd>
<dt id="g-bos">&lt;s&gt;</dt><dd>The token at the beginning of every sequence. It says nothing about
what follows.</dd>
<dt id="g-sink">Attention sink</dt><dd>A token, here &lt;s&gt;, that collects the attention of
queries with nothing to look up.</dd>
<dt id="g-drain">Value-state drain</dt><dd>The value state of the sink token is much smaller than
that of other tokens, so that looking at it adds almost nothing.</dd>
<dt id="g-peak">Residual-state peak</dt><dd>The residual stream at the sink token is much larger
than at other tokens.</dd>
<dt id="g-active">Active and dormant</dt><dd>A head is active on queries for which it looks
something up, and dormant on those for which it looks at the sink.</dd>
<dt id="g-risk">Bigram risk, backcopy risk</dt><dd>Cross-entropy against the exact law of the next
token at non-triggers and at triggers, in nats. Excess risk is what is left after subtracting the
least possible.</dd>
</dl>
)";

} // namespace demo::words
