// The parts of sbom that touch the file system, and the pairing of results.
#include "sbom/digest.hpp"
#include "sbom/replace_file.hpp"
#include "sbom/root_folder.hpp"
#include "support/fixture_root.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace sbom {
namespace {

using skein::errc;
using testing::fixture_root;

errc code_of(skein::result<std::string> const& read) { return read ? errc{} : read.error().code(); }

class sbom_root_folder : public ::testing::Test {
 protected:
  [[nodiscard]] skein::result<std::string> read(std::string_view path, std::size_t bytes_max = 100) const {
    return root_folder::open(root.path()).value().read(path, bytes_max);
  }
  fixture_root root;
};

TEST_F(sbom_root_folder, follows_links_inside_the_root) {
  root.file("usr/lib/real", "hello\n");
  root.link("lib", "usr/lib");
  root.link("etc/absolute", "/lib/real");
  root.link("etc/relative", "../lib/../lib/./real");
  for (auto const* path : {"usr/lib/real", "/usr//lib/real", "lib/real", "etc/absolute", "etc/relative"}) {
    EXPECT_EQ(read(path).value_or("?"), "hello\n") << path;
  }
}

TEST_F(sbom_root_folder, is_never_left) {
  std::ofstream{root.path() + "/../secret"} << "outside";
  root.file("secret", "inside");
  root.folder("deep/er");
  root.link("deep/er/relative", "../../../../../../secret");
  root.link("deep/er/absolute", "/../secret");
  root.link("deep/er/host", root.path() + "/../secret");
  EXPECT_EQ(read("../secret").value_or("?"), "inside");
  EXPECT_EQ(read("deep/er/relative").value_or("?"), "inside");
  EXPECT_EQ(read("deep/er/absolute").value_or("?"), "inside");
  EXPECT_EQ(code_of(read("deep/er/host")), errc::not_found);
}

TEST_F(sbom_root_folder, says_why_a_path_is_no_file) {
  root.file("file", "hello\n");
  root.folder("folder");
  root.pipe("pipe");
  root.link("loop", "loop");
  root.link("dangling", "nothing");
  EXPECT_EQ(code_of(read("nothing")), errc::not_found);
  EXPECT_EQ(code_of(read("file/below")), errc::not_found);
  EXPECT_EQ(code_of(read("dangling")), errc::not_found);
  EXPECT_EQ(code_of(read(std::string("file\0", 5))), errc::not_found);
  EXPECT_EQ(code_of(read("folder")), errc::io_failed);
  EXPECT_EQ(code_of(read("")), errc::io_failed);
  EXPECT_EQ(code_of(read("pipe")), errc::io_failed) << "and it does not wait for a writer";
  EXPECT_EQ(code_of(read("loop")), errc::io_failed);
  EXPECT_EQ(code_of(read(std::string(5000, 'x'))), errc::io_failed);
}

TEST_F(sbom_root_folder, reads_no_more_than_allowed) {
  root.file("file", "hello\n");
  EXPECT_EQ(code_of(read("file", 5)), errc::too_large);
  EXPECT_TRUE(read("file", 6).ok());
}

TEST_F(sbom_root_folder, must_be_there) {
  EXPECT_EQ(root_folder::open(root.path() + "/none").error().code(), errc::not_found);
  root.file("file", "");
  EXPECT_EQ(root_folder::open(root.path() + "/file").error().code(), errc::not_found);
}

class sbom_replace_file : public ::testing::Test {
 protected:
  [[nodiscard]] std::string content(std::string const& name) const {
    std::ifstream file{folder / name, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
  }
  [[nodiscard]] std::size_t entries() const {
    return static_cast<std::size_t>(
        std::distance(std::filesystem::directory_iterator{folder.path()}, std::filesystem::directory_iterator{}));
  }
  skein::testing::temporary_folder folder;
};

TEST_F(sbom_replace_file, makes_and_replaces) {
  replace_file(folder / "file", "one").value();
  replace_file(folder / "file", "two").value();
  EXPECT_EQ(content("file"), "two");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(sbom_replace_file, replaces_what_a_link_names) {
  replace_file(folder / "file", "one").value();
  std::filesystem::create_symlink("file", folder / "link");
  replace_file(folder / "link", "two").value();
  EXPECT_EQ(content("file"), "two");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
}

TEST_F(sbom_replace_file, leaves_nothing_when_it_fails) {
  std::filesystem::create_directory(folder / "taken");
  auto const refused = replace_file(folder / "taken", "one");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), errc::io_failed);
  EXPECT_EQ(refused.error().where(), folder / "taken");
  EXPECT_EQ(entries(), 1u);
}

TEST(sbom_digest, knows_the_published_answers) {
  digest md5{digest::algorithm::md5};
  EXPECT_EQ(md5.hex(), "d41d8cd98f00b204e9800998ecf8427e");
  digest sha{digest::algorithm::sha256};
  sha.update("a");
  sha.update("bc");
  EXPECT_EQ(sha.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace sbom
