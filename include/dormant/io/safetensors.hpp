// SPDX-License-Identifier: MIT
// Named arrays in one file, in the safetensors format:
// 8 bytes little-endian header length, JSON header, then the bytes of the tensors without gaps.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/atomic_file.hpp"
#include "dormant/io/checksum.hpp"
#include "dormant/io/dtype.hpp"
#include "dormant/io/mapped_file.hpp"
#include "dormant/io/plain_words.hpp"
#include "dormant/io/safetensors_header.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace dormant {

/// A tensor to be written. Non-owning: the bytes live until the file is written.
struct tensor_ref {
  std::string name;
  dtype type = dtype::f32;
  std::vector<std::size_t> shape;
  std::span<std::byte const> bytes; ///< row-major
};

namespace io {
/// Where the digits of the checksum are in the text of a header; npos if there are none.
[[nodiscard]] inline std::size_t checksum_place(std::string_view header) {
  auto const before = json_text(checksum_key) + ":\"";
  auto const found = header.find(before);
  return found == std::string_view::npos ? found : found + before.size();
}
} // namespace io

/// A tensor to be written, from its values.
template <storable T>
[[nodiscard]] tensor_ref make_tensor_ref(std::string name, std::vector<std::size_t> shape,
                                         std::span<T const> values) {
  return {std::move(name), dtype_of<T>(), std::move(shape), std::as_bytes(values)};
}

/// Writes a safetensors file atomically. Tensors keep the given order, except that wider element
/// types come first, so that every tensor is aligned to its own size; the data starts at a multiple
/// of 64 bytes. Where the metadata has `io::checksum_key`, its value becomes a checksum of the
/// whole file, which our reader checks. Throws `dormant::error` if a name appears twice, if bytes
/// and shape disagree, or if the file cannot be written; the old file is then untouched.
inline void write_safetensors(std::filesystem::path const& path,
                              std::span<tensor_ref const> tensors,
                              std::map<std::string, std::string> const& metadata = {}) {
  auto const refuse = [&](tensor_ref const& tensor, detail::words why) {
    dormant::refuse({"cannot write ", io::shown(path), ": tensor ", io::in_quotes(tensor.name)},
                    why);
  };
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return size_of(tensors[a].type) > size_of(tensors[b].type);
  });

  std::string header = "{";
  auto const next = [&](std::string_view key) {
    if (header.back() != '{') header += ',';
    header.append(io::json_text(key)) += ':';
  };
  if (!metadata.empty()) {
    next("__metadata__");
    header += '{';
    for (auto const& [key, value] : metadata) {
      next(key);
      bool const sum = key == io::checksum_key;
      header += io::json_text(sum ? std::string(io::checksum::size, '0') : value);
    }
    header += '}';
  }
  std::set<std::string_view> names{"__metadata__"};
  std::size_t offset = 0;
  for (auto const i : order) {
    auto const& tensor = tensors[i];
    if (!names.insert(tensor.name).second) refuse(tensor, {" has a name that is taken"});
    if (byte_count(tensor.shape, tensor.type) != tensor.bytes.size()) {
      refuse(tensor, {" has ", tensor.bytes.size(), " bytes, which is not ",
                      names_of(tensor.type).safetensors, " of shape ", io::shown(tensor.shape)});
    }
    next(tensor.name);
    header += sentence({R"({"dtype":")", names_of(tensor.type).safetensors, R"(","shape":[)"});
    for (auto const size : tensor.shape) {
      header += sentence({header.back() == '[' ? "" : ",", size});
    }
    auto const end = offset + tensor.bytes.size();
    header += sentence({R"(],"data_offsets":[)", offset, ",", end, "]}"});
    offset = end;
  }
  header += '}';
  // The reader has the last word: what it would refuse stays out, names that are not UTF-8 too.
  (void)io::parse_safetensors_header(header, sentence({"cannot write ", io::shown(path)}));
  header.resize((8 + header.size() + 63) / 64 * 64 - 8, ' ');

  std::uint64_t const length = header.size();
  if (auto const place = io::checksum_place(header); place != std::string_view::npos) {
    io::checksum sum;
    sum.add(std::as_bytes(std::span(&length, 1)));
    sum.add(header);
    for (auto const i : order) sum.add(tensors[i].bytes);
    header.replace(place, io::checksum::size, sum.text());
  }

  atomic_file file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  for (auto const i : order) file.write(tensors[i].bytes);
  file.commit();
}

