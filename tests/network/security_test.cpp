#include "support/curve_folder.hpp"
#include "support/file_mode.hpp"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace skein::bus::testing {
namespace {

using skein::testing::temporary_folder;

void write_text(std::string const& path, std::string const& text, ::mode_t mode = 0600) {
  std::ofstream{path} << text;
  ::chmod(path.c_str(), mode);
}

errc code_of(std::string const& path) {
  auto const pair = curve_key_pair::read(path);
  return pair ? errc{} : pair.error().code();
}

TEST(curve_keys, differ_from_pair_to_pair) {
  auto const a = curve_key_pair::generate().value(), b = curve_key_pair::generate().value();
  EXPECT_EQ(a.public_key.size(), 40u);
  EXPECT_EQ(a.secret_key.size(), 40u);
  EXPECT_NE(a, b);
}

TEST(curve_keys, come_back_from_their_file) {
  temporary_folder const folder;
  auto const pair = curve_key_pair::generate().value();
  ASSERT_TRUE(pair.write(folder / "k.key_secret", "two\nlines"));
  EXPECT_EQ(curve_key_pair::read(folder / "k.key_secret").value(), pair);
  ASSERT_TRUE((curve_key_pair{pair.public_key, {}}).write(folder / "k.key", ""));
  EXPECT_EQ(curve_key_pair::read(folder / "k.key").value(), (curve_key_pair{pair.public_key, {}}));
}

TEST(curve_keys, write_secrets_for_their_owner_only) {
  temporary_folder const folder;
  auto const pair = curve_key_pair::generate().value();
  auto const before = ::umask(0);
  ASSERT_TRUE(pair.write(folder / "k.key_secret", ""));
  ASSERT_TRUE((curve_key_pair{pair.public_key, {}}).write(folder / "k.key", ""));
  ::umask(before);
  EXPECT_EQ(mode_of(folder / "k.key_secret"), 0600u);
  EXPECT_EQ(mode_of(folder / "k.key"), 0644u);
}

TEST(curve_keys, never_replace_a_file) {
  temporary_folder const folder;
  write_text(folder / "k", "mine");
  auto const written = curve_key_pair::generate().value().write(folder / "k", "");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code(), errc::io_failed);
  EXPECT_EQ(written.error().where(), folder / "k");
}

TEST(curve_keys, refuse_a_secret_that_others_can_read) {
  temporary_folder const folder;
  auto const path = folder / "k.key_secret";
  ASSERT_TRUE(curve_key_pair::generate().value().write(path, ""));
  for (::mode_t const mode : {0640, 0604, 0660, 0666, 0644}) {
    ::chmod(path.c_str(), mode);
    auto const pair = curve_key_pair::read(path);
    ASSERT_FALSE(pair) << mode;
    EXPECT_EQ(pair.error().code(), errc::misuse);
    EXPECT_NE(pair.error().message().find("chmod 600 " + path), std::string::npos);
  }
}

