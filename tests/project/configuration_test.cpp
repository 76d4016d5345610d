// docs/configuration.md against the sources: every member of every option aggregate with its default, every variable, flag and error.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

struct option {
  std::string name, initialiser;
};
using aggregates = std::map<std::string, std::vector<option>>;

std::string read(std::filesystem::path const& path) {
  std::ifstream in{path, std::ios::binary};
  EXPECT_TRUE(in) << "cannot open " << path;
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The option aggregates of one header: `struct …_options {`, and the same for policies, filters and limits.
void collect(std::string const& header, aggregates& into) {
  static std::regex const head{R"(\nstruct (\w+_(?:options|policy|filter|limits)) \{\n([^}]*(?:\{[^}]*\}[^}]*)*?)\n\};)"};
  static std::regex const member{R"(^  [\w:<>, *]*?[\w>*] (\w+)(?: = ([^;]*)|(\{[^;]*\}))?;)"};
  for (std::sregex_iterator at{header.begin(), header.end(), head}, end; at != end; ++at) {
    auto& members = into[(*at)[1]];
    std::istringstream lines{(*at)[2]};
    for (std::string line; std::getline(lines, line);) {
      std::smatch found;
      if (std::regex_search(line, found, member)) members.push_back({found[1], found[2].matched ? found[2].str() : found[3].str()});
    }
  }
}

aggregates option_aggregates() {
  aggregates found;
  for (auto const* folder : {"registry", "tracing", "agents", "orchestrator"}) {
    for (auto const& entry : std::filesystem::recursive_directory_iterator{std::filesystem::path{SKEIN_SOURCE_DIR} / folder / "include"}) {
      if (entry.path().extension() == ".hpp") collect(read(entry.path()), found);
    }
  }
  // serve() and the worker make these of serve_options.
  found.erase("worker_options");
  found.erase("shipping_options");
  // bus/ is below what users configure: its options are made of the hub's, but for those that the hub takes as they are.
  aggregates of_bus;
  collect(read(std::filesystem::path{SKEIN_SOURCE_DIR} / "bus/include/skein/bus/network_link.hpp"), of_bus);
  found["network_limits"] = of_bus["network_limits"];
  return found;
}

/// Calls `take(name, path)` for the first group of each match in the .cpp files of a folder.
template <class Take>
void search(char const* folder, std::regex const& pattern, Take take) {
  for (auto const& entry : std::filesystem::recursive_directory_iterator{std::filesystem::path{SKEIN_SOURCE_DIR} / folder}) {
    if (entry.path().extension() != ".cpp") continue;
    auto const source = read(entry.path());
    for (std::sregex_iterator at{source.begin(), source.end(), pattern}, end; at != end; ++at) take((*at)[1].str(), entry.path());
  }
}

std::string grouped(std::string digits) {
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) digits.insert(static_cast<std::size_t>(at), " ");
  return digits;
}

std::string size_text(unsigned long long bytes) {
  static char const* const units[]{"", " KiB", " MiB", " GiB"};
  std::size_t unit = 0;
  for (; unit < 3 && bytes % 1024 == 0 && bytes > 0; ++unit) bytes /= 1024;
  return std::to_string(bytes) + units[unit];
}

/// A default as the document writes it.
std::string as_documented(option const& o) {
  std::string text = o.initialiser;
  std::erase(text, '\'');
  if (text.empty() || text == "{}") return "empty";
  std::smatch m;
  if (std::regex_match(text, m, std::regex{R"((?:std::chrono::(\w+))?\{(\d+)\})"})) {  // Without a unit, milliseconds are what there is.
    auto count = std::stoul(m[2]);
    auto unit = m[1].matched && m[1] == "seconds" ? " s" : " ms";
    if (std::string_view{unit} == " ms" && count >= 1000) count /= 1000, unit = " s";
    return std::to_string(count) + unit;
  }
  bool const bytes = o.name.find("bytes") != std::string::npos;
  if (std::regex_match(text, m, std::regex{R"((\d+)u? (<<|\*) (\d+))"})) {
    auto const left = std::stoull(m[1]), right = std::stoull(m[3]);
    return size_text(m[2] == "*" ? left * right : left << right);
  }
  if (std::regex_match(text, std::regex{R"(\d+)"})) return bytes ? size_text(std::stoull(text)) : text.size() > 4 ? grouped(text) : text;
  if (auto const colons = text.rfind("::"); colons != std::string::npos) text = text.substr(colons + 2);
  return text;
}

std::string section(std::string const& document, std::string const& title) {
  auto const begin = document.find("\n### " + title + "\n");
  if (begin == std::string::npos) return {};
  return document.substr(begin, document.find("\n##", begin + 1) - begin);
}

/// The second cell of the row of a member, without marks of code.
std::string documented_default(std::string const& section_text, std::string const& name) {
  auto const row = section_text.find("\n| `" + name + "` | ");
  if (row == std::string::npos) return {};
  auto const begin = section_text.find(" | ", row) + 3;
  auto cell = section_text.substr(begin, section_text.find(" | ", begin) - begin);
  std::erase(cell, '`');
  return cell;
}

}  // namespace

