// SPDX-License-Identifier: MIT
// Arrays survive the way through a file, NumPy and we read each other's, and every malformed file
// is one sentence.
#include "dormant/io/npy.hpp"

#include "catch.hpp"
#include "io/scratch.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

using namespace dormant;
using namespace std::string_literals;

namespace {

using sizes = std::vector<std::size_t>;

/// A version 1.0 file with this header.
std::string file_of(std::string const& header, std::string const& data = {}) {
  std::string out("\x93NUMPY\x01\x00", 8);
  out += static_cast<char>(header.size() % 256);
  out += static_cast<char>(header.size() / 256);
  return out + header + data;
}

/// The sentence for a file, without the name of the file.
std::string refusal(std::string contents) {
  auto const sentence = error_of([&] { (void)parse_npy(std::move(contents), "f.npy"); });
  std::string const start = "'f.npy': ";
  CHECK_THAT(sentence, Catch::StartsWith(start));
  return sentence.size() < start.size() ? sentence : sentence.substr(start.size());
}

template <class T>
void round_trip(sizes const& shape, std::vector<T> const& values) {
  scratch::folder const here;
  write_npy<T>(here / "f.npy", shape, values);
  auto const again = read_npy<T>(here / "f.npy");
  CHECK(again.shape == shape);
  CHECK(again.values == values);
  auto const bytes = scratch::read(here / "f.npy");
  CHECK((bytes.size() - sizeof(T) * values.size()) % 64 == 0);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK_FALSE(refusal(bytes.substr(0, length)).empty());
  }
}

} // namespace

TEST_CASE("arrays survive a file, and no part of one is taken for one", "[io][npy]") {
  round_trip<float>({2, 3}, {1.5F, -0.0F, std::numeric_limits<float>::infinity(),
                             std::numeric_limits<float>::denorm_min(), 4, 5});
  round_trip<double>({}, {1.0 / 3.0});
  round_trip<std::int32_t>({3}, {std::numeric_limits<std::int32_t>::min(), 0, 7});
  round_trip<std::int64_t>({1, 1, 2}, {std::numeric_limits<std::int64_t>::max(), -1});
  round_trip<std::uint8_t>({2}, {0, 255});
  round_trip<float>({0, 3}, {});
}

