// SPDX-License-Identifier: MIT
// Folders whose files are damaged, incomplete, or do not fit together are refused in one sentence,
// which names the file, and the tensor if it is one.
#include "dormant/source/pretrained.hpp"

#include "catch.hpp"
#include "source/written_folder.hpp"

#include <cstring>
#include <functional>
#include <string>
#include <sys/stat.h>
#include <type_traits>
#include <vector>

using namespace dormant;
using namespace written_folder;

std::string written_folder::said(fs::path const& folder, std::size_t context) {
  auto loaded = error_of([&] {
    with_family(model_folder::open(folder), [&](auto const& family) {
      (void)load<float>(family, model_folder::open(folder), context);
    });
  });
  CHECK(loaded.find('\n') == loaded.npos);
  // A model that stays in its files says the same, unless it is asked for another context.
  auto const streamed = error_of([&] {
    with_family(model_folder::open(folder), [&](auto const& family) {
      (void)pretrained<std::remove_cvref_t<decltype(family)>>(family, model_folder::open(folder));
    });
  });
  if (context == positions) CHECK(streamed == loaded);
  auto const path = folder.string();
  if (auto const at = loaded.find(path); at != loaded.npos) loaded.replace(at, path.size(), "HERE");
  return loaded;
}

namespace {

/// A folder that is damaged after it was written, and what is said of it.
struct damaged {
  std::function<void(fs::path const&)> damage;
  char const* sentence;
};

constexpr char const* weights = "model.safetensors";

/// Changes the header of the weights, whose data stays.
void edit_header(fs::path const& folder, std::function<void(json&)> const& change) {
  auto const bytes = scratch::read(folder / weights);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  auto header = json::parse(bytes.substr(8, length));
  change(header);
  auto const text = header.dump();
  std::uint64_t const now = text.size();
  scratch::write(folder / weights, std::string(reinterpret_cast<char const*>(&now), 8) + text +
                                       bytes.substr(8 + length));
}
void cut(fs::path const& file, std::size_t bytes) { fs::resize_file(file, bytes); }

void check(std::vector<damaged> const& rows) {
  for (auto const& [damage, sentence] : rows) {
    scratch::folder const here;
    valid(form::llama).write(here / "model");
    damage(here / "model");
    CHECK(said(here / "model") == sentence);
  }
}

} // namespace

TEST_CASE("a folder that is none, or lacks a file, is named", "[source]") {
  check({{[](auto& at) { fs::remove_all(at); }, "'HERE': there is no such folder"},
         {[](auto& at) { fs::remove_all(at), scratch::write(at, "{}"); },
          "'HERE': there is no such folder"},
         {[](auto& at) { fs::remove(at / "config.json"); },
          "cannot read 'HERE/config.json': no such file or folder"},
         {[](auto& at) {
            fs::remove(at / "config.json");
            fs::create_directory(at / "config.json");
          },
          "cannot read 'HERE/config.json': it is a folder"},
         {[](auto& at) { fs::remove(at / weights); },
          "'HERE': there is neither model.safetensors nor model.safetensors.index.json; other "
          "formats of weights are not read"},
         {[](auto& at) { fs::rename(at / weights, at / "pytorch_model.bin"); },
          "'HERE': there is neither model.safetensors nor model.safetensors.index.json; other "
          "formats of weights are not read"},
         {[](auto& at) {
            fs::remove(at / weights);
            fs::create_directory(at / weights);
          },
          "cannot read 'HERE/model.safetensors': it is a folder"},
         {[](auto& at) {
            fs::remove(at / weights);
            fs::create_symlink("../../blobs/0123", at / weights);
          },
          "cannot read 'HERE/model.safetensors': no such file or folder"},
         {[](auto& at) {
            fs::remove(at / weights);
            REQUIRE(::mkfifo((at / weights).c_str(), 0600) == 0);
          },
          "cannot read 'HERE/model.safetensors': it is a device, not a file"}});
}

