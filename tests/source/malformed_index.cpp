// SPDX-License-Identifier: MIT
// Shards that do not fit their index are named, and so is the tensor that shows it.
#include "catch.hpp"
#include "source/written_folder.hpp"

#include <functional>
#include <string>
#include <vector>

using namespace written_folder;

namespace {

std::string const query = "model.layers.1.self_attn.q_proj.weight";

/// Writes a Llama in three shards, changes the map of the index, and returns what is said.
std::string said_of_index(std::function<void(fs::path const&, json&)> const& change) {
  scratch::folder const here;
  auto const folder = here / "model";
  valid(form::llama).write_shards(folder, 3);
  auto index = json::parse(scratch::read(folder / "model.safetensors.index.json"));
  change(folder, index);
  scratch::write(folder / "model.safetensors.index.json", index.dump());
  return said(folder);
}

} // namespace

TEST_CASE("an index that does not fit its shards is refused", "[source]") {
  std::string const in_index = "'HERE/model.safetensors.index.json': field 'weight_map";
  auto const of_map = [](std::function<void(json&)> const& change) {
    return said_of_index([&](fs::path const&, json& index) { change(index["weight_map"]); });
  };
  CHECK(of_map([](json&) {}).empty());
  CHECK(of_map([](json& map) { map = nullptr; }) == in_index + "' is missing");
  CHECK(of_map([](json& map) { map = {1, 2}; }) == in_index + "' is '[1,2]', expected an object");
  CHECK(of_map([](json& map) { map[query] = 1; }) ==
        in_index + "." + query + "' is '1', expected a text");
  for (std::string const name : {"", ".", "..", "../0.safetensors", "/etc/passwd", "a/b"}) {
    CHECK(of_map([&](json& map) { map[query] = name; }) ==
          in_index + "." + query + "' is '" + name + "', expected the name of a file beside it");
  }
  CHECK(of_map([](json& map) { map[query] = std::string("0.safetensors\0x", 15); }) ==
        in_index + "." + query + "' is '0.safetensors?x', expected the name of a file beside it");
  CHECK(of_map([](json& map) { map[query] = "absent.safetensors"; }) ==
        "cannot read 'HERE/absent.safetensors': no such file or folder");
  CHECK(of_map([](json& map) { map = json::object(); }) ==
        "'HERE': tensor 'model.embed_tokens.weight' is missing");
  // Tensors are dealt to shards 0, 1 and 2 in turn, and the token table is the first.
  std::string const table = "model.embed_tokens.weight";
  CHECK(of_map([&](json& map) { map[table] = "1.safetensors"; }) ==
        "'HERE/1.safetensors': tensor '" + table + "' is missing, which the index says is there");
  CHECK(of_map([](json& map) { map["absent"] = "0.safetensors"; }) ==
        "'HERE/0.safetensors': tensor 'absent' is missing, which the index says is there");
  CHECK(of_map([&](json& map) { map.erase(table); }) ==
        "'HERE/0.safetensors': tensor '" + table + "' is not in the index");
  CHECK(said_of_index([&](fs::path const& folder, json&) {
          auto all = valid(form::llama); // what is in shard 1, and the table, which is in shard 0
          std::erase_if(all.tensors, [&, i = 0](stored const& t) mutable {
            return i++ % 3 != 1 && t.name != table;
          });
          all.write(folder / "new");
          fs::rename(folder / "new" / "model.safetensors", folder / "1.safetensors");
        }) == "'HERE/1.safetensors': tensor '" + table + "' is in another shard too");
  CHECK(said_of_index([](fs::path const& folder, json&) {
          fs::remove(folder / "2.safetensors");
        }) == "cannot read 'HERE/2.safetensors': no such file or folder");
  CHECK(said_of_index([](fs::path const& folder, json&) {
          fs::resize_file(folder / "2.safetensors", 9);
        }).starts_with("'HERE/2.safetensors': the header should have "));
  CHECK(said_of_index([](fs::path const&, json& index) { index = json::array(); }) ==
        "'HERE/model.safetensors.index.json': the file is not a JSON object");
}

TEST_CASE("an index that is no JSON, or names a tensor twice, is refused", "[source]") {
  scratch::folder const here;
  auto const folder = here / "model";
  valid(form::llama).write_shards(folder, 1);
  auto const index = folder / "model.safetensors.index.json";
  auto const text = scratch::read(index);
  scratch::write(index, text.substr(0, text.size() / 2));
  CHECK(said(folder) == "'HERE/model.safetensors.index.json': the file is not valid JSON");
  auto twice = text;
  twice.insert(twice.find("\"" + query), "\"" + query + "\": \"0.safetensors\",");
  scratch::write(index, twice);
  CHECK(said(folder) ==
        "'HERE/model.safetensors.index.json': field '" + query + "' is there twice");
}
