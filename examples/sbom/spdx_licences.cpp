#include "spdx_licences.hpp"

#include "text.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace sbom {
namespace {

using shape = licence_expression::shape;
using name_pair = std::pair<std::string_view, std::string_view>;

/// SPDX identifiers that Debian uses too, in whatever case.
constexpr std::string_view identifiers =
    "0BSD AFL-2.0 AFL-2.1 Apache-1.1 Apache-2.0 Artistic-1.0-Perl Artistic-2.0 Beerware BSD-1-Clause BSD-2-Clause BSD-3-Clause "
    "BSD-3-Clause-Clear BSD-4-Clause BSD-4-Clause-UC BSL-1.0 bzip2-1.0.6 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-2.5 CC-BY-SA-3.0 "
    "CC-BY-SA-4.0 CC0-1.0 CDDL-1.0 CPL-1.0 curl EPL-1.0 EPL-2.0 FSFAP FSFUL FSFULLR FTL HPND ICU IJG IPL-1.0 ISC Libpng LPPL-1.3c "
    "MIT MIT-CMU MPL-1.1 MPL-2.0 MS-PL NCSA NTP OFL-1.1 OLDAP-2.8 OpenSSL PHP-3.01 PostgreSQL PSF-2.0 QPL-1.0 Ruby Sleepycat TCL "
    "Unicode-DFS-2015 Unicode-DFS-2016 Unlicense UPL-1.0 Vim W3C WTFPL X11 Zlib ZPL-2.0 ZPL-2.1";

/// Lower-case Debian name → SPDX identifier, where they differ. Names that mean different texts in different packages (`BSD`,
/// `permissive`, `MIT-style`) are left out on purpose.
constexpr std::array aliases{
    name_pair{"apache-2", "Apache-2.0"},
    name_pair{"artistic", "Artistic-1.0-Perl"},
    name_pair{"artistic-2", "Artistic-2.0"},
    name_pair{"cc0", "CC0-1.0"},
    name_pair{"expat", "MIT"},
    name_pair{"openldap-2.8", "OLDAP-2.8"},
    name_pair{"psf-2", "PSF-2.0"},
};

/// Lower-case `licence with exception`, both as Debian writes them, by what precedes ` exception` → SPDX identifier of the exception.
constexpr std::array exceptions{
    name_pair{"autoconf", "Autoconf-exception-3.0"},
    name_pair{"bison", "Bison-exception-2.2"},
    name_pair{"classpath", "Classpath-exception-2.0"},
    name_pair{"font", "Font-exception-2.0"},
    name_pair{"gcc", "GCC-exception-3.1"},
    name_pair{"libtool", "Libtool-exception"},
    name_pair{"linux-syscall-note", "Linux-syscall-note"},
    name_pair{"llvm", "LLVM-exception"},
};

template <std::size_t N>
std::string_view found_in(std::array<name_pair, N> const& table, std::string_view key) {
  auto const found = std::find_if(table.begin(), table.end(), [&](auto const& pair) { return pair.first == key; });
  return found == table.end() ? std::string_view{} : found->second;
}

bool eat(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// `gpl-2+`, `lgplv2.1`, `gfdl-niv-1.3+`, `gpl-3.0-or-later` → GPL-2.0-or-later, …; empty when it is none of them.
std::string gnu_licence(std::string_view name) {
  struct family {
    std::string_view prefix, spdx;
    std::array<std::string_view, 3> versions;
  };
  constexpr std::array families{family{"lgpl", "LGPL-", {"2", "2.1", "3"}}, family{"agpl", "AGPL-", {"1", "3", ""}},
                                family{"gpl", "GPL-", {"1", "2", "3"}}, family{"gfdl", "GFDL-", {"1.1", "1.2", "1.3"}}};
  auto const which = std::find_if(families.begin(), families.end(), [&](auto const& each) { return name.starts_with(each.prefix); });
  if (which == families.end()) return {};
  name.remove_prefix(which->prefix.size());
  bool const invariant_free = which->prefix == "gfdl" && eat(name, "-niv");
  if (!eat(name, "-v")) (void)(eat(name, "-") || eat(name, "v"));
  auto const digits = name.find_first_not_of("0123456789.");
  auto version = name.substr(0, digits);
  auto const rest = digits == std::string_view::npos ? std::string_view{} : name.substr(digits);
  if (version.size() > 2 && version.ends_with(".0")) version.remove_suffix(2);
  if (version.empty() || std::find(which->versions.begin(), which->versions.end(), version) == which->versions.end()) return {};
  bool const later = rest == "+" || rest == "-or-later";
  if (!later && !rest.empty() && rest != "-only") return {};
  std::string spdx{which->spdx};
  spdx += version;
  if (version.find('.') == std::string_view::npos) spdx += ".0";
  if (invariant_free) spdx += "-no-invariants";
  return spdx + (later ? "-or-later" : "-only");
}

licence_expression single(std::string text) { return {{std::move(text)}, shape::all, {}}; }

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

licence_expression custom(std::string_view id_text, std::string_view name) {
  std::string id = "LicenseRef-";
  for (std::size_t at = 0; at < id_text.size(); ++at) {
    char const c = id_text[at];
    bool const ends_word = at + 1 == id_text.size() || !is_letter_or_digit(id_text[at + 1]);
    if (c == '+' && ends_word) {
      id += "-or-later";
    } else {
      id += is_letter_or_digit(c) || c == '.' ? c : '-';
    }
  }
  return {{id}, shape::all, {{id, std::string{name}}}};
}

constexpr std::size_t name_length_max = 60;

bool is_name(std::string_view word) {
  return word.size() <= name_length_max && std::all_of(word.begin(), word.end(), [](char c) {
           return is_letter_or_digit(c) || std::string_view{".+-_/~"}.find(c) != std::string_view::npos;
         });
}

std::string identifier_of(std::string_view name) {
  auto const small = lower(name);
  for (auto const id : words_of(identifiers)) {
    if (lower(id) == small) return std::string{id};
  }
  if (auto const known = found_in(aliases, small); !known.empty()) return std::string{known};
  return gnu_licence(small);
}

/// The words between two operators: a name, or `name with … exception`.
std::optional<licence_expression> simple(std::vector<std::string_view> const& words) {
  if (words.empty() || !is_name(words[0])) return std::nullopt;
  auto const known = identifier_of(words[0]);
  if (words.size() == 1) {
    if (lower(words[0]) == "perl") return joined({single("Artistic-1.0-Perl"), single("GPL-1.0-or-later")}, shape::any);
    return known.empty() ? custom(words[0], words[0]) : single(known);
  }
  bool const well_formed = words.size() >= 4 && lower(words[1]) == "with" && lower(words.back()).starts_with("exception");
  std::string whole{words[0]};
  for (std::size_t at = 1; at < words.size(); ++at) whole += ' ' + std::string{words[at]};
  if (!well_formed || whole.size() > name_length_max || !std::all_of(words.begin(), words.end(), is_name)) return std::nullopt;
  auto exception = words.size() == 4 ? std::string{found_in(exceptions, lower(words[2]))} : std::string{};
  if (exception == "Autoconf-exception-3.0" && known.starts_with("GPL-2")) exception = "Autoconf-exception-2.0";
  if (exception == "GCC-exception-3.1" && known.starts_with("GPL-2")) exception = "GCC-exception-2.0";
  return known.empty() || exception.empty() ? custom(whole, whole) : single(known + " WITH " + exception);
}

/// Words, with the commas as words of their own.
std::vector<std::string_view> tokens_of(std::string_view text) {
  std::vector<std::string_view> tokens;
  for (auto word : words_of(text)) {
    bool const comma = word.ends_with(',');
    if (comma) word.remove_suffix(1);
    if (!word.empty()) tokens.push_back(word);
    if (comma) tokens.emplace_back(",");
  }
  return tokens;
}

/// From loosest to tightest: in Debian's grammar `and` binds tighter than `or`, and either binds loosest after a comma.
struct separator {
  bool after_comma;
  std::string_view word;
};
constexpr std::array precedence{separator{true, "or"}, separator{true, "and"}, separator{false, "or"}, separator{false, "and"}};

using token_list = std::vector<std::string_view>;

std::vector<token_list> split(token_list const& tokens, separator const& by) {
  std::vector<token_list> parts(1);
  for (std::size_t at = 0; at < tokens.size(); ++at) {
    bool const comma = tokens[at] == "," && at + 1 < tokens.size();
    if (by.after_comma && comma && lower(tokens[at + 1]) == by.word) {
      parts.emplace_back();
      ++at;
    } else if (!by.after_comma && lower(tokens[at]) == by.word) {
      parts.emplace_back();
    } else {
      parts.back().push_back(tokens[at]);
    }
  }
  return parts;
}

std::optional<licence_expression> parse(token_list const& tokens, std::size_t level) {
  if (level == precedence.size()) return simple(tokens);
  auto const parts = split(tokens, precedence[level]);
  if (parts.size() == 1) return parse(parts.front(), level + 1);
  std::vector<licence_expression> operands;
  for (auto const& part : parts) {
    auto one = parse(part, level + 1);
    if (!one) return std::nullopt;
    operands.push_back(std::move(*one));
  }
  return joined(operands, precedence[level].word == "or" ? shape::any : shape::all);
}

}  // namespace

std::string licence_expression::text() const {
  std::string out;
  for (auto const& one : operands) {
    if (!out.empty()) out += outermost == shape::any ? " OR " : " AND ";
    out += one;
  }
  return out;
}

licence_expression joined(std::vector<licence_expression> const& parts, shape how) {
  licence_expression made{{}, how, {}};
  for (auto const& one : parts) {
    if (one.operands.size() == 1 || one.outermost == how) {
      made.operands.insert(made.operands.end(), one.operands.begin(), one.operands.end());
    } else if (!one.operands.empty()) {
      made.operands.push_back('(' + one.text() + ')');
    }
    made.custom.insert(made.custom.end(), one.custom.begin(), one.custom.end());
  }
  std::sort(made.operands.begin(), made.operands.end());
  made.operands.erase(std::unique(made.operands.begin(), made.operands.end()), made.operands.end());
  std::sort(made.custom.begin(), made.custom.end(),
            [](auto const& a, auto const& b) { return std::tie(a.id, a.name) < std::tie(b.id, b.name); });
  made.custom.erase(std::unique(made.custom.begin(), made.custom.end()), made.custom.end());
  return made;
}

std::optional<licence_expression> from_debian(std::string_view synopsis) { return parse(tokens_of(synopsis), 0); }

licence_expression from_common_licence(std::string_view file_name) {
  constexpr std::array exact{name_pair{"Apache-2.0", "Apache-2.0"}, name_pair{"Artistic", "Artistic-1.0-Perl"},
                             name_pair{"BSD", "BSD-3-Clause"},      name_pair{"CC0-1.0", "CC0-1.0"},
                             name_pair{"MPL-1.1", "MPL-1.1"},       name_pair{"MPL-2.0", "MPL-2.0"}};
  if (auto const known = found_in(exact, file_name); !known.empty()) return single(std::string{known});
  std::string const name{file_name};
  return custom("common-licenses-" + name, "/usr/share/common-licenses/" + name);
}

}  // namespace sbom
