// The documents for users show code that compiles, and link to what is there.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::string read(fs::path const& path) {
  std::ifstream in{fs::path{SKEIN_SOURCE_DIR} / path, std::ios::binary};
  EXPECT_TRUE(in) << "cannot open " << path;
  return {std::istreambuf_iterator<char>{in}, {}};
}

// The code blocks of a language.
std::vector<std::string> code_blocks(std::string const& markdown, std::string const& language) {
  std::vector<std::string> found;
  auto const fence = "\n```" + language + "\n";
  for (auto begin = markdown.find(fence); begin != std::string::npos; begin = markdown.find(fence, begin)) {
    begin += fence.size();
    found.push_back(markdown.substr(begin, markdown.find("```\n", begin) - begin));
  }
  return found;
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

std::string indented(std::string const& block, std::size_t by) {
  std::istringstream lines{block};
  std::string line, text;
  while (std::getline(lines, line)) text += line.empty() ? "\n" : std::string(by, ' ') + line + "\n";
  return text;
}

// The sources that the build compiles and the tests run.
std::vector<std::string> compiled_sources() {
  std::vector<std::string> found;
  for (auto const* folder : {"examples", "tests/guide"}) {
    for (auto const& entry : fs::recursive_directory_iterator{fs::path{SKEIN_SOURCE_DIR} / folder}) {
      if (entry.path().extension() == ".cpp" || entry.path().extension() == ".hpp") found.push_back(read(entry.path()));
    }
  }
  return found;
}

bool is_cut_from(std::vector<std::string> const& sources, std::string const& block) {
  for (std::size_t by = 0; by <= 16; by += 2) {
    auto const wanted = indented(block, by);
    for (auto const& source : sources) {
      if (source.find(wanted) != std::string::npos) return true;
    }
  }
  return false;
}

std::vector<fs::path> documents() {
  std::vector<fs::path> found{"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md"};
  for (auto const& entry : fs::recursive_directory_iterator{fs::path{SKEIN_SOURCE_DIR} / "docs"}) {
    if (entry.path().extension() == ".md") found.push_back(fs::relative(entry.path(), SKEIN_SOURCE_DIR));
  }
  return found;
}

}  // namespace

TEST(readme, shows_the_hello_example_as_it_is) {
  EXPECT_EQ(code_blocks(read("README.md"), "cpp").at(0), read("examples/01_hello/main.cpp"));
}

// docs/tutorial.md is not among these: package.serves_the_tutorial makes files of its blocks, builds and runs them.
TEST(documents, show_code_that_is_compiled) {
  auto const sources = compiled_sources();
  for (auto const* document : {"README.md", "docs/good-practice.md", "examples/README.md"}) {
    for (auto const& block : code_blocks(read(document), "cpp")) {
      EXPECT_TRUE(is_cut_from(sources, block)) << document << " shows what stands in no file of examples/ or tests/guide:\n" << block;
    }
  }
  EXPECT_GE(code_blocks(read("docs/good-practice.md"), "cpp").size(), 5u);
}

TEST(documents, link_only_to_what_exists) {
  for (auto const& document : documents()) {
    std::istringstream rest{without_code(read(document))};
    std::string part;
    while (std::getline(rest, part, ']')) {
      if (rest.peek() != '(') continue;
      rest.get();
      std::getline(rest, part, ')');
      part = part.substr(0, part.find('#'));
      if (part.empty() || part.starts_with("http")) continue;
      EXPECT_TRUE(fs::exists(SKEIN_SOURCE_DIR / document.parent_path() / part)) << document << " links to " << part;
    }
  }
}

TEST(documents, say_of_every_example_what_it_shows) {
  auto const text = read("examples/README.md");
  for (auto const& entry : fs::directory_iterator{fs::path{SKEIN_SOURCE_DIR} / "examples"}) {
    if (!entry.is_directory()) continue;
    auto const name = entry.path().filename().string();
    EXPECT_NE(text.find("](" + name + ")"), std::string::npos) << name;
  }
}

TEST(tutorial_examples, fit_on_a_page) {
  for (auto const& entry : fs::directory_iterator{fs::path{SKEIN_SOURCE_DIR} / "examples"}) {
    // An application, and the form of everything on one page.
    if (!entry.is_directory() || entry.path().filename() == "sbom" || entry.path().filename() == "subscriptions") continue;
    for (auto const& source : fs::directory_iterator{entry.path()}) {
      if (source.path().extension() != ".cpp") continue;
      auto const text = read(source.path());
      EXPECT_LT(std::count(text.begin(), text.end(), '\n'), 80) << source.path();
    }
    // Examples of several programs have a test of their own.
    EXPECT_TRUE(!fs::exists(entry.path() / "main.cpp") || fs::exists(entry.path() / "expected.txt")) << entry.path();
  }
}
