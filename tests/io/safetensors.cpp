// SPDX-License-Identifier: MIT
// Tensors survive the way through a file, others can read our files, and every malformed file is
// one sentence.
#include "dormant/io/safetensors.hpp"

#include "catch.hpp"
#include "io/scratch.hpp"

#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

using namespace dormant;
using namespace std::string_literals;

namespace {

using sizes = std::vector<std::size_t>;

std::vector<float> const weights{1.5F,
                                 -2.0F,
                                 0.0F,
                                 3.25F,
                                 std::numeric_limits<float>::denorm_min(),
                                 std::numeric_limits<float>::infinity()};
std::vector<double> const moments{1.0 / 3.0};
std::vector<std::uint8_t> const flags{1, 2, 3};

std::vector<tensor_ref> three_tensors() {
  return {make_tensor_ref<std::uint8_t>("flags", {3}, flags),
          make_tensor_ref<float>("layers.0.attention.wq.weight", {2, 3}, weights),
          make_tensor_ref<double>("moments \"é\"\n", {}, moments)};
}

/// A file with this header and `data` bytes of zeros.
std::string file_of(std::string const& header, std::size_t data = 0) {
  std::uint64_t const length = header.size();
  std::string out(8, '\0');
  std::memcpy(out.data(), &length, 8);
  return out + header + std::string(data, '\0');
}

/// The sentence for a file, without the name of the file.
std::string refusal(std::string contents) {
  auto const sentence =
      error_of([&] { (void)safetensors_file::parse(std::move(contents), "f.safetensors"); });
  std::string const start = "'f.safetensors': ";
  CHECK_THAT(sentence, Catch::StartsWith(start));
  return sentence.size() < start.size() ? sentence : sentence.substr(start.size());
}
std::string refusal(std::string const& header, std::size_t data) {
  return refusal(file_of(header, data));
}

} // namespace

TEST_CASE("tensors and metadata survive a file", "[io][safetensors]") {
  scratch::folder const here;
  std::map<std::string, std::string> const metadata{{"config", "{\"a\": [1, \"\\\\\"]}\n\t\x01"},
                                                    {"é", ""}};
  write_safetensors(here / "f.safetensors", three_tensors(), metadata);
  auto const file = safetensors_file::open(here / "f.safetensors");

  CHECK(file.metadata() == metadata);
  // Wider types first, so that every tensor is aligned.
  CHECK(file.names() ==
        std::vector<std::string>{"moments \"é\"\n", "layers.0.attention.wq.weight", "flags"});
  CHECK(file.contains("flags"));
  CHECK_FALSE(file.contains("flag"));
  CHECK_FALSE(file.contains("__metadata__"));

  std::vector<float> w(6);
  file.read_into<float>("layers.0.attention.wq.weight", sizes{2, 3}, w);
  CHECK(w == weights);
  std::vector<double> m(1);
  file.read_into<double>("moments \"é\"\n", sizes{}, m);
  CHECK(m == moments);
  auto const tensor = file.tensor("flags");
  CHECK(tensor.type == dtype::u8);
  CHECK(sizes(tensor.shape.begin(), tensor.shape.end()) == sizes{3});
  CHECK(std::memcmp(tensor.bytes.data(), flags.data(), 3) == 0);

  // A copy and a moved file are as good as the first.
  auto copy = file;
  auto const moved = std::move(copy);
  CHECK(std::memcmp(moved.tensor("flags").bytes.data(), flags.data(), 3) == 0);
}

TEST_CASE("the data starts at a multiple of 64 bytes", "[io][safetensors]") {
  scratch::folder const here;
  for (std::size_t length = 1; length < 70; ++length) {
    write_safetensors(here / "f", std::vector{make_tensor_ref<std::uint8_t>(
                                      std::string(length, 'n'), {3}, flags)});
    auto const bytes = scratch::read(here / "f");
    CHECK((bytes.size() - 3) % 64 == 0);
    CHECK(safetensors_file::parse(bytes, "f").contains(std::string(length, 'n')));
  }
}

TEST_CASE("nothing and empty tensors can be stored", "[io][safetensors]") {
  scratch::folder const here;
  write_safetensors(here / "nothing", {});
  CHECK(safetensors_file::open(here / "nothing").names().empty());
  write_safetensors(here / "empty", std::vector{make_tensor_ref<float>("a", {0, 3}, {}),
                                                make_tensor_ref<float>("b", {6}, weights),
                                                make_tensor_ref<float>("c", {0}, {})});
  auto const file = safetensors_file::open(here / "empty");
  CHECK(file.names() == std::vector<std::string>{"a", "b", "c"});
  file.read_into<float>("a", sizes{0, 3}, {});
}

