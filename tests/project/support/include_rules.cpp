#include "support/include_rules.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string_view>

namespace skein::project {
namespace {

namespace fs = std::filesystem;

struct folder_rank {
  std::string_view name;
  int rank;
};
// A folder includes from itself and from lower ranks.
constexpr std::array<folder_rank, 9> folders{{{"registry", 0},
                                              {"tracing", 1},
                                              {"bus", 2},
                                              {"agents", 3},
                                              {"orchestrator", 4},
                                              {"cli", 5},
                                              {"examples", 5},
                                              {"tests", 5},
                                              {"bench", 5}}};

// Libraries that are ours to change without telling anybody: they must not show in what users compile.
constexpr std::array<std::string_view, 5> hidden_from_users{"zmq.h", "zmq.hpp", "sqlite3.h", "spdlog/", "nlohmann/"};

// What a function of (time, input) has no use for.
constexpr std::array<std::string_view, 20> outside_pure_core{
    "zmq.h",    "zmq.hpp", "sqlite3.h", "spdlog/",   "thread",  "mutex",   "shared_mutex", "condition_variable",
    "future",   "latch",   "barrier",   "semaphore", "fstream", "random",  "filesystem",   "iostream",
    "unistd.h", "skein/tracing/sqlite.hpp",          "skein/tracing/owner_lock.hpp",       "skein/tracing/recorder.hpp"};

struct include_line {
  std::size_t line = 0;
  std::string target;
  bool quoted = false;
};

std::optional<int> rank_of(std::string_view folder) {
  auto const found = std::find_if(folders.begin(), folders.end(), [&](auto const& known) { return known.name == folder; });
  if (found == folders.end()) return std::nullopt;
  return found->rank;
}

std::string_view top_folder(std::string_view path) { return path.substr(0, path.find('/')); }

bool is_public_header(std::string_view path) { return path.find("/include/skein/") != std::string_view::npos; }

bool is_private_header(std::string_view path) { return path.find("/src/") != std::string_view::npos; }

bool is_pure_core(std::string_view path) {
  return path.starts_with("bus/") && path.substr(4).find("/blackboard") != std::string_view::npos;
}

bool is_cpp(std::string_view path) { return path.ends_with(".cpp") || path.ends_with(".hpp"); }

template <std::size_t N>
bool names_one_of(std::string_view target, std::array<std::string_view, N> const& banned) {
  return std::any_of(banned.begin(), banned.end(), [&](std::string_view name) {
    return name.ends_with('/') ? target.starts_with(name) : target == name;
  });
}

std::vector<include_line> includes_of(std::string const& text) {
  static std::regex const directive{R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])"};
  std::vector<include_line> found;
  std::istringstream lines{text};
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    std::smatch match;
    if (std::regex_search(line, match, directive)) found.push_back({number, match[2], match[1] == "\""});
  }
  return found;
}

class checker {
 public:
  explicit checker(std::vector<source_file> const& files) : files_(files) {
    for (auto const& file : files) paths_.insert(file.path);
  }

  std::vector<std::string> run() {
    for (auto const& file : files_) {
      check_name(file.path);
      if (!is_cpp(file.path)) continue;
      for (auto const& include : includes_of(file.text)) check_include(file.path, include);
      if (is_pure_core(file.path)) check_clocks(file);
    }
    return std::move(found_);
  }

 private:
  void report(std::string_view path, std::size_t line, std::string const& what) {
    found_.push_back(std::string{path} + ":" + std::to_string(line) + ": " + what);
  }

  // The file of this repository that an include means; nullopt for headers from elsewhere.
  std::optional<std::string> resolve(std::string const& from, include_line const& include) const {
    std::vector<std::string> candidates;
    if (include.quoted) {
      candidates.push_back((fs::path{from}.parent_path() / include.target).lexically_normal().generic_string());
      candidates.push_back(std::string{top_folder(from)} + "/src/" + include.target);
      if (top_folder(from) == "tests") candidates.push_back("tests/" + include.target);
      candidates.push_back(fs::path{include.target}.lexically_normal().generic_string());
    }
    for (auto const& folder : folders) {
      candidates.push_back(std::string{folder.name} + "/include/" + include.target);
      if (include.quoted) candidates.push_back(std::string{folder.name} + "/src/" + include.target);
    }
    for (auto const& candidate : candidates) {
      if (paths_.contains(candidate)) return candidate;
    }
    return std::nullopt;
  }

