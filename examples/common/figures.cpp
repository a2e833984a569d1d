// SPDX-License-Identifier: MIT
// gnuplot as a process, and what it draws made fit for a page.
#include "common/figures.hpp"

#include "common/gnuplot_page.hpp"
#include "common/gnuplot_script.hpp"
#include "common/page.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/plain_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <regex>
#include <spawn.h>
#include <string>
#include <string_view>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace figures {

namespace {

/// A temporary folder, removed at the end.
class scratch {
public:
  scratch() {
    std::error_code failed;
    auto const where = std::filesystem::temp_directory_path(failed);
    auto name = (where / "dormant-figure-XXXXXX").string();
    if (failed || ::mkdtemp(name.data()) == nullptr) {
      throw not_drawn(
          "figures: no temporary folder can be made in " +
          (failed ? std::string("the folder that TMPDIR names") : dormant::io::shown(where)) +
          ", so none were drawn; all numbers are kept");
    }
    folder_ = name;
  }
  scratch(scratch const&) = delete;
  scratch& operator=(scratch const&) = delete;
  ~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
    return folder_ / name;
  }

private:
  std::filesystem::path folder_;
};

/// Runs `gnuplot script` with its messages in a file.
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

std::string draw(drawing const& d, std::string_view terminal) {
  scratch const here;
  auto const drawn = here / "drawn";
  dormant::write_file_atomically(
      here / "script", fmt::format("set terminal {} size {},{}\nset output {}\n{}", terminal,
                                   d.width, d.height, literal(drawn.string()), d.script));
  run_gnuplot((here / "script").string(), (here / "messages").string());
  return dormant::read_file(drawn);
}

/// What stands after the word `title` in each element of each `plot` of a script.
std::vector<std::vector<std::string>> titles_in(std::string_view script) {
  std::vector<std::vector<std::string>> plots;
  for (std::size_t begin = 0, end = 0; begin < script.size(); begin = end + 1) {
    end = std::min(script.find('\n', begin), script.size());
    auto const line = script.substr(begin, end - begin);
    if (!line.starts_with("plot ")) continue;
    plots.emplace_back();
    for (std::size_t i = 0; i < line.size(); ++i) {
      if (line[i] != '\'') continue;
      bool const is_title = line.substr(0, i).ends_with(" title ");
      std::string text; // in which a quote is written twice
      for (++i; i < line.size() && (line[i] != '\'' || line.substr(i).starts_with("''")); ++i) {
        text += line[i];
        if (line[i] == '\'') ++i;
      }
      if (is_title) plots.back().push_back(text);
    }
  }
  return plots;
}

/// Gnuplot makes up titles, which browsers show as hints; here are those that the script gives.
std::string with_own_titles(std::string const& svg, drawing const& d) {
  auto const names = titles_in(d.script);
  std::string out;
  std::string_view rest = svg;
  // Copies all up to the next place that holds `mark`, that included.
  auto const copy_to = [&](std::string_view mark) {
    auto const at = rest.find(mark);
    auto const count = at == std::string_view::npos ? rest.size() : at + mark.size();
    out += rest.substr(0, count);
    rest.remove_prefix(count);
    return at != std::string_view::npos;
  };
  auto const skip_to = [&](std::string_view mark) {
    rest.remove_prefix(std::min(rest.find(mark), rest.size()));
  };
  if (copy_to("<title>")) {
    out += page::escaped(d.title);
    skip_to("</title>");
  }
  // Element 2 of the third plot is the group NAME_plot_2c.
  auto const group = fmt::format("<g id=\"{}_plot_", d.name);
  while (copy_to(group)) {
    std::size_t element = 0, plot = 0;
    auto const* const end = rest.data() + rest.size();
    auto const* const letter = std::from_chars(rest.data(), end, element).ptr;
    if (letter != end && *letter >= 'a' && *letter <= 'z') {
      plot = static_cast<std::size_t>(*letter - 'a');
    }
    auto const known = plot < names.size() && element - 1 < names[plot].size();
    if (!copy_to("<title>")) break;
    if (known) out += page::escaped(names[plot][element - 1]);
    skip_to("</title>");
  }
  return out;
}

/// Gnuplot opens a group for every style it thinks of: those without a
/// drawing are a quarter of a file.
std::string without_empty_groups(std::string const& svg) {
  static std::regex const empty(R"(<g [^>]*>\s*</g>\s*)");
  return std::regex_replace(svg, empty, "");
}

} // namespace

std::string svg(drawing const& d, bool white) {
  auto const terminal = fmt::format("svg noenhanced name '{}' font 'sans-serif,14'{}", d.name,
                                    white ? " background '#ffffff'" : "");
  return without_empty_groups(with_own_titles(draw(d, terminal), d));
}

std::string svg(figure const& f) {
  auto text = svg(drawing_of(f));
  // Weights are squares, also where a browser enlarges them.
  std::string_view const image = "<image ";
  for (auto at = text.find(image); at != std::string::npos; at = text.find(image, at + 1)) {
    text.insert(at + image.size(), "style='image-rendering:pixelated' ");
  }
  return text;
}

std::string png(figure const& f) {
  return draw(drawing_of(f), "pngcairo noenhanced background '#ffffff' font 'DejaVu Sans,14'");
}

void save(figure const& f, std::filesystem::path const& folder) {
  dormant::write_file_atomically(folder / (f.name + ".svg"), svg(f));
  dormant::write_file_atomically(folder / (f.name + ".png"), png(f));
}

} // namespace figures