TEST_CASE("a tensor that is not what is expected is named", "[io][safetensors]") {
  scratch::folder const here;
  write_safetensors(here / "f", three_tensors());
  auto const file = safetensors_file::open(here / "f");
  auto const name = "'"s + (here / "f").string() + "': tensor ";
  std::vector<float> out(6, 7.0F);
  auto const reading = [&](std::string const& tensor, sizes const& shape) {
    return error_of([&] { file.read_into<float>(tensor, shape, out); });
  };
  CHECK(reading("norm.weight", {6}) == name + "'norm.weight' is missing");
  CHECK(reading("flags", {3}) == name + "'flags' has dtype U8, expected F32");
  CHECK(reading("layers.0.attention.wq.weight", {3, 2}) ==
        name + "'layers.0.attention.wq.weight' has shape [2, 3], expected [3, 2]");
  CHECK(reading("layers.0.attention.wq.weight", {6}) ==
        name + "'layers.0.attention.wq.weight' has shape [2, 3], expected [6]");
  out.resize(5);
  CHECK(reading("layers.0.attention.wq.weight", {2, 3}) ==
        name + "'layers.0.attention.wq.weight' has 6 elements, but there is room for 5");
  CHECK(out == std::vector<float>(5, 7.0F));
}

TEST_CASE("what would not be read back is not written", "[io][safetensors]") {
  scratch::folder const here;
  scratch::write(here / "f", "old");
  auto const writing = [&](std::vector<tensor_ref> const& tensors,
                           std::map<std::string, std::string> const& metadata = {}) {
    return error_of([&] { write_safetensors(here / "f", tensors, metadata); });
  };
  auto const name = "cannot write '"s + (here / "f").string() + "': ";
  auto const tensor = make_tensor_ref<float>("a", {6}, weights);
  CHECK(writing({tensor, tensor}) == name + "tensor 'a' has a name that is taken");
  CHECK(writing({make_tensor_ref<float>("__metadata__", {6}, weights)}) ==
        name + "tensor '__metadata__' has a name that is taken");
  CHECK(writing({make_tensor_ref<float>("a", {2, 2}, weights)}) ==
        name + "tensor 'a' has 24 bytes, which is not F32 of shape [2, 2]");
  CHECK(writing({make_tensor_ref<float>("\xff", {6}, weights)}) ==
        name + "the header is not valid JSON at its byte 3");
  CHECK(writing({}, {{"a", "\xff"}}) == name + "the header is not valid JSON at its byte 23");
  CHECK(scratch::read(here / "f") == "old");
  {
    scratch::small_disk const disk(20);
    CHECK(writing({tensor}) == name + "the file would exceed the size limit");
  }
  CHECK(scratch::read(here / "f") == "old");
  CHECK(here.files() == 1);
}

TEST_CASE("a file that is cut short anywhere is refused", "[io][safetensors]") {
  scratch::folder const here;
  write_safetensors(here / "f", three_tensors(), {{"a", "b"}});
  auto const bytes = scratch::read(here / "f");
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CHECK_FALSE(refusal(bytes.substr(0, length)).empty());
  }
  CHECK(refusal(bytes.substr(0, 7)) == "the file has 7 bytes, too few for a safetensors file");
  CHECK(refusal(bytes.substr(0, 100)) ==
        "the header should have 248 bytes, but the file ends after 92 of them");
  CHECK(refusal(bytes.substr(0, bytes.size() - 1)) ==
        "tensor 'flags' has bytes 32 to 35, but the file ends at 34; it may have been cut short");
  CHECK(refusal(bytes + "x") == "the file has 1 bytes after the last tensor");
}