TEST(curve_keys, refuse_what_is_no_key_file) {
  temporary_folder const folder;
  auto const a = curve_key_pair::generate().value(), b = curve_key_pair::generate().value();
  auto const path = folder / "k";
  EXPECT_EQ(code_of(path), errc::not_found);
  EXPECT_EQ(code_of(folder.path().string()), errc::corrupt);
  for (std::string const& text :
       {std::string{}, std::string{"# only a comment\n"}, std::string{"public-key\n"}, std::string{"public-key = short\n"},
        "public-key = " + std::string(40, '"') + "\n", "secret-key = " + a.secret_key + "\n",
        "public-key = " + a.public_key + "\npublic-key = " + a.public_key + "\n",
        "public-key = " + a.public_key + "\nsecret-key = " + b.secret_key + "\n", std::string(20'000, '#'), std::string(100, '\0')}) {
    std::filesystem::remove(path);
    write_text(path, text);
    EXPECT_EQ(code_of(path), errc::corrupt) << text.substr(0, 100);
  }
}

TEST(curve_keys, skip_comments_spaces_and_unknown_names) {
  temporary_folder const folder;
  auto const pair = curve_key_pair::generate().value();
  write_text(folder / "k", "# hub\r\n\r\n  public-key=" + pair.public_key + "\r\nnext = thing\nsecret-key =  " + pair.secret_key);
  EXPECT_EQ(curve_key_pair::read(folder / "k").value(), pair);
}

TEST(keygen, makes_the_hub_s_and_the_workers_files) {
  temporary_folder const folder;
  auto const root = folder / "deep/keys";
  auto const written = generate_keys(root, {"w1", "rack-2.gpu"}).value();
  EXPECT_EQ(written,
            (std::vector<std::string>{root + "/hub.key_secret", root + "/hub.key", root + "/w1.key_secret", root + "/allowed/w1.key",
                                      root + "/rack-2.gpu.key_secret", root + "/allowed/rack-2.gpu.key"}));
  EXPECT_EQ(mode_of(root + "/hub.key_secret"), 0600u);
  EXPECT_EQ(mode_of(root + "/w1.key_secret"), 0600u);
  auto const keys = curve_keys::load(root + "/hub.key_secret", root + "/allowed");
  EXPECT_FALSE(keys.empty());
  EXPECT_EQ(keys.own().public_key, curve_key_pair::read(root + "/hub.key").value().public_key);
  EXPECT_TRUE(curve_key_pair::read(root + "/hub.key").value().secret_key.empty());
  EXPECT_TRUE(curve_key_pair::read(root + "/allowed/w1.key").value().secret_key.empty());
}

TEST(keygen, leaves_what_is_there_and_adds_what_is_missing) {
  temporary_folder const folder;
  auto const root = folder / "keys";
  (void)generate_keys(root, {"a"}).value();
  auto const hub = curve_key_pair::read(root + "/hub.key_secret").value();
  EXPECT_TRUE(generate_keys(root, {"a"}).value().empty());
  std::filesystem::remove(root + "/hub.key");
  std::filesystem::remove(root + "/allowed/a.key");
  EXPECT_EQ(generate_keys(root, {"a", "b"}).value().size(), 4u);
  EXPECT_EQ(curve_key_pair::read(root + "/hub.key_secret").value(), hub);
  EXPECT_EQ(curve_key_pair::read(root + "/hub.key").value().public_key, hub.public_key);
  EXPECT_EQ(curve_key_pair::read(root + "/allowed/a.key").value().public_key,
            curve_key_pair::read(root + "/a.key_secret").value().public_key);
}

TEST(keygen, makes_no_secret_for_a_worker_that_keeps_its_own) {
  temporary_folder const folder;
  auto const root = folder / "keys";
  (void)generate_keys(root, {}).value();
  ASSERT_TRUE((curve_key_pair{curve_key_pair::generate().value().public_key, {}}).write(root + "/allowed/far.key", ""));
  EXPECT_TRUE(generate_keys(root, {"far"}).value().empty());
  EXPECT_FALSE(std::filesystem::exists(root + "/far.key_secret"));
}

TEST(keygen, refuses_names_that_are_no_file_names) {
  temporary_folder const folder;
  for (auto const* name : {"", "hub", "../up", "a/b", ".hidden", "-x", "with space", "ümlaut"}) {
    auto const made = generate_keys(folder / "keys", {name});
    ASSERT_FALSE(made) << name;
    EXPECT_EQ(made.error().code(), errc::invalid_argument);
  }
  EXPECT_FALSE(std::filesystem::exists(folder / "keys"));
}

TEST(curve_keys, of_a_hub_need_a_secret_and_a_readable_folder) {
  curve_folder const keys{{"a"}};
  auto const load_fails_with = [](std::string const& secret, std::string const& allowed) {
    try {
      (void)curve_keys::load(secret, allowed);
    } catch (error const& failure) {
      return failure.code();
    }
    return errc{};
  };
  EXPECT_EQ(load_fails_with(keys.path("none"), keys.path("allowed")), errc::not_found);
  EXPECT_EQ(load_fails_with(keys.path("hub.key"), keys.path("allowed")), errc::corrupt);
  EXPECT_EQ(load_fails_with(keys.path("hub.key_secret"), keys.path("none")), errc::not_found);
  EXPECT_EQ(load_fails_with(keys.path("hub.key_secret"), keys.path("hub.key")), errc::not_found);
  keys.allow("b", curve_key_pair::read(keys.path("allowed/a.key")).value());
  EXPECT_EQ(load_fails_with(keys.path("hub.key_secret"), keys.path("allowed")), errc::corrupt) << "one key, two names";
  keys.disallow("b");
  write_text(keys.path("allowed/b.key"), "junk");
  EXPECT_EQ(load_fails_with(keys.path("hub.key_secret"), keys.path("allowed")), errc::corrupt);
  write_text(keys.path("allowed/b.txt"), "junk");
  std::filesystem::remove(keys.path("allowed/b.key"));
  EXPECT_EQ(load_fails_with(keys.path("hub.key_secret"), keys.path("allowed")), errc{});
}

TEST(curve_keys, are_empty_unless_loaded) { EXPECT_TRUE(curve_keys{}.empty()); }

}  // namespace
}  // namespace skein::bus::testing