  // The folder that an include reaches into, also where the file itself is not there.
  std::optional<std::string> folder_of(std::string const& from, include_line const& include) const {
    if (auto const file = resolve(from, include)) return std::string{top_folder(*file)};
    std::string_view const target = include.target;
    if (!target.starts_with("skein/")) return std::nullopt;
    auto const folder = top_folder(target.substr(6));
    return rank_of(folder) ? std::optional{std::string{folder}} : std::nullopt;
  }

  void check_include(std::string const& path, include_line const& include) {
    auto const from = top_folder(path);
    auto const from_rank = rank_of(from);
    if (!from_rank) return;
    if (auto const target = folder_of(path, include); target && *target != from) {
      if (*rank_of(*target) >= *from_rank) {
        report(path, include.line, "includes " + include.target + " of " + *target + "/, which is not to the left of " + std::string{from} +
                                       "/ (registry <- tracing <- bus <- agents <- orchestrator <- cli, examples, tests, bench)");
      }
      auto const file = resolve(path, include);
      bool const may_look_inside = from == "tests" || from == "bench";
      if (file && is_private_header(*file) && !may_look_inside) {
        report(path, include.line, "includes " + *file + ", a private header of " + *target + "/");
      }
    }
    if (is_public_header(path)) check_public(path, include);
    if (is_pure_core(path) && names_one_of(include.target, outside_pure_core)) {
      report(path, include.line, "includes " + include.target + "; the blackboard is a pure state machine");
    }
  }

  void check_public(std::string const& path, include_line const& include) {
    if (names_one_of(include.target, hidden_from_users)) {
      report(path, include.line, "a public header includes " + include.target + "; keep it in a .cpp file");
    }
    if (include.quoted) {
      report(path, include.line, "a public header includes \"" + include.target + "\"; write <skein/...>, private headers are not installed");
    }
  }

  void check_clocks(source_file const& file) {
    for (std::string_view const clock : {"system_clock", "steady_clock"}) {
      auto const at = file.text.find(clock);
      if (at == std::string::npos) continue;
      auto const line = 1 + std::count(file.text.begin(), file.text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
      report(file.path, static_cast<std::size_t>(line), "names " + std::string{clock} + "; the blackboard is told the time");
    }
  }

  void check_name(std::string const& path) {
    static std::regex const snake_case{"[a-z0-9]+(_[a-z0-9]+)*"};
    fs::path const whole{path};
    if (whole.filename() == "CMakeLists.txt") return;
    for (auto const& part : whole) {
      auto const name = part == whole.filename() ? part.stem().string() : part.string();
      if (!std::regex_match(name, snake_case)) report(path, 0, "the name " + part.string() + " is not snake_case");
    }
  }

  std::vector<source_file> const& files_;
  std::set<std::string> paths_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> violations(std::vector<source_file> const& files) { return checker{files}.run(); }

std::vector<source_file> read_sources(std::string const& root) {
  static std::set<std::string> const extensions{".cpp", ".hpp", ".c", ".h", ".cc", ".hh", ".py", ".sh", ".cmake"};
  std::vector<source_file> sources;
  auto const read = [&](fs::path const& folder) {
    if (!fs::exists(folder)) return;
    for (auto const& entry : fs::recursive_directory_iterator{folder}) {
      if (!entry.is_regular_file() || !extensions.contains(entry.path().extension().string())) continue;
      std::ifstream in{entry.path(), std::ios::binary};
      sources.push_back({fs::relative(entry.path(), root).generic_string(), {std::istreambuf_iterator<char>{in}, {}}});
    }
  };
  for (auto const& folder : folders) read(fs::path{root} / folder.name);
  read(fs::path{root} / "cmake");
  return sources;
}

}  // namespace skein::project