TEST_CASE("a header that is not a safetensors header is refused", "[io][safetensors]") {
  CHECK(refusal(std::string(16, '\xff')) ==
        "the header would have 18446744073709551615 bytes, more than the format allows; this is "
        "not a safetensors file");
  CHECK(refusal("", 0) == "the header is not a JSON object");
  CHECK(refusal("[]", 0) == "the header is not a JSON object");
  CHECK(refusal(" {}", 0) == "the header is not a JSON object");
  CHECK(refusal("{", 0) == "the header is not valid JSON at its byte 2");
  CHECK(refusal("{}{}", 0) == "the header is not valid JSON at its byte 3");
  CHECK(refusal("{\"a\":}", 0) == "the header is not valid JSON at its byte 6");
  CHECK(refusal("{\"\xff\":{}}", 0) == "the header is not valid JSON at its byte 3");
  CHECK(refusal("{\"__metadata__\":1}", 0) == "metadata is a number, expected an object");
  CHECK(refusal("{\"__metadata__\":{\"a\":1}}", 0) == "metadata 'a' is a number, expected a text");
  CHECK(refusal("{\"__metadata__\":{\"a\":[]}}", 0) == "metadata 'a' is a list, expected a text");
  CHECK(refusal("{\"__metadata__\":{\"a\":{}}}", 0) ==
        "metadata 'a' is an object, expected a text");
  CHECK(refusal("{\"__metadata__\":{\"a\":\"\",\"a\":\"\"}}", 0) ==
        "the header has metadata 'a' twice");
  CHECK(refusal("{\"__metadata__\":{},\"__metadata__\":{}}", 0) ==
        "the header has '__metadata__' twice");
}

TEST_CASE("a header may end in spaces, and in nothing else", "[io][safetensors]") {
  CHECK(safetensors_file::parse(file_of("{}   ", 0), "f").names().empty());
  std::string const entry = R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})";
  CHECK(safetensors_file::parse(file_of(entry + " ", 1), "f").names().size() == 1);
  CHECK(refusal(entry + std::string(3, '\0'), 1) ==
        "the header has a zero byte at 53; it may be padded with spaces only");
  CHECK(refusal(entry + std::string(1, '\0') + "{\"b\":1} ", 1) ==
        "the header has a zero byte at 53; it may be padded with spaces only");
  CHECK(refusal("{" + std::string(1, '\0') + "}", 0) ==
        "the header has a zero byte at 1; it may be padded with spaces only");
  for (auto const* end : {"\n", "\t ", " \r\n  "}) {
    CHECK(refusal(entry + end, 1) == "the header ends in white space that is no space");
  }
  for (auto const* more : {" x", "{}", ",", "]", " //"}) {
    CHECK_THAT(refusal(entry + more, 1), Catch::StartsWith("the header is not valid JSON at its"));
  }
}

