// SPDX-License-Identifier: MIT
// Figures as gnuplot scripts.
#include "common/figures.hpp"

#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace figures {

namespace {

// Okabe and Ito's colours, which most kinds of colour blindness tell apart.
constexpr std::array<std::string_view, 8> palette = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                     "#e69f00", "#56b4e9", "#000000", "#999999"};

/// Text as gnuplot takes it literally; labels of tics are format strings, hence `%%`.
std::string literal(std::string_view text, bool is_format = false) {
  std::string_view const space = "␠";
  std::string out = "'";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with(space)) {
      out += "␣"; // which fonts have
      i += space.size() - 1;
      continue;
    }
    char const c = text[i];
    out += c;
    if (c == '\'' || (is_format && c == '%')) out += c;
  }
  return out + "'";
}

std::string bound(double value) { return std::isnan(value) ? "*" : fmt::format("{}", value); }

/// An axis that is linear near 0 and logarithmic far from it, with the tics of both.
std::string bent(char letter, double linear_to) {
  std::string tics = "0";
  double decade = std::pow(10, std::floor(std::log10(linear_to)));
  for (; decade < 1e9; decade *= 10) {
    for (double const digit : {1.0, 2.0, 5.0}) {
      if (digit * decade >= linear_to / 4) tics += fmt::format(",{}", digit * decade);
    }
  }
  return fmt::format("unset logscale {0}\nset nonlinear {0} via asinh({0}/{1}) inverse "
                     "{1}*sinh({0})\nset {0}tics ({2})\n",
                     letter, linear_to / 2, tics);
}

std::string describe(char letter, axis const& a) {
  return fmt::format("set {0}label {1}\n{2}set {0}range [{3}:{4}]\nset format {0} '%g'\n", letter,
                     literal(a.label),
                     a.linear_to > 0
                         ? bent(letter, a.linear_to)
                         : fmt::format("{} logscale {}\n", a.log ? "set" : "unset", letter),
                     bound(a.least), bound(a.most));
}

template <class Lines>
std::string key(Lines const& lines, std::string_view where, int sample) {
  bool const any = std::ranges::any_of(lines, [](auto const& l) { return !l.label.empty(); });
  if (!any) return "unset key\n";
  return fmt::format("set key {} box lc rgb '#cccccc' opaque samplen {}\n", where, sample);
}

/// gnuplot refuses to choose a range for no points at all, as a short run may leave them.
axis without_points(axis a) {
  if (std::isnan(a.least)) a.least = a.log ? 1 : 0;
  if (std::isnan(a.most)) a.most = a.least + 10;
  return a;
}

std::string script(chart const& c, std::size_t number, std::size_t /*pixels*/) {
  std::string out;
  bool any = false;
  for (std::size_t i = 0; i < c.lines.size(); ++i) {
    out += fmt::format("$p{}_{} << EOD\n", number, i);
    auto const& l = c.lines[i];
    for (std::size_t k = 0; k < l.x.size(); ++k) {
      if (std::isfinite(l.x[k]) && std::isfinite(l.y[k])) {
        any = true;
        out += fmt::format("{} {} {} {}\n", l.x[k], l.y[k], l.low.empty() ? l.y[k] : l.low[k],
                           l.high.empty() ? l.y[k] : l.high[k]);
      } else {
        out += "\n";
      }
    }
    out += "EOD\n";
  }
  out +=
      fmt::format("reset\nset title {}\nset grid lc rgb '#dddddd'\nset border lc rgb '#444444'\n",
                  literal(c.title));
  // Charts one above the other share their left and right ends.
  out += c.legend.starts_with("outside") ? "set lmargin 10\nset rmargin 30\n" : "set lmargin 10\n";
  out += key(c.lines, c.legend, 2);
  out += describe('x', any ? c.x : without_points(c.x)) +
         describe('y', any ? c.y : without_points(c.y)) + "plot ";
  for (std::size_t i = 0; i < c.lines.size(); ++i) {
    auto const& l = c.lines[i];
    auto const colour = palette[(l.colour < palette.size() ? l.colour : i) % palette.size()];
    if (!l.low.empty()) {
      out += fmt::format("$p{}_{} using 1:3:4 with filledcurves fc rgb '{}' fs transparent solid "
                         "0.18 noborder notitle, ",
                         number, i, colour);
    }
    out +=
        fmt::format("$p{}_{} using 1:2 with lines lw 2 lc rgb '{}' dt {} {}, ", number, i, colour,
                    l.dashed ? 2 : 1, l.label.empty() ? "notitle" : "title " + literal(l.label));
  }
  return out + "NaN notitle\n";
}

