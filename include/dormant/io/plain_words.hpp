// SPDX-License-Identifier: MIT
// Operating system errors and foreign names in words that fit into one printed sentence.
#pragma once

#include "dormant/error.hpp"

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

/// What the readers and writers of files share.
namespace dormant::io {

/// Why a system call failed, as the end of a sentence.
/// \param code the value of errno
[[nodiscard]] inline std::string plain_reason(int code) {
  switch (code) {
  case ENOSPC: return "the disk is full";
  case EDQUOT: return "the disk quota is used up";
  case EFBIG: return "the file would exceed the size limit";
  case EACCES:
  case EPERM: return "permission denied";
  case EROFS: return "the file system is read-only";
  case ENOENT: return "no such file or folder";
  case ENOTDIR: return "a part of the path is a file, not a folder";
  case EISDIR: return "it is a folder";
  case ENAMETOOLONG: return "the name is too long";
  case EMFILE:
  case ENFILE: return "too many files are open";
  case EIO: return "the disk reports an input/output error";
  default: return std::generic_category().message(code);
  }
}

/// Text from a file or a user between single quotes, safe to print: control bytes become '?' and
/// everything after 80 bytes becomes "...".
[[nodiscard]] inline std::string in_quotes(std::string_view text) {
  constexpr std::size_t longest = 80;
  std::size_t size = text.size();
  if (size > longest) {
    size = longest; // cut before a character, not inside one
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  }
  std::string out = "'";
  for (char const c : text.substr(0, size)) {
    auto const byte = static_cast<unsigned char>(c);
    out += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  out += size < text.size() ? "...'" : "'";
  return out;
}

/// A path as users typed it.
[[nodiscard]] inline std::string shown(std::filesystem::path const& path) {
  return in_quotes(path.string());
}

/// A shape as it is written in Python: `[67, 64]`; more than eight sizes are cut short.
[[nodiscard]] inline std::string shown(std::span<std::size_t const> shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i != 0) out += ", ";
    if (i == 8) {
      out += "...";
      break;
    }
    out += std::to_string(shape[i]);
  }
  return out + "]";
}

} // namespace dormant::io