TEST_CASE("a malformed tensor is named", "[io][safetensors]") {
  auto const tensor = [](std::string const& fields) {
    return refusal("{\"a\":{" + fields + "}}", 8);
  };
  auto const with_shape = [&](std::string const& shape) {
    return tensor("\"dtype\":\"F32\",\"data_offsets\":[0,8],\"shape\":" + shape);
  };
  CHECK(refusal("{\"a\":null}", 0) == "tensor 'a' is null, expected an object");
  CHECK(refusal("{\"a\":[]}", 0) == "tensor 'a' is a list, expected an object");
  CHECK(refusal("{\"a\":-1}", 0) == "tensor 'a' is a negative number, expected an object");
  CHECK(tensor("") == "tensor 'a' has no dtype");
  CHECK(tensor("\"dtype\":\"F32\",\"data_offsets\":[0,8]") == "tensor 'a' has no shape");
  CHECK(tensor("\"dtype\":\"F32\",\"shape\":[2]") == "tensor 'a' has no data_offsets");
  CHECK(tensor("\"dtype\":\"F32\",\"dtype\":\"F32\"") == "tensor 'a' has two fields 'dtype'");
  CHECK(tensor("\"colour\":1") == "tensor 'a' has the unknown field 'colour'");
  CHECK(tensor("\"dtype\":1") == "tensor 'a' has a number as dtype, expected a text");
  CHECK(tensor("\"dtype\":[]") == "tensor 'a' has a list as dtype, expected a text");
  CHECK(tensor("\"dtype\":\"F8\"") ==
        "tensor 'a' has dtype 'F8', expected one of F64, F32, F16, BF16, I64, I32, I16, I8, U64, "
        "U32, U16, U8, BOOL");

  CHECK(with_shape("2") == "tensor 'a' has a number as shape, expected a list of sizes");
  CHECK(with_shape("\"2\"") == "tensor 'a' has a text as shape, expected a list of sizes");
  CHECK(with_shape("{}") == "tensor 'a' has an object as shape, expected a list of sizes");
  CHECK(with_shape("[[2]]") == "tensor 'a' has a list in its shape, expected sizes");
  CHECK(with_shape("[true]") == "tensor 'a' has true in its shape, expected sizes");
  CHECK(with_shape("[-2]") == "tensor 'a' has a negative number in its shape, expected sizes");
  CHECK(with_shape("[2.0]") == "tensor 'a' has the number 2.0 in its shape, expected sizes");
  CHECK(with_shape("[18446744073709551616]") ==
        "tensor 'a' has the number 18446744073709551616 in its shape, expected sizes");
  CHECK(with_shape("[4294967296,4294967296]") ==
        "tensor 'a' has the impossible shape [4294967296, 4294967296]");
  CHECK(with_shape("[0,4294967296,4294967296]") ==
        "tensor 'a' has the impossible shape [0, 4294967296, 4294967296]");
  CHECK(with_shape("[3]") == "tensor 'a' has bytes 0 to 8, but F32 of shape [3] takes 12");
  CHECK(with_shape("[]") == "tensor 'a' has bytes 0 to 8, but F32 of shape [] takes 4");

  auto const with_offsets = [&](std::string const& offsets) {
    return tensor("\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":" + offsets);
  };
  CHECK(with_offsets("[0]") == "tensor 'a' has 1 data_offsets, expected 2");
  CHECK(with_offsets("[0,8,8]") == "tensor 'a' has 3 data_offsets, expected 2");
  CHECK(with_offsets("[8,0]") == "tensor 'a' has bytes 8 to 0, but F32 of shape [2] takes 8");
  CHECK(with_offsets("[1,9]") ==
        "tensor 'a' has bytes 1 to 9, but the file ends at 8; it may have been cut short");
  CHECK(with_offsets("[18446744073709551608,0]") ==
        "tensor 'a' has bytes 18446744073709551608 to 0, but F32 of shape [2] takes 8");
}

TEST_CASE("tensors cover the data exactly", "[io][safetensors]") {
  auto const one = [](std::string const& name, std::string const& offsets) {
    return "\"" + name + "\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[" + offsets + "]}";
  };
  auto const two = [&](std::string const& first, std::string const& second) {
    return "{" + one("a", first) + "," + one("b", second) + "}";
  };
  CHECK(refusal(two("0,4", "2,6"), 8) == "tensor 'b' overlaps another tensor at bytes 2 to 6");
  CHECK(refusal(two("0,4", "0,4"), 4) == "tensor 'b' overlaps another tensor at bytes 0 to 4");
  CHECK(refusal(two("0,4", "5,9"), 9) == "tensor 'b' leaves a gap before bytes 5 to 9");
  CHECK(refusal(two("1,5", "5,9"), 9) == "tensor 'a' leaves a gap before bytes 1 to 5");
  CHECK(refusal("{" + one("a", "0,4") + "," + one("a", "4,8") + "}", 8) ==
        "the header has 'a' twice");
  // Any order in the header is fine.
  CHECK(safetensors_file::parse(file_of(two("4,8", "0,4"), 8), "f").names() ==
        std::vector<std::string>{"b", "a"});
}

TEST_CASE("a program that knows only the format reads our files", "[io][safetensors]") {
  scratch::folder const here;
  write_safetensors(here / "f.safetensors", three_tensors(), {{"seed", "42"}});
  int const result = scratch::run_python(here.path(), "import json, struct", R"(
import json, struct
raw = open('f.safetensors', 'rb').read()
length, = struct.unpack('<Q', raw[:8])
header = json.loads(raw[8:8 + length].decode('utf-8'))
data = raw[8 + length:]
assert (8 + length) % 64 == 0
assert header.pop('__metadata__') == {'seed': '42'}
def values(name, dtype, shape, code):
    tensor = header.pop(name)
    assert tensor['dtype'] == dtype and tensor['shape'] == shape
    begin, end = tensor['data_offsets']
    return list(struct.unpack(code, data[begin:end]))
assert values('flags', 'U8', [3], '<3B') == [1, 2, 3]
assert values('layers.0.attention.wq.weight', 'F32', [2, 3], '<6f')[:4] == [1.5, -2.0, 0.0, 3.25]
assert values('moments "\u00e9"\n', 'F64', [], '<d') == [1 / 3]
assert not header
)");
  if (result < 0) {
    WARN("no " << scratch::python << " here");
  } else {
    INFO(scratch::read(here / "error"));
    CHECK(result == 0);
  }
}