std::string script(comparison const& c, std::size_t number, std::size_t /*pixels*/) {
  std::string out, tics, plot;
  auto const series = static_cast<double>(std::max<std::size_t>(1, c.lines.size()));
  for (std::size_t i = 0; i < c.lines.size(); ++i) {
    auto const& l = c.lines[i];
    out += fmt::format("$p{}_{} << EOD\n", number, i);
    double const beside = (static_cast<double>(i) - (series - 1) / 2) * std::min(0.2, 0.7 / series);
    for (std::size_t k = 0; k < l.middle.size(); ++k) {
      if (!std::isfinite(l.middle[k])) continue;
      out += fmt::format("{} {} {} {}\n", static_cast<double>(k) + beside, l.middle[k], l.low[k],
                         l.high[k]);
    }
    out += "EOD\n";
    plot += fmt::format("$p{}_{} using 1:2:3:4 with yerrorbars pt 7 ps 1 lw 2 lc rgb '{}' {}, ",
                        number, i, palette[i % palette.size()],
                        l.label.empty() ? "notitle" : "title " + literal(l.label));
  }
  std::size_t longest = 0;
  for (std::size_t k = 0; k < c.categories.size(); ++k) {
    tics += fmt::format("{}{} {}", k == 0 ? "" : ",", literal(c.categories[k], true), k);
    longest = std::max(longest, c.categories[k].size());
  }
  bool const slanted = longest * c.categories.size() > 50;
  out += fmt::format("reset\nset title {}\nset grid y lc rgb '#dddddd'\nset border lc rgb "
                     "'#444444'\nset lmargin 10\n",
                     literal(c.title)) +
         key(c.lines, c.legend, 1);
  if (c.legend.starts_with("outside")) out += "set rmargin 30\n"; // as charts have
  bool const any = std::ranges::any_of(c.lines, [](auto const& l) {
    return std::ranges::any_of(l.middle, [](double y) { return std::isfinite(y); });
  });
  out += describe('y', any ? c.y : axis{.label = c.y.label, .least = 0, .most = 1});
  out += fmt::format("set xrange [-0.6:{}]\nset xtics ({}) scale 0 {}\n",
                     static_cast<double>(c.categories.size()) - 0.4, tics,
                     slanted ? "rotate by 30 right" : "norotate");
  if (slanted) out += fmt::format("set bmargin {}\n", 2 + longest / 3);
  if (std::isfinite(c.guide)) {
    plot += fmt::format("{} with lines dt 3 lc rgb '#444444' notitle, ", c.guide);
  }
  return out + "plot " + plot + "NaN notitle\n";
}

std::string script(attention_map const& map, std::size_t number, std::size_t pixels) {
  auto const n = map.tokens.size();
  double highest = 1e-12;
  std::string out = fmt::format("$p{} << EOD\n", number);
  for (std::size_t q = 0; q < n; ++q) {
    for (std::size_t k = 0; k < n; ++k) {
      double const weight = map.weights[q * n + k];
      if (k <= q && std::isfinite(weight)) highest = std::max(highest, weight);
      out += k <= q ? fmt::format("{} ", weight) : "NaN ";
    }
    out += "\n";
  }
  out += fmt::format("EOD\nreset\nset title {}\nset datafile missing 'NaN'\n", literal(map.title));
  std::string tics;
  std::size_t const most = std::max<std::size_t>(1, pixels * 3 / 4 / 8); // labels that can be read
  std::size_t const stride = (n + most - 1) / most;
  for (std::size_t t = 0; t < n; t += stride) {
    tics += fmt::format("{}{} {}", tics.empty() ? "" : ",", literal(map.tokens[t], true), t);
  }
  out += fmt::format(
      "set xtics ({0}) scale 0 font 'DejaVu Sans,7' offset 0,0.3\nset ytics ({0}) scale "
      "0 font 'DejaVu Sans,7'\n"
      "set xrange [-0.5:{1}]\nset yrange [{1}:-0.5]\nset xlabel 'key'\nset ylabel 'query'\n"
      "set size ratio 1\nset border lc rgb '#444444'\nunset key\nset cbrange [0:{2}]\n"
      "set palette defined (0 '#ffffff', 0.25 '#c6dbef', 0.5 '#6baed6', 0.75 '#2171b5', "
      "1 '#08306b')\n"
      "set object rectangle from graph 0,0 to graph 1,1 fc rgb '#f2f2f2' fs noborder behind\n"
      "plot $p{3} matrix with image\n",
      tics, static_cast<double>(n) - 0.5, highest > 0.5 && highest <= 1 ? 1.0 : highest, number);
  return out;
}

