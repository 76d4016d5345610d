// Who may read a file.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include <sys/stat.h>

namespace skein::bus::testing {

/// Its permission bits.
inline ::mode_t mode_of(std::string const& path) {
  struct ::stat about {};
  EXPECT_EQ(::stat(path.c_str(), &about), 0) << path;
  return about.st_mode & 07777;
}

}  // namespace skein::bus::testing