/// A safetensors file in memory, checked completely when it is opened: a tensor that can be named
/// can be read, and if the file has a checksum of ours, not one bit has changed. Everything that is
/// wrong throws `dormant::error` with a sentence that names the file and the tensor.
class safetensors_file {
public:
  /// One tensor of the file. Non-owning; row-major, not necessarily aligned.
  struct entry {
    dtype type;
    std::span<std::size_t const> shape;
    std::span<std::byte const> bytes;
  };

  [[nodiscard]] static safetensors_file open(std::filesystem::path const& path) {
    return parse(read_file(path), path.string());
  }
  /// The same without reading it: the header is checked, and bytes come from the disk when they are
  /// looked at. The checksum, which would take them all, is not.
  [[nodiscard]] static safetensors_file map(std::filesystem::path const& path) {
    auto file = std::make_shared<mapped_file const>(path);
    auto const contents = file->contents();
    return {std::move(file), contents, io::shown(path), false};
  }

  /// \param contents all bytes of the file
  /// \param name how error messages call the file
  [[nodiscard]] static safetensors_file parse(std::string contents, std::string_view name) {
    auto owned = std::make_shared<std::string const>(std::move(contents));
    std::string_view const all = *owned;
    return {std::move(owned), all, io::in_quotes(name), true};
  }

  [[nodiscard]] bool contains(std::string_view name) const { return find(name) != nullptr; }

  /// Throws if the file has no such tensor.
  [[nodiscard]] entry tensor(std::string_view name) const {
    auto const* found = find(name);
    if (found == nullptr) fail({"tensor ", io::in_quotes(name), " is missing"});
    auto const data =
        std::as_bytes(std::span(contents_.data(), contents_.size())).subspan(data_begin_);
    return {found->type, found->shape, data.subspan(found->begin, found->end - found->begin)};
  }

  /// The names of all tensors, in the order of their data.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (auto const& tensor : header_.tensors) out.push_back(tensor.name);
    return out;
  }

  [[nodiscard]] std::map<std::string, std::string> const& metadata() const {
    return header_.metadata;
  }

  /// How error messages call the file, in quotes.
  [[nodiscard]] std::string const& name() const { return name_; }

  /// Copies a tensor whose element type is exactly `T` and whose shape is exactly `shape`.
  /// Throws, before anything is written to `out`, if it is missing or differs.
  template <storable T>
  void read_into(std::string_view name, std::span<std::size_t const> shape,
                 std::span<T> out) const {
    auto const found = tensor(name);
    if (found.type != dtype_of<T>()) {
      fail({"tensor ", io::in_quotes(name), " has dtype ", names_of(found.type).safetensors,
            ", expected ", names_of(dtype_of<T>()).safetensors});
    }
    if (!std::equal(shape.begin(), shape.end(), found.shape.begin(), found.shape.end())) {
      fail({"tensor ", io::in_quotes(name), " has shape ", io::shown(found.shape), ", expected ",
            io::shown(shape)});
    }
    if (out.size_bytes() != found.bytes.size()) {
      fail({"tensor ", io::in_quotes(name), " has ", found.bytes.size() / sizeof(T),
            " elements, but there is room for ", out.size()});
    }
    if (!out.empty()) std::memcpy(out.data(), found.bytes.data(), found.bytes.size());
  }

