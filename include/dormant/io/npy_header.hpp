// SPDX-License-Identifier: MIT
// The header of a .npy file, a Python dict:
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/dtype.hpp"
#include "dormant/io/plain_words.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace dormant::io {

struct npy_header {
  dtype type = dtype::f32;
  std::vector<std::size_t> shape;
};

/// Reads the dict of a .npy header, a small part of Python's syntax. Stops at the first surprise.
class npy_header_reader {
public:
  npy_header_reader(std::string_view text, std::string const& file) : rest_(text), file_(file) {}

  /// Throws `dormant::error` naming the file.
  [[nodiscard]] npy_header read() {
    npy_header out;
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      auto const key = text();
      expect(':');
      if (key == "descr" && !std::exchange(has_descr, true)) {
        out.type = type();
      } else if (key == "fortran_order" && !std::exchange(has_order, true)) {
        row_major();
      } else if (key == "shape" && !std::exchange(has_shape, true)) {
        out.shape = shape();
      } else {
        fail({"the header has an unknown or second field ", in_quotes(key)});
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (!rest_.empty()) malformed();
    if (!has_descr) fail({"the header has no field 'descr'"});
    if (!has_order) fail({"the header has no field 'fortran_order'"});
    if (!has_shape) fail({"the header has no field 'shape'"});
    return out;
  }

private:
  [[noreturn]] void fail(detail::words what) const { refuse({file_, ": "}, what); }
  [[noreturn]] void malformed() const {
    fail({"the header is not a Python dict at ", rest_.empty() ? "its end" : in_quotes(rest_)});
  }
  void skip_space() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
  }
  bool accept(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) {
    if (!accept(c)) malformed();
  }
  bool accept_word(std::string_view word) {
    skip_space();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::string_view text() {
    skip_space();
    if (!rest_.starts_with('\'') && !rest_.starts_with('"')) malformed();
    auto const end = rest_.find(rest_.front(), 1);
    if (end == std::string_view::npos) malformed();
    auto const out = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return out;
  }

  dtype type() {
    skip_space();
    if (rest_.starts_with('[')) fail({"the array has several fields an element, expected numbers"});
    auto const descr = text();
    auto const kind = descr.substr(std::min<std::size_t>(descr.size(), 1));
    auto const found = std::find_if(dtypes.begin(), dtypes.end(), [&](dtype_names const& row) {
      return !row.npy.empty() && row.npy == kind;
    });
    if (found == dtypes.end()) fail({"the dtype ", in_quotes(descr), " is not a kind of number"});
    bool const one_byte = found->size == 1;
    if (descr.front() == '>' && !one_byte) {
      fail({"the dtype ", in_quotes(descr), " is big-endian, expected '<", kind, "'"});
    }
    if (descr.front() != '<' && !(one_byte && (descr.front() == '|' || descr.front() == '>'))) {
      fail({"the dtype ", in_quotes(descr), " is not known"});
    }
    return found->type;
  }

  void row_major() {
    if (accept_word("False")) return;
    if (!accept_word("True")) malformed();
    fail({"the array is in Fortran order; save numpy.ascontiguousarray(array) instead"});
  }

  std::vector<std::size_t> shape() {
    std::vector<std::size_t> out;
    expect('(');
    while (!accept(')')) {
      skip_space();
      std::size_t size = 0;
      auto const [end, code] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), size);
      if (code == std::errc::result_out_of_range) fail({"the shape has a size that is too large"});
      if (code != std::errc{}) malformed();
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      if (rest_.starts_with('L')) rest_.remove_prefix(1); // a long of Python 2
      out.push_back(size);
      if (!accept(',')) {
        if (out.size() == 1) malformed(); // (3) is a number, (3,) is a tuple
        expect(')');
        break;
      }
    }
    return out;
  }

  std::string_view rest_;
  std::string const& file_;
};

} // namespace dormant::io