TEST_CASE("an array that does not fill its shape is not written", "[io][npy]") {
  scratch::folder const here;
  scratch::write(here / "f.npy", "old");
  auto const name = "cannot write '"s + (here / "f.npy").string() + "': ";
  std::vector<float> const values(5);
  auto const writing = [&](sizes const& shape) {
    return error_of([&] { write_npy<float>(here / "f.npy", shape, values); });
  };
  CHECK(writing({2, 3}) == name + "5 values do not fill the shape [2, 3]");
  sizes many(30'000, 1);
  many[0] = 5;
  CHECK(writing(many) == name + "the shape has too many dimensions");
  {
    scratch::small_disk const disk(130);
    CHECK(writing({5}) == name + "the file would exceed the size limit");
  }
  CHECK(scratch::read(here / "f.npy") == "old");
  CHECK(here.files() == 1);
}

TEST_CASE("tokens are read from any integer type", "[io][npy]") {
  auto const integers = [](std::string const& descr, std::string const& data) {
    return npy_integers(parse_npy(
        file_of("{'descr': '" + descr + "', 'fortran_order': False, 'shape': (1, 2), }", data),
        "f.npy"));
  };
  using values = std::vector<std::int64_t>;
  CHECK(integers("|u1", "\x07\xff").values == values{7, 255});
  CHECK(integers("|i1", "\x07\xff").values == values{7, -1});
  CHECK(integers("<u2", std::string("\x07\x00\xff\xff", 4)).values == values{7, 65535});
  CHECK(integers("<i2", std::string("\x07\x00\xff\xff", 4)).values == values{7, -1});
  CHECK(integers("<u4", std::string("\x07\0\0\0\xff\xff\xff\xff", 8)).values ==
        values{7, 4294967295});
  CHECK(integers("<i4", std::string("\x07\0\0\0\xff\xff\xff\xff", 8)).values == values{7, -1});
  CHECK(integers("<i8", std::string(8, '\0') + std::string(8, '\xff')).values == values{0, -1});
  CHECK(integers("<u8", std::string(16, '\0')).shape == sizes{1, 2});
  CHECK(error_of([&] { (void)integers("<u8", std::string(8, '\0') + std::string(8, '\xff')); }) ==
        "'f.npy': the value 18446744073709551615 is too large");
  CHECK(error_of([&] { (void)integers("<f4", std::string(8, '\0')); }) ==
        "'f.npy': the dtype is 'f4', expected integers");
  CHECK(error_of([&] { (void)integers("|b1", std::string(2, '\0')); }) ==
        "'f.npy': the dtype is 'b1', expected integers");

  scratch::folder const here;
  write_npy<std::int32_t>(here / "f.npy", sizes{2}, std::vector<std::int32_t>{3, -4});
  CHECK(read_npy_integers(here / "f.npy").values == values{3, -4});
  CHECK(error_of([&] { (void)read_npy<float>(here / "f.npy"); }) ==
        "'"s + (here / "f.npy").string() + "': the dtype is 'i4', expected 'f4'");
}

TEST_CASE("versions 2 and 3 are read, others are not", "[io][npy]") {
  std::string const header = "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)}\n";
  auto const of_version = [&](char major, char minor) {
    std::string out = "\x93NUMPY";
    out += major;
    out += minor;
    out += static_cast<char>(header.size());
    return out + std::string(3, '\0') + header + "x";
  };
  CHECK(parse_npy(of_version(2, 0), "f").bytes == "x");
  CHECK(parse_npy(of_version(3, 0), "f").bytes == "x");
  CHECK(refusal(of_version(4, 0)) == "the .npy version is 4.0, expected 1.0, 2.0 or 3.0");
  CHECK(refusal(of_version(1, 1)) == "the .npy version is 1.1, expected 1.0, 2.0 or 3.0");
  CHECK(refusal(of_version(2, 0).substr(0, 11)) == "the file ends within the first 12 bytes");
}

TEST_CASE("shapes are read as Python 2 wrote them", "[io][npy]") {
  auto const with_shape = [](std::string const& shape) {
    return file_of("{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + ", }\n",
                   "123456");
  };
  CHECK(parse_npy(with_shape("(6L,)"), "f").shape == sizes{6});
  CHECK(parse_npy(with_shape("(2L, 3L)"), "f").shape == sizes{2, 3});
  CHECK(parse_npy(with_shape("(2L , 3,)"), "f").shape == sizes{2, 3});
  for (auto const* wrong : {"(6LL,)", "(6l,)", "(L,)", "(6 L,)", "(6L)"}) {
    CHECK_THAT(refusal(with_shape(wrong)),
               Catch::StartsWith("the header is not a Python dict at "));
  }
}

TEST_CASE("a file that is not a plain array is refused", "[io][npy]") {
  CHECK(refusal("") == "the file does not start as a .npy file does");
  CHECK(refusal("PK\x03\x04") == "the file does not start as a .npy file does");
  CHECK(refusal("\x93NUMPY\x01") == "the file ends within the first 10 bytes");
  CHECK(refusal(file_of("{'descr'").substr(0, 15)) ==
        "the header should have 8 bytes, but the file ends after 5 of them");

  auto const dict = [](std::string const& descr, std::string const& order,
                       std::string const& shape) {
    return refusal(file_of("{'descr': " + descr + ", 'fortran_order': " + order +
                               ", 'shape': " + shape + ", }",
                           "1234"));
  };
  CHECK(dict("'>f4'", "False", "(1,)") == "the dtype '>f4' is big-endian, expected '<f4'");
  CHECK(dict("'|O'", "False", "(1,)") == "the dtype '|O' is not a kind of number");
  CHECK(dict("'<U4'", "False", "(1,)") == "the dtype '<U4' is not a kind of number");
  CHECK(dict("'<c8'", "False", "(1,)") == "the dtype '<c8' is not a kind of number");
  CHECK(dict("''", "False", "(1,)") == "the dtype '' is not a kind of number");
  CHECK(dict("'='", "False", "(1,)") == "the dtype '=' is not a kind of number");
  CHECK(dict("'=f4'", "False", "(1,)") == "the dtype '=f4' is not known");
  CHECK(dict("[('a', '<i4')]", "False", "(1,)") ==
        "the array has several fields an element, expected numbers");
  CHECK(dict("'<f4'", "True", "(1,)") ==
        "the array is in Fortran order; save numpy.ascontiguousarray(array) instead");
  CHECK(dict("'<f4'", "Maybe", "(1,)") ==
        "the header is not a Python dict at 'Maybe, 'shape': (1,), }'");
  CHECK(dict("'<f4'", "False", "(1)") == "the header is not a Python dict at '), }'");
  CHECK(dict("'<f4'", "False", "(1 1)") == "the header is not a Python dict at '1), }'");
  CHECK(dict("'<f4'", "False", "(-1,)") == "the header is not a Python dict at '-1,), }'");
  CHECK(dict("'<f4'", "False", "(,)") == "the header is not a Python dict at ',), }'");
  CHECK(dict("'<f4'", "False", "(99999999999999999999,)") ==
        "the shape has a size that is too large");
  CHECK(dict("'<f4'", "False", "(4294967296, 4294967296)") ==
        "the shape [4294967296, 4294967296] is impossible");
  CHECK(dict("'<f4'", "False", "(2,)") ==
        "the shape [2] of 'f4' takes 8 bytes, but the file has 4");
  CHECK(dict("'<f2'", "False", "(1,)") ==
        "the shape [1] of 'f2' takes 2 bytes, but the file has 4");

  CHECK(refusal(file_of("")) == "the header is not a Python dict at its end");
  CHECK(refusal(file_of("{")) == "the header is not a Python dict at its end");
  CHECK(refusal(file_of("{'descr")) == "the header is not a Python dict at ''descr'");
  CHECK(refusal(file_of("{'a': 1}")) == "the header has an unknown or second field 'a'");
  CHECK(refusal(file_of("{'descr': '<f4', 'descr': '<f4'}")) ==
        "the header has an unknown or second field 'descr'");
  CHECK(refusal(file_of("{}")) == "the header has no field 'descr'");
  CHECK(refusal(file_of("{'descr': '<f4'}")) == "the header has no field 'fortran_order'");
  CHECK(refusal(file_of("{'descr': '<f4', 'fortran_order': False}")) ==
        "the header has no field 'shape'");
  CHECK(refusal(file_of("{'descr': '<f4'} x")) == "the header is not a Python dict at 'x'");
  CHECK(refusal(file_of("{'descr': '<f4' 'shape': ()}")) ==
        "the header is not a Python dict at ''shape': ()}'");
}