TEST_CASE("a config.json that is no JSON object says so", "[source]") {
  auto const text = [](std::string const& all) {
    return [all](fs::path const& at) { scratch::write(at / "config.json", all); };
  };
  char const* const no_json = "'HERE/config.json': the file is not valid JSON";
  char const* const no_object = "'HERE/config.json': the file is not a JSON object";
  char const* const too_deep = "'HERE/config.json': the file is nested more than 100 deep";
  std::string const deep(1'000'000, '[');
  check({{text(""), no_json},
         {text("architectures: LlamaForCausalLM"), no_json},
         {[](auto& at) { cut(at / "config.json", 100); }, no_json},
         {text("{\"hidden_size\": 1e999}"), no_json},
         {text("{\"hidden_act\": \"\xff\"}"), no_json},
         {text(std::string("{}\0{}", 5)), no_json},
         {text("[]"), no_object},
         {text("null"), no_object},
         {text("\"config\""), no_object},
         {text(R"({"hidden_size": 8, "hidden_size": 9})"),
          "'HERE/config.json': field 'hidden_size' is there twice"},
         {text(R"({"a": {"b": {"c": 1}, "c": 1, "b": 2}})"),
          "'HERE/config.json': field 'b' is there twice"},
         {text("{\"hidden_size\": " + deep), too_deep},
         {text("{\"hidden_size\": " + deep + std::string(deep.size(), ']') + "}"), too_deep}});
}

TEST_CASE("damaged weights are refused with the name of the file", "[source]") {
  auto const entry = [](auto change) {
    return [change](fs::path const& at) {
      edit_header(at, [&](json& header) { change(header["model.norm.weight"]); });
    };
  };
  check({{[](auto& at) { cut(at / weights, 0); },
          "'HERE/model.safetensors': the file has 0 bytes, too few for a safetensors file"},
         {[](auto& at) { cut(at / weights, 100); },
          "'HERE/model.safetensors': the header should have 2040 bytes, but the file ends after "
          "92 of them"},
         {[](auto& at) { cut(at / weights, fs::file_size(at / weights) - 1); },
          "'HERE/model.safetensors': tensor 'lm_head.weight' has bytes 4352 to 4704, but the file "
          "ends at 4703; it may have been cut short"},
         {[](auto& at) { scratch::write(at / weights, scratch::read(at / weights) + "x"); },
          "'HERE/model.safetensors': the file has 1 bytes after the last tensor"},
         {[](auto& at) { scratch::write(at / weights, std::string(64, '\xff')); },
          "'HERE/model.safetensors': the header would have 18446744073709551615 bytes, more than "
          "the format allows; this is not a safetensors file"},
         {[](auto& at) { scratch::write(at / weights, "version https://git-lfs"); },
          "'HERE/model.safetensors': it is a pointer of git-lfs, not the file; 'git lfs pull' "
          "fetches them"},
         {[](auto& at) { scratch::write(at / weights, std::string("\2\0\0\0\0\0\0\0{x", 10)); },
          "'HERE/model.safetensors': the header is not valid JSON at its byte 2"},
         {[](auto& at) { scratch::write(at / weights, std::string("\2\0\0\0\0\0\0\0[]", 10)); },
          "'HERE/model.safetensors': the header is not a JSON object"},
         {[](auto& at) {
            auto all = scratch::read(at / weights);
            auto const found = all.find("model.layers.1.mlp");
            all.replace(found + 13, 1, "0");
            scratch::write(at / weights, all);
          },
          "'HERE/model.safetensors': the header has 'model.layers.0.mlp.gate_proj.weight' twice"},
         {entry([](json& t) { t["shape"] = {9}; }),
          "'HERE/model.safetensors': tensor 'model.norm.weight' has bytes 4320 to 4352, but F32 "
          "of shape [9] takes 36"},
         {entry([](json& t) { t["shape"] = {-8}; }),
          "'HERE/model.safetensors': tensor 'model.norm.weight' has a negative number in its "
          "shape, expected sizes"},
         {entry([](json& t) { t["dtype"] = "F8_E4M3"; }),
          "'HERE/model.safetensors': tensor 'model.norm.weight' has dtype 'F8_E4M3', expected one "
          "of F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL"},
         {entry([](json& t) {
            t["data_offsets"] = {4316, 4348};
          }),
          "'HERE/model.safetensors': tensor 'model.norm.weight' overlaps another tensor at bytes "
          "4316 to 4348"},
         {entry([](json& t) {
            t["data_offsets"] = {4324, 4356};
          }),
          "'HERE/model.safetensors': tensor 'model.norm.weight' leaves a gap before bytes 4324 to "
          "4356"},
         {entry([](json& t) { t.erase("dtype"); }),
          "'HERE/model.safetensors': tensor 'model.norm.weight' has no dtype"}});
}
