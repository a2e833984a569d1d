// SPDX-License-Identifier: MIT
// HTML by hand: the style sheet that reports share, and the few elements they are made of.
#pragma once

#include <fmt/format.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace page {

/// A colour with the name that the style sheet knows it by.
struct colour {
  std::string_view name, light, dark;
};
inline constexpr colour ink{"ink", "#1c2733", "#e4e9ef"};
inline constexpr colour muted{"muted", "#5b6875", "#9aa7b4"};
inline constexpr colour rule{"rule", "#dde2e8", "#36414d"};

inline std::string escaped(std::string_view text) {
  std::string out;
  for (char const c : text) {
    switch (c) {
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '&': out += "&amp;"; break;
    case '"': out += "&quot;"; break;
    default: out += c;
    }
  }
  return out;
}

namespace detail {
/// The colours of one theme as custom properties.
inline std::string theme(std::span<colour const> own, bool dark) {
  std::string out;
  auto const add = [&](colour const& c) {
    out += fmt::format("--{}:{};", c.name, dark ? c.dark : c.light);
  };
  for (auto const& c : {ink, muted, rule}) add(c);
  for (auto const& c : own) add(c);
  out += dark ? "--paper:#12181f;--card:#1a222b;--link:#5bb4ee;"
              : "--paper:#ffffff;--card:#f5f7f9;--link:#0067a5;";
  return out + (dark ? "--good:#3fcb9e;--partly:#f0b440;" : "--good:#00704f;--partly:#8a5a00;");
}
} // namespace detail

/// \param own colours of one report, beside those of all
/// \param more rules of one report
inline std::string style_sheet(std::span<colour const> own = {}, std::string_view more = {}) {
  return ":root{color-scheme:light dark;" + detail::theme(own, false) +
         "}\n@media(prefers-color-scheme:dark){:root{" + detail::theme(own, true) + "}}\n" +
         R"(
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
  font:16px/1.55 system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1130px;margin:0 auto;padding:2rem 1.5rem 4rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .5rem;letter-spacing:-.01em}
h2{font-size:1.3rem;margin:3rem 0 .6rem;padding-top:.8rem;border-top:1px solid var(--rule)}
p,li,dd{max-width:46rem}
a{color:var(--link)}
.lead{font-size:1.1rem;color:var(--muted);margin:0 0 1.6rem}
.verdicts{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:1rem}
@media(max-width:760px){.verdicts{grid-template-columns:minmax(0,1fr)}}
.card{background:var(--card);border-radius:10px;padding:1rem 1.2rem;
  border-left:6px solid var(--tone)}
.card h3{margin:0;font-size:1.15rem;display:flex;justify-content:space-between;gap:1rem;
  align-items:baseline}
.card h3 span{color:var(--tone);white-space:nowrap}
.card p{margin:.35rem 0 0}
.card .fine,.fine{font-size:.86rem;color:var(--muted)}
.numbers{display:flex;gap:1.6rem;margin:.2rem 0 .4rem}
.numbers div{font-size:.86rem;font-weight:400}
.numbers strong{display:block;font-size:1.65rem;line-height:1.2;font-variant-numeric:tabular-nums}
.holds{--tone:var(--good)}
.for-most{--tone:var(--partly)}
.not-established{--tone:var(--muted)}
figure{margin:1rem 0 0}
figure svg{max-width:640px}
figcaption{font-size:.93rem;color:var(--muted);max-width:52rem;margin-top:.4rem}
figcaption b{color:var(--ink)}
svg{display:block;width:100%;height:auto}
svg text{font-family:system-ui,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.scroll{overflow-x:auto}
table{border-collapse:collapse;margin:1rem 0 .5rem;font-variant-numeric:tabular-nums;
  font-size:.95rem}
th,td{padding:.3rem 0 .3rem 1rem;white-space:nowrap;text-align:right;
  border-bottom:1px solid var(--rule)}
th:first-child,td:first-child{text-align:left;padding-left:0}
thead th{color:var(--muted);font-weight:600;vertical-align:bottom}
code,pre{font:.88rem ui-monospace,"DejaVu Sans Mono",monospace;background:var(--card);
  border-radius:5px}
code{padding:.1rem .3rem}
pre{padding:.8rem 1rem;overflow-x:auto}
dt{font-weight:600;margin-top:.7rem}
dd{margin:0}
)" + std::string(more);
}

/// A table whose first column are words. Cells are HTML.
inline std::string html_table(std::vector<std::string> const& head,
                              std::vector<std::vector<std::string>> const& rows) {
  std::string out = "<div class=\"scroll\"><table><thead><tr>";
  for (auto const& cell : head) out += "<th>" + cell + "</th>";
  out += "</tr></thead><tbody>";
  for (auto const& row : rows) {
    out += "<tr>";
    for (auto const& cell : row) out += "<td>" + cell + "</td>";
    out += "</tr>";
  }
  return out + "</tbody></table></div>\n";
}

/// The head of a page, up to the place where its text begins.
inline std::string begin(std::string_view title, std::string const& style) {
  return fmt::format("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                     "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
                     "<title>{}</title><style>{}</style></head><body><main>\n",
                     title, style);
}
inline constexpr std::string_view end = "</main></body></html>\n";

} // namespace page