TEST(configuration, is_read_from_the_headers) {
  auto const found = option_aggregates();
  ASSERT_TRUE(found.contains("orchestrator_options"));
  EXPECT_EQ(found.at("orchestrator_options").size(), 26u);
  EXPECT_EQ(found.at("retry_policy").front().name, "attempts_max");
  EXPECT_EQ(found.at("run_options").size(), 3u);
  EXPECT_GE(found.size(), 15u);
}

TEST(configuration, names_every_option_with_its_default) {
  auto const document = read(std::filesystem::path{SKEIN_SOURCE_DIR} / "docs/configuration.md");
  for (auto const& [aggregate, members] : option_aggregates()) {
    auto const text = section(document, aggregate);
    EXPECT_FALSE(text.empty()) << "docs/configuration.md has no section ### " << aggregate;
    for (auto const& member : members) {
      EXPECT_EQ(documented_default(text, member.name), as_documented(member)) << aggregate << "::" << member.name;
    }
  }
}

TEST(configuration, names_every_environment_variable_and_error) {
  std::filesystem::path const root{SKEIN_SOURCE_DIR};
  auto const document = read(root / "docs/configuration.md");
  // As an argument of getenv(), or by itself: in a table of settings, a list of headers, the environment of a launched worker.
  std::regex const variable{R"rx((?:getenv\(|[({, ])"(SKEIN_[A-Z_]+|TRACE[A-Z]+|BAGGAGE|[A-Z]+_SOCKET|WATCHDOG_[A-Z]+|PATH)")rx"};
  std::size_t variables = 0;
  for (auto const* folder : {"registry", "tracing", "bus", "agents", "orchestrator", "cli"}) {
    search(folder, variable, [&](std::string const& name, std::filesystem::path const& path) {
      EXPECT_NE(document.find("`" + name + "`"), std::string::npos) << name << " is read in " << path;
      ++variables;
    });
  }
  EXPECT_GE(variables, 14u);
  auto const errors = read(root / "registry/include/skein/registry/error.hpp");
  auto const begin = errors.find("enum class errc");
  std::regex const code{R"(\n  (\w+)(?: = 1)?,)"};
  auto const codes = errors.substr(begin, errors.find("};", begin) - begin);
  std::size_t count = 0;
  for (std::sregex_iterator at{codes.begin(), codes.end(), code}, end; at != end; ++at, ++count) {
    EXPECT_NE(document.find("\n| `" + (*at)[1].str() + "` |"), std::string::npos) << "errc::" << (*at)[1];
  }
  EXPECT_GE(count, 20u);
}

TEST(configuration, names_every_cmake_option) {
  auto const document = read(std::filesystem::path{SKEIN_SOURCE_DIR} / "docs/configuration.md");
  std::regex const name{R"((?:option\(|\nset\()(SKEIN_\w+) [^\n]*(?:ON|OFF|IS_TOP_LEVEL\}|CACHE [^\n]*)\))"};
  auto const build = read(std::filesystem::path{SKEIN_SOURCE_DIR} / "cmake/skein_build.cmake");
  std::size_t count = 0;
  for (std::sregex_iterator at{build.begin(), build.end(), name}, end; at != end; ++at, ++count) {
    EXPECT_NE(document.find("\n| `" + (*at)[1].str() + "` |"), std::string::npos) << (*at)[1];
  }
  EXPECT_GE(count, 8u);
}

TEST(configuration, names_every_flag_of_the_command_and_of_workers) {
  auto const document = read(std::filesystem::path{SKEIN_SOURCE_DIR} / "docs/configuration.md");
  std::regex const flag{R"rx("(--[a-z][a-z-]+)")rx"};
  std::size_t count = 0;
  for (auto const* folder : {"cli", "agents/src"}) {
    search(folder, flag, [&](std::string const& name, std::filesystem::path const& path) {
      EXPECT_TRUE(std::regex_search(document, std::regex{"`[^`\n]*" + name + "[ `]"})) << name << " is an option in " << path;
      ++count;
    });
  }
  EXPECT_GE(count, 25u);
}

TEST(operations, show_every_key_of_a_topology_file) {
  auto const document = read(std::filesystem::path{SKEIN_SOURCE_DIR} / "docs/operations.md");
  auto const source = read(std::filesystem::path{SKEIN_SOURCE_DIR} / "cli/topology.cpp");
  std::regex const key{R"rx((?:read|inner)\.\w+\("(\w+)")rx"};
  std::size_t count = 0;
  for (std::sregex_iterator at{source.begin(), source.end(), key}, end; at != end; ++at, ++count) {
    auto const name = (*at)[1].str();
    EXPECT_TRUE(std::regex_search(document, std::regex{"\\b" + name + "( =|\\]\\]|`)"})) << name;
  }
  EXPECT_GE(count, 20u);
}