private:
  static constexpr std::uint64_t max_header = 100'000'000; // the limit of the format

  safetensors_file(std::shared_ptr<void const> owner, std::string_view contents, std::string name,
                   bool whole)
      : owner_(std::move(owner)), contents_(contents), name_(std::move(name)) {
    if (contents_.size() < 8) {
      fail({"the file has ", contents_.size(), " bytes, too few for a safetensors file"});
    }
    std::uint64_t length = 0;
    std::memcpy(&length, contents_.data(), 8);
    if (contents_.starts_with("version https://git-lfs")) {
      fail({"it is a pointer of git-lfs, not the file; 'git lfs pull' fetches them"});
    }
    if (length > max_header) {
      fail({"the header would have ", length,
            " bytes, more than the format allows; this is not a safetensors file"});
    }
    if (length > contents_.size() - 8) {
      fail({"the header should have ", length, " bytes, but the file ends after ",
            contents_.size() - 8, " of them"});
    }
    data_begin_ = 8 + length;
    header_ = io::parse_safetensors_header(contents_.substr(8, length), name_);
    check_layout();
    check_sum(whole);
  }

  // The checksum is no business of those who read the metadata.
  void check_sum(bool whole) {
    auto const told = header_.metadata.extract(std::string(io::checksum_key));
    if (told.empty() || !whole) return;
    auto const header = contents_.substr(0, data_begin_);
    auto const place = std::min(io::checksum_place(header), data_begin_);
    auto const after = std::min(place + io::checksum::size, data_begin_);
    io::checksum sum;
    sum.add(header.substr(0, place));
    sum.add(std::string(after - place, '0'));
    sum.add(contents_.substr(after));
    if (told.mapped() == sum.text()) return;
    fail({"the contents do not fit the checksum ", io::in_quotes(told.mapped()), " in metadata ",
          io::in_quotes(io::checksum_key),
          "; it is damaged, or was changed by a program that kept the old checksum"});
  }

  // Sorts the tensors by their data and makes sure that they cover it exactly.
  void check_layout() {
    std::size_t const available = contents_.size() - data_begin_;
    std::sort(header_.tensors.begin(), header_.tensors.end(), [](auto const& a, auto const& b) {
      return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
    });
    std::size_t covered = 0;
    for (auto const& tensor : header_.tensors) {
      auto const refuse = [&](std::string_view before, detail::words after = {}) {
        fail({"tensor ", io::in_quotes(tensor.name), before, " bytes ", tensor.begin, " to ",
              tensor.end, sentence(after)});
      };
      auto const expected = byte_count(tensor.shape, tensor.type);
      if (!expected) {
        fail({"tensor ", io::in_quotes(tensor.name), " has the impossible shape ",
              io::shown(tensor.shape)});
      }
      if (tensor.end < tensor.begin || tensor.end - tensor.begin != *expected) {
        refuse(" has", {", but ", names_of(tensor.type).safetensors, " of shape ",
                        io::shown(tensor.shape), " takes ", *expected});
      }
      if (tensor.end > available) {
        refuse(" has", {", but the file ends at ", available, "; it may have been cut short"});
      }
      if (tensor.begin < covered) refuse(" overlaps another tensor at");
      if (tensor.begin > covered) refuse(" leaves a gap before");
      covered = tensor.end;
    }
    if (covered != available) {
      fail({"the file has ", available - covered, " bytes after the last tensor"});
    }
  }

  [[nodiscard]] io::safetensors_entry const* find(std::string_view name) const {
    auto const found = std::find_if(header_.tensors.begin(), header_.tensors.end(),
                                    [&](auto const& tensor) { return tensor.name == name; });
    return found == header_.tensors.end() ? nullptr : &*found;
  }
  [[noreturn]] void fail(detail::words what) const { refuse({name_, ": "}, what); }

  std::shared_ptr<void const> owner_; // of the contents; copies of this object share them
  std::string_view contents_;
  std::string name_;
  std::size_t data_begin_ = 0;
  io::safetensors_header header_; // tensors in the order of their data
};

} // namespace dormant
