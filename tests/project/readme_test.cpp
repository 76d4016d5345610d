#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace {

std::string read(std::string const& path) {
  std::ifstream in{SKEIN_SOURCE_DIR "/" + path, std::ios::binary};
  EXPECT_TRUE(in) << "cannot open " << path;
  return {std::istreambuf_iterator<char>{in}, {}};
}

// What stands in the first code block of a language.
std::string code_block(std::string const& markdown, std::string const& language) {
  auto const fence = "```" + language + "\n";
  auto const begin = markdown.find(fence);
  if (begin == std::string::npos) return {};
  auto const end = markdown.find("```\n", begin + fence.size());
  return markdown.substr(begin + fence.size(), end - begin - fence.size());
}

std::string without_code(std::string const& markdown) {
  std::istringstream lines{markdown};
  std::string line, text;
  for (bool code = false; std::getline(lines, line);) {
    if (line.starts_with("```")) code = !code;
    else if (!code) text += line + "\n";
  }
  return text;
}

}  // namespace

TEST(readme, shows_the_hello_example_as_it_is) { EXPECT_EQ(code_block(read("README.md"), "cpp"), read("examples/01_hello/main.cpp")); }

TEST(readme, links_only_to_what_exists) {
  std::istringstream rest{without_code(read("README.md"))};
  std::string part;
  while (std::getline(rest, part, ']')) {
    if (rest.peek() != '(') continue;
    rest.get();
    std::getline(rest, part, ')');
    if (part.starts_with("http") || part.starts_with('#')) continue;
    EXPECT_TRUE(std::filesystem::exists(SKEIN_SOURCE_DIR "/" + part)) << part;
  }
}
