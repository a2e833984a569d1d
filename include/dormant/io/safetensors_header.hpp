// SPDX-License-Identifier: MIT
// The JSON header of a safetensors file, read strictly. Nothing else includes a JSON library.
// {"__metadata__": {text: text}, name: {"dtype": text, "shape": [n...], "data_offsets": [b, e]}}
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/dtype.hpp"
#include "dormant/io/plain_words.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dormant::io {

/// One tensor as the header describes it; offsets count from the end of the header.
struct safetensors_entry {
  std::string name;
  dtype type = dtype::f32;
  std::vector<std::size_t> shape;
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct safetensors_header {
  std::vector<safetensors_entry> tensors; ///< in the order of the header, names are unique
  std::map<std::string, std::string> metadata;
};

/// Follows the JSON events and stops at the first that the format does not allow, so that memory
/// stays in proportion to what is valid. Duplicate keys, which a JSON tree would hide, are errors.
class safetensors_header_reader {
public:
  explicit safetensors_header_reader(std::string file) : file_(std::move(file)) {}
  [[nodiscard]] safetensors_header take() { return std::move(header_); }

  bool start_object(std::size_t /*elements*/) {
    if (place_ == place::start) {
      place_ = place::top;
    } else if (place_ == place::top && name_ == "__metadata__") {
      place_ = place::metadata;
    } else if (place_ == place::top) {
      place_ = place::tensor;
      entry_ = {};
      entry_.name = name_;
      has_dtype_ = has_shape_ = has_offsets_ = false;
    } else {
      wrong_value("an object");
    }
    return true;
  }

  bool key(std::string& text) {
    switch (place_) {
    case place::top:
      if (!names_.insert(text).second) fail({"the header has ", in_quotes(text), " twice"});
      name_ = std::move(text);
      break;
    case place::metadata:
      if (header_.metadata.contains(text))
        fail({"the header has metadata ", in_quotes(text), " twice"});
      field_ = std::move(text);
      break;
    default: // within a tensor; there are no other objects
      field_ = std::move(text);
      if (field_ == "dtype") {
        once(has_dtype_);
      } else if (field_ == "shape") {
        once(has_shape_);
      } else if (field_ == "data_offsets") {
        once(has_offsets_);
      } else {
        fail_tensor({"has the unknown field ", in_quotes(field_)});
      }
    }
    return true;
  }

  bool end_object() {
    if (place_ == place::tensor) {
      if (!has_dtype_) fail_tensor({"has no dtype"});
      if (!has_shape_) fail_tensor({"has no shape"});
      if (!has_offsets_) fail_tensor({"has no data_offsets"});
      header_.tensors.push_back(std::move(entry_));
    }
    place_ = place_ == place::top ? place::done : place::top;
    return true;
  }

  bool start_array(std::size_t /*elements*/) {
    if (place_ != place::tensor || field_ == "dtype") wrong_value("a list");
    place_ = place::list;
    list_.clear();
    return true;
  }

  bool end_array() {
    place_ = place::tensor;
    if (field_ == "shape") {
      entry_.shape = list_;
    } else {
      if (list_.size() != 2) {
        fail_tensor({"has ", list_.size(), " data_offsets, expected 2"});
      }
      entry_.begin = list_[0];
      entry_.end = list_[1];
    }
    return true;
  }

  bool string(std::string& text) {
    if (place_ == place::metadata) {
      header_.metadata.emplace(field_, std::move(text));
    } else if (place_ == place::tensor && field_ == "dtype") {
      auto const found = std::find_if(dtypes.begin(), dtypes.end(), [&](dtype_names const& row) {
        return row.safetensors == text;
      });
      if (found == dtypes.end()) {
        std::string known;
        for (auto const& row : dtypes) (known += known.empty() ? "" : ", ") += row.safetensors;
        fail_tensor({"has dtype ", in_quotes(text), ", expected one of ", known});
      }
      entry_.type = found->type;
    } else {
      wrong_value("a text");
    }
    return true;
  }

  bool number_unsigned(std::uint64_t value) {
    if (place_ != place::list) wrong_value("a number");
    list_.push_back(value);
    return true;
  }
  bool number_integer(std::int64_t /*value*/) { return wrong_value("a negative number"); }
  bool number_float(double /*value*/, std::string const& text) {
    return wrong_value(sentence({"the number ", text.substr(0, 80)}));
  }
  bool null() { return wrong_value("null"); }
  bool boolean(bool value) { return wrong_value(value ? "true" : "false"); }
  bool binary(nlohmann::json::binary_t& /*value*/) { return wrong_value("binary data"); }
  template <class Exception>
  bool parse_error(std::size_t position, std::string const& /*token*/, Exception const& /*why*/) {
    fail({"the header is not valid JSON at its byte ", position});
  }

private:
  enum class place { start, top, metadata, tensor, list, done };

  [[noreturn]] void fail(detail::words what) const { refuse({file_, ": "}, what); }
  [[noreturn]] void fail_tensor(detail::words what) const {
    refuse({file_, ": tensor ", in_quotes(name_), " "}, what);
  }
  void once(bool& seen) const {
    if (std::exchange(seen, true)) fail_tensor({"has two fields ", in_quotes(field_)});
  }
  bool wrong_value(std::string_view found) const {
    switch (place_) {
    case place::start: fail({"the header is not a JSON object"});
    case place::metadata:
      fail({"metadata ", in_quotes(field_), " is ", found, ", expected a text"});
    case place::tensor:
      fail_tensor({"has ", found, " as ", field_, ", expected ",
                   field_ == "dtype" ? "a text" : "a list of sizes"});
    case place::list: fail_tensor({"has ", found, " in its ", field_, ", expected sizes"});
    default:
      if (name_ == "__metadata__") fail({"metadata is ", found, ", expected an object"});
      fail_tensor({"is ", found, ", expected an object"});
    }
  }

  std::string file_;
  safetensors_header header_;
  place place_ = place::start;
  std::set<std::string> names_;
  std::string name_;  // the current tensor or __metadata__
  std::string field_; // the current key within it
  safetensors_entry entry_;
  std::vector<std::size_t> list_;
  bool has_dtype_ = false, has_shape_ = false, has_offsets_ = false;
};

/// Reads a header. Throws `dormant::error` naming the file and the tensor.
[[nodiscard]] inline safetensors_header parse_safetensors_header(std::string_view text,
                                                                 std::string const& file) {
  if (!text.starts_with('{')) refuse({file}, {": the header is not a JSON object"});
  // The parser would take a zero byte for the end, and white space of any kind behind the object.
  if (auto const zero = text.find('\0'); zero != std::string_view::npos) {
    refuse({file, ": the header has a zero byte at ", zero, "; it may be padded with spaces only"});
  }
  text = text.substr(0, text.find_last_not_of(' ') + 1);
  if (std::string_view("\t\r\n").find(text.back()) != std::string_view::npos) {
    refuse({file, ": the header ends in white space that is no space"});
  }
  safetensors_header_reader reader(file);
  nlohmann::json::sax_parse(text.begin(), text.end(), &reader);
  return reader.take();
}

/// `text` as a JSON string, quotes included. That it is UTF-8 is for the reader to check.
[[nodiscard]] inline std::string json_text(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "\"";
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte / 16U];
      out += digits[byte % 16U];
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out + '"';
}

} // namespace dormant::io
