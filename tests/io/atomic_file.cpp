// SPDX-License-Identifier: MIT
// A file is there whole or not at all, and every failure is a sentence.
#include "dormant/io/atomic_file.hpp"

#include "catch.hpp"
#include "io/scratch.hpp"

#include <array>
#include <cerrno>
#include <sys/wait.h>

namespace fs = std::filesystem;
using namespace dormant;
using namespace std::string_literals;

namespace {

/// Does without root's right to write everywhere, as long as it lives.
class ordinary_user {
public:
  ordinary_user() : was_root_(::geteuid() == 0) { works_ = !was_root_ || ::seteuid(65534) == 0; }
  ordinary_user(ordinary_user const&) = delete;
  ordinary_user& operator=(ordinary_user const&) = delete;
  ~ordinary_user() {
    if (was_root_) (void)!::seteuid(0);
  }
  [[nodiscard]] bool works() const { return works_; }

private:
  bool was_root_;
  bool works_ = false;
};

} // namespace

TEST_CASE("a committed file holds what was written, in order", "[io][atomic_file]") {
  scratch::folder const here;
  std::string const large(300'000, 'x');
  std::array const bytes{std::byte{'b'}, std::byte{0}};
  {
    atomic_file file(here / "new");
    file.write("a");
    file.write(bytes);
    file.write(large);
    file.write("z");
    CHECK_FALSE(fs::exists(here / "new"));
    file.commit();
  }
  CHECK(scratch::read(here / "new") == std::string("ab\0", 3) + large + "z");
  CHECK(here.files() == 1);
}

TEST_CASE("without a commit the old file stays and nothing else does", "[io][atomic_file]") {
  scratch::folder const here;
  scratch::write(here / "file", "old");
  {
    atomic_file file(here / "file");
    file.write(std::string(200'000, 'n'));
    CHECK(scratch::read(here / "file") == "old");
  }
  CHECK(scratch::read(here / "file") == "old");
  CHECK(here.files() == 1);
}

TEST_CASE("a process killed while it writes leaves the old file", "[io][atomic_file]") {
  scratch::folder const here;
  scratch::write(here / "file", "old");
  auto const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    atomic_file file(here / "file");
    file.write(std::string(200'000, 'n'));
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(scratch::read(here / "file") == "old");
  // What the dead process left behind is not in the way.
  write_file_atomically(here / "file", "new");
  CHECK(scratch::read(here / "file") == "new");
}

TEST_CASE("a full disk leaves the old file and a sentence", "[io][atomic_file]") {
  scratch::folder const here;
  scratch::write(here / "file", "old");
  auto const write_much = [&](std::size_t bytes) {
    scratch::small_disk const disk(1000);
    return error_of([&] { write_file_atomically(here / "file", std::string(bytes, 'n')); });
  };
  auto const expected =
      "cannot write '"s + (here / "file").string() + "': the file would exceed the size limit";
  CHECK(write_much(2'000) == expected);   // noticed in commit
  CHECK(write_much(200'000) == expected); // noticed in write
  CHECK(scratch::read(here / "file") == "old");
  CHECK(here.files() == 1);
}

TEST_CASE("the system's reasons are in plain words", "[io][atomic_file]") {
  CHECK(io::plain_reason(ENOSPC) == "the disk is full");
  CHECK(io::plain_reason(EACCES) == "permission denied");
  CHECK(io::plain_reason(EPIPE) == "nobody reads it any more");
  CHECK(io::plain_reason(EXDEV) == "the system says 'Invalid cross-device link'");
  if (io::descriptor const full(::open("/dev/full", O_WRONLY | O_CLOEXEC)); full.is_open()) {
    CHECK(io::write_all(full.fd(), "x") == ENOSPC);
  }
  CHECK(io::write_all(-1, "x") == EBADF);
}

TEST_CASE("names from outside are safe to print", "[io][atomic_file]") {
  CHECK(io::in_quotes("a\nb\x1b[31m\x7f") == "'a?b?[31m?'");
  CHECK(io::in_quotes(std::string(80, 'a')) == "'"s + std::string(80, 'a') + "'");
  CHECK(io::in_quotes(std::string(81, 'a')) == "'"s + std::string(80, 'a') + "...'");
  CHECK(io::in_quotes(std::string(79, 'a') + "\u00e9\u00e9") ==
        "'"s + std::string(79, 'a') + "...'");
  CHECK(io::in_quotes("a\xff\xc3-\u00e9\xc3") == "'a?\?-\u00e9?'"); // what is not UTF-8
  CHECK(io::in_quotes("\u009b31m\u00a0") == "'?31m\u00a0'");        // controls of a terminal, too
  CHECK(io::in_quotes(std::string(100, '\xff')) == "'"s + std::string(80, '?') + "...'");
  CHECK(io::shown(std::filesystem::path(std::string(240, 'a'))) ==
        "'"s + std::string(240, 'a') + "'");
  CHECK(
      io::shown(std::filesystem::path(std::string(300, 'a') + "\u00e9" + std::string(239, 'b'))) ==
      "'..."s + std::string(239, 'b') + "'");
  CHECK(io::shown(std::vector<std::size_t>{}) == "[]");
  CHECK(io::shown(std::vector<std::size_t>(8, 1)) == "[1, 1, 1, 1, 1, 1, 1, 1]");
  CHECK(io::shown(std::vector<std::size_t>(9, 1)) == "[1, 1, 1, 1, 1, 1, 1, 1, ...]");
}

TEST_CASE("destinations that cannot be written are named", "[io][atomic_file]") {
  scratch::folder const here;
  scratch::write(here / "file", "old");
  auto const trying = [](fs::path const& path) {
    return error_of([&] { write_file_atomically(path, "x"); });
  };
  CHECK(trying(here / "no/file") == "cannot write '"s + (here / "no/file").string() +
                                        "': the folder '"s + (here / "no").string() +
                                        "' does not exist");
  CHECK(trying(here.path()) == "cannot write '"s + here.path().string() + "': it is a folder");
  CHECK(trying(here.path().string() + "/") ==
        "cannot write '"s + here.path().string() + "/': no file name");
  CHECK(trying("") == "cannot write '': no file name");
  CHECK(trying(here / "file/below") == "cannot write '"s + (here / "file/below").string() +
                                           "': a part of the path is a file, not a folder");
  CHECK(trying("/dev/null") == "cannot write '/dev/null': it exists and is not a regular file");
  CHECK_THAT(trying(here / std::string(300, 'n')), Catch::EndsWith("': the name is too long"));
  CHECK(scratch::read(here / "file") == "old");

  fs::create_directory(here / "locked");
  fs::permissions(here / "locked", fs::perms::owner_read | fs::perms::owner_exec |
                                       fs::perms::group_exec | fs::perms::others_exec);
  fs::permissions(here.path(), fs::perms::group_exec | fs::perms::others_exec,
                  fs::perm_options::add);
  std::string locked;
  {
    ordinary_user const user;
    if (!user.works()) {
      WARN("cannot become an ordinary user here");
      return;
    }
    locked = trying(here / "locked/file");
  }
  CHECK(locked == "cannot write '"s + (here / "locked/file").string() + "': permission denied");
}

TEST_CASE("a symbolic link keeps pointing to the file that is replaced", "[io][atomic_file]") {
  scratch::folder const here;
  fs::create_directory(here / "real");
  scratch::write(here / "real/file", "old");
  fs::create_symlink("real/file", here / "link");
  write_file_atomically(here / "link", "new");
  CHECK(fs::is_symlink(here / "link"));
  CHECK(scratch::read(here / "real/file") == "new");
}

TEST_CASE("files are read whole, or refused with the reason", "[io][atomic_file]") {
  scratch::folder const here;
  scratch::write(here / "file", "12345");
  scratch::write(here / "empty", "");
  CHECK(read_file(here / "file") == "12345");
  CHECK(read_file(here / "file", 5) == "12345");
  CHECK(read_file(here / "empty", 0).empty());
  CHECK_FALSE(read_file("/proc/self/status").empty()); // a file that says it has no bytes
  auto const name = "cannot read '"s + (here / "file").string();
  CHECK(error_of([&] { (void)read_file(here / "file", 4); }) ==
        name + "': it is longer than the limit of 4 bytes");
  CHECK(error_of([&] { (void)read_file(here / "file2"); }) == name + "2': no such file or folder");
  CHECK(error_of([&] { (void)read_file(here.path()); }) ==
        "cannot read '"s + here.path().string() + "': it is a folder");
  CHECK(error_of([&] { (void)read_file("/dev/zero"); }) ==
        "cannot read '/dev/zero': it is a device, not a file");
}

TEST_CASE("an output folder is new or empty, and writable", "[io][atomic_file]") {
  scratch::folder const here;
  auto const name = "the output folder '"s + (here / "out/run").string();
  create_output_folder(here / "out/run");
  create_output_folder(here / "out/run");
  CHECK(fs::is_empty(here / "out/run"));

  scratch::write(here / "out/run/metrics.csv", "");
  CHECK(error_of([&] { create_output_folder(here / "out/run"); }) ==
        name + "' exists already and is not empty; choose another with --out");
  CHECK(error_of([&] { create_output_folder(here / "out/run/metrics.csv"); }) ==
        name + "/metrics.csv' is a file; choose another with --out");
  CHECK(error_of([&] { create_output_folder(here / "out/run/metrics.csv/x"); }) ==
        name + "/metrics.csv/x' cannot be created: a part of the path is a file, not a folder");
  CHECK(error_of([&] { create_output_folder(""); }) == "the output folder '' has no name");

  fs::create_directory(here / "locked");
  fs::permissions(here / "locked", fs::perms::group_read | fs::perms::others_read |
                                       fs::perms::others_exec | fs::perms::owner_read |
                                       fs::perms::owner_exec);
  fs::permissions(here.path(), fs::perms::group_exec | fs::perms::others_exec,
                  fs::perm_options::add);
  std::string locked, inside;
  {
    ordinary_user const user;
    if (!user.works()) {
      WARN("cannot become an ordinary user here");
      return;
    }
    locked = error_of([&] { create_output_folder(here / "locked"); });
    inside = error_of([&] { create_output_folder(here / "locked/new"); });
  }
  auto const folder = "the output folder '"s + (here / "locked").string();
  CHECK(locked == folder + "' cannot be written to: permission denied");
  CHECK(inside == folder + "/new' cannot be created: permission denied");
}

TEST_CASE("a temporary is told from other files by its name", "[io][atomic_file]") {
  CHECK(io::destination_of("a.csv.123-0.tmp") == "a.csv");
  CHECK(io::destination_of("a.1-2.tmp") == "a");
  CHECK(io::destination_of("a.1-2.3-4.tmp") == "a.1-2");
  for (auto const* other :
       {"", ".tmp", "a.tmp", "a.csv", "a.1-.tmp", "a.-1.tmp", "a1-2.tmp", "a.1-2.tmpx", "a.1-2",
        "a.x-2.tmp", "a.1-x.tmp", "a.1_2.tmp", "1-2.tmp"}) {
    INFO(other);
    CHECK(io::destination_of(other).empty());
  }
  // The name that a file under construction really has.
  scratch::folder const here;
  atomic_file const file(here / "metrics.csv");
  auto const name = fs::directory_iterator(here.path())->path().filename().string();
  CHECK(io::destination_of(name) == "metrics.csv");
}

TEST_CASE("a file that is in place soon is whole", "[io][atomic_file]") {
  scratch::folder const here;
  write_file_soon(here / "file", "text");
  CHECK(scratch::read(here / "file") == "text");
  io::sync_file(here / "file");
  CHECK(here.files() == 1);
  CHECK(error_of([&] { io::sync_file(here / "none"); }) ==
        "cannot write '"s + (here / "none").string() + "': no such file or folder");
}
