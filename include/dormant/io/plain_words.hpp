// SPDX-License-Identifier: MIT
// Operating system errors and foreign names in words that fit into one printed sentence.
#pragma once

#include "dormant/error.hpp"
#include "dormant/io/utf8.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

/// What the readers and writers of files share.
namespace dormant::io {

/// Text from outside, safe to print: control characters and bytes that are not UTF-8 become '?',
/// and everything after `longest` bytes becomes "...".
[[nodiscard]] inline std::string printable(std::string_view text,
                                           std::size_t longest = std::string_view::npos) {
  std::string out;
  while (!text.empty()) {
    auto const next = first_character(text);
    bool const control = next.code < 0x20 || (next.code >= 0x7F && next.code < 0xA0);
    auto const shown = next.bytes == 0 || control ? "?" : text.substr(0, next.bytes);
    if (shown.size() > longest - out.size()) return out + "...";
    out += shown;
    text.remove_prefix(std::max<std::size_t>(1, next.bytes));
  }
  return out;
}

/// The same between single quotes, at most 80 bytes of it.
[[nodiscard]] inline std::string in_quotes(std::string_view text) {
  return "'" + printable(text, 80) + "'";
}

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
  case EBADF: return "it is closed";
  case EPIPE: return "nobody reads it any more";
  case ELOOP: return "its symbolic links lead nowhere";
  case ENOMEM: return "there is not enough memory";
  case EAGAIN: return "the system has no more threads, processes or memory to give";
  case EEXIST: return "it exists already";
  case EBUSY:
  case ETXTBSY: return "it is in use";
  case EINVAL:
  case EILSEQ: return "the system does not accept this name or value";
  case ENOEXEC: return "it is not a program for this machine";
  case E2BIG: return "the arguments are too long";
  case ENODEV:
  case ENXIO: return "there is no such device";
  case ESTALE: return "the network disk has lost it";
  default: return "the system says " + in_quotes(std::generic_category().message(code));
  }
}

/// A path as users typed it; of a long one the end, which has the name of the file.
[[nodiscard]] inline std::string shown(std::filesystem::path const& path) {
  constexpr std::size_t longest = 240;
  auto const text = printable(path.string());
  if (text.size() <= longest) return "'" + text + "'";
  auto rest = std::string_view(text).substr(text.size() - longest);
  while (first_character(rest).bytes == 0) rest.remove_prefix(1); // begin with a whole character
  return "'..." + std::string(rest) + "'";
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