std::string script(figure const& f, std::string_view terminal, std::string_view output) {
  std::size_t const rows = (f.panels.size() + f.columns - 1) / f.columns;
  std::string out =
      fmt::format("set terminal {} size {},{} font 'DejaVu Sans,11'\nset output {}\n"
                  "set multiplot layout {},{}\n",
                  terminal, f.width * f.columns, f.height * rows, literal(output), rows, f.columns);
  for (std::size_t i = 0; i < f.panels.size(); ++i) {
    out += std::visit([&](auto const& p) { return script(p, i, f.height); }, f.panels[i]);
  }
  return out + "unset multiplot\nset output\n";
}

} // namespace

namespace detail {

scratch::scratch() {
  char const* const asked = std::getenv("TMPDIR");
  std::filesystem::path const home = asked != nullptr && *asked != '\0' ? asked : "/tmp";
  auto name = (home / "dormant-figure-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) {
    throw not_drawn("no figures were drawn, because no temporary folder can be made in " +
                    dormant::io::shown(home) +
                    " (TMPDIR names another): " + dormant::io::plain_reason(errno));
  }
  folder_ = name;
}
scratch::~scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

void run_gnuplot(std::string script_file, std::string const& messages) {
  posix_spawn_file_actions_t streams;
  posix_spawn_file_actions_init(&streams);
  posix_spawn_file_actions_addopen(&streams, 1, messages.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_adddup2(&streams, 1, 2);
  std::string name = "gnuplot";
  std::string no_settings_of_the_user = "-d";
  std::array<char*, 4> const arguments{name.data(), no_settings_of_the_user.data(),
                                       script_file.data(), nullptr};
  pid_t child = 0;
  int const code = posix_spawnp(&child, name.c_str(), &streams, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&streams);
  if (code == ENOENT) {
    throw not_drawn("gnuplot is not installed, so no figures were drawn (Debian's package is "
                    "gnuplot-nox); all numbers are kept");
  }
  if (code != 0) throw not_drawn("gnuplot cannot be started: " + dormant::io::plain_reason(code));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  throw not_drawn("gnuplot failed, so no figures were drawn; it says " +
                  dormant::io::in_quotes(dormant::read_file(messages)));
}

} // namespace detail

namespace {
std::string draw(figure const& f, std::string_view terminal) {
  if (f.panels.empty()) throw not_drawn("a figure without panels cannot be drawn");
  detail::scratch const here;
  auto const drawn = here / "drawn";
  dormant::write_file_atomically(here / "script", script(f, terminal, drawn.string()));
  detail::run_gnuplot((here / "script").string(), (here / "messages").string());
  return dormant::read_file(drawn);
}
} // namespace

std::string svg(figure const& f) {
  auto text = draw(f, fmt::format("svg noenhanced background '#ffffff' name '{}'", f.name));
  // Weights are squares, also where a browser enlarges them.
  std::string_view const image = "<image ";
  for (auto at = text.find(image); at != std::string::npos; at = text.find(image, at + 1)) {
    text.insert(at + image.size(), "style='image-rendering:pixelated' ");
  }
  return text;
}
std::string png(figure const& f) { return draw(f, "pngcairo noenhanced background '#ffffff'"); }
void save(figure const& f, std::filesystem::path const& folder) {
  dormant::write_file_atomically(folder / (f.name + ".svg"), svg(f));
  dormant::write_file_atomically(folder / (f.name + ".png"), png(f));
}

} // namespace figures