TEST_CASE("NumPy and we read each other's files", "[io][npy]") {
  scratch::folder const here;
  write_npy<float>(here / "float.npy", sizes{2, 3}, std::vector<float>{0, 1, 2, 3, 4, 5.5F});
  write_npy<double>(here / "double.npy", sizes{}, std::vector<double>{1.0 / 3.0});
  write_npy<std::int32_t>(here / "int.npy", sizes{2}, std::vector<std::int32_t>{-1, 7});
  write_npy<std::int64_t>(here / "long.npy", sizes{0, 4}, {});
  write_npy<std::int8_t>(here / "byte.npy", sizes{1}, std::vector<std::int8_t>{-3});
  int const result = scratch::run_python(here.path(), "import numpy", R"(
import numpy as np
def same(name, expected):
    found = np.load(name)
    assert found.dtype == expected.dtype and found.shape == expected.shape, name
    assert (found == expected).all(), name
same('float.npy', np.array([[0, 1, 2], [3, 4, 5.5]], 'f4'))
same('double.npy', np.array(1 / 3))
same('int.npy', np.array([-1, 7], 'i4'))
same('long.npy', np.zeros((0, 4), 'i8'))
same('byte.npy', np.array([-3], 'i1'))
a = np.arange(6).reshape(1, 2, 3)
for t in 'u1 u2 u4 u8 i1 i2 i4 i8'.split():
    np.save('np_' + t, a.astype(t))
np.save('np_f4', a.astype('f4') / 2)
np.save('np_f8', np.float64(1 / 3))
np.save('np_big', a.astype('>i4'))
np.save('np_fortran', np.asfortranarray(a))
)");
  if (result < 0) {
    WARN("no " << scratch::python << " with NumPy here");
    return;
  }
  INFO(scratch::read(here / "error"));
  REQUIRE(result == 0);
  for (std::string const type : {"u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8"}) {
    auto const array = read_npy_integers(here / ("np_" + type + ".npy"));
    CHECK(array.shape == sizes{1, 2, 3});
    CHECK(array.values == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5});
  }
  CHECK(read_npy<float>(here / "np_f4.npy").values ==
        std::vector<float>{0, 0.5F, 1, 1.5F, 2, 2.5F});
  CHECK(read_npy<double>(here / "np_f8.npy").values == std::vector<double>{1.0 / 3.0});
  CHECK_THAT(error_of([&] { (void)read_npy_integers(here / "np_big.npy"); }),
             Catch::EndsWith("the dtype '>i4' is big-endian, expected '<i4'"));
  CHECK_THAT(error_of([&] { (void)read_npy_integers(here / "np_fortran.npy"); }),
             Catch::Contains("Fortran order"));
}
