// SPDX-License-Identifier: MIT
// The command line, on CLI11.
#include "common/command_line.hpp"

#include "common/program.hpp"

namespace program {

struct command_line::parser {
  parser(std::string const& name, std::string const& description) : app(description, name) {}
  CLI::App app;
};

command_line::command_line(std::string const& name, std::string const& description)
    : parser_(std::make_unique<parser>(name, description)) {}
command_line::~command_line() = default;

void command_line::count(std::string const& flag, std::uint64_t& value, std::string const& help,
                         counts allowed) {
  add_count(parser_->app, flag, value, help, allowed);
}
void command_line::number(std::string const& flag, double& value, std::string const& help,
                          range allowed) {
  add_number(parser_->app, flag, value, help, allowed);
}
void command_line::number(std::string const& flag, std::optional<double>& value,
                          std::string const& help, range allowed) {
  add_number(parser_->app, flag, value, help, allowed);
}
void command_line::choice(std::string const& flag, std::string& value,
                          std::vector<std::string> const& names, std::string const& help) {
  add_choice(parser_->app, flag, value, names, help);
}
void command_line::text(std::string const& flag, std::string& value, std::string const& help,
                        std::string const& kind) {
  add_text(parser_->app, flag, value, help, kind);
}
void command_line::on(std::string const& flag, bool& value, std::string const& help) {
  parser_->app.add_flag(flag, value, help);
}

void command_line::required(std::string const& flag) { parser_->app.get_option(flag)->required(); }
void command_line::refuse(std::string const& flag, std::string const& why) {
  parser_->app.get_option(flag)->check(CLI::Validator([why](std::string&) { return why; }, ""));
}
void command_line::exclude(std::string const& flag, std::string const& other) {
  parser_->app.get_option(flag)->excludes(parser_->app.get_option(other));
}
void command_line::footer(std::string const& words) { parser_->app.footer(words); }

bool command_line::given(std::string const& flag) const {
  return parser_->app.get_option(flag)->count() != 0;
}

void command_line::set(std::string const& flag, std::string const& value,
                       std::string const& where) {
  auto* const option = parser_->app.get_option_no_throw(flag);
  if (option == nullptr) throw dormant::error(where + ": there is no option " + flag);
  try {
    option->add_result(value);
    option->run_callback();
  } catch (CLI::ParseError const& mistake) {
    throw dormant::error(where + ": " + mistake.what());
  }
}

int command_line::run(int argc, char const* const* argv, std::function<int()> const& body) {
  return guarded_main(parser_->app, argc, argv, body);
}

} // namespace program
