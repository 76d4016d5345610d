// What the parsers of sbom make of good and of bad input.
#include "sbom/control_file.hpp"
#include "sbom/copyright.hpp"
#include "sbom/dpkg.hpp"
#include "sbom/spdx_licences.hpp"
#include "sbom/text.hpp"

#include <gtest/gtest.h>

namespace sbom {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

std::string expression(std::string_view synopsis) {
  auto const made = from_debian(synopsis);
  return made ? made->text() : "(prose)";
}

std::vector<std::string> faults_of(std::string_view text) {
  std::vector<std::string> all;
  for (auto const& fault : parse_control_file(text).faults) all.push_back(std::to_string(fault.line) + ' ' + fault.what);
  return all;
}

std::vector<std::string> places_of(std::vector<finding> const& findings) {
  std::vector<std::string> all;
  for (auto const& one : findings) all.push_back(one.where);
  return all;
}

TEST(sbom_text, shows_what_is_no_utf_8) {
  EXPECT_EQ(visible("plain ä €  😀"), "plain ä €  😀");
  EXPECT_EQ(visible("caf\xE9"), "caf\\xE9");
  EXPECT_EQ(visible("\x1B[31m\n\x7F"), "\\x1B[31m\\x0A\\x7F");
  EXPECT_EQ(visible("\xC0\xAF"), "\\xC0\\xAF") << "overlong";
  EXPECT_EQ(visible("\xED\xA0\x80"), "\\xED\\xA0\\x80") << "a surrogate";
  EXPECT_EQ(visible("\xF4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80") << "past U+10FFFF";
  EXPECT_EQ(visible("\xE2\x82"), "\\xE2\\x82") << "cut off";
}

TEST(sbom_control_file, reads_stanzas_fields_and_continuations) {
  auto const file = parse_control_file("# a comment\nA: 1\nB:\n x\n  y\n .\n\n\n\nC: 3");
  ASSERT_EQ(file.stanzas.size(), 2u);
  EXPECT_EQ(file.stanzas[0].line, 2u);
  EXPECT_EQ(file.stanzas[0].value("a"), "1");
  EXPECT_EQ(file.stanzas[0].value("B"), "\nx\n y\n.");
  EXPECT_EQ(file.stanzas[0].find("C"), nullptr);
  EXPECT_EQ(file.stanzas[1].line, 10u);
  EXPECT_EQ(file.stanzas[1].value("C"), "3");
  EXPECT_TRUE(file.faults.empty());
}

TEST(sbom_control_file, keeps_what_is_right_around_bad_lines) {
  std::string_view const text = " lost\nA: 1\nno field\n its continuation\nA: again\n-B: 2\n: 3\nC: 4\n";
  EXPECT_EQ(faults_of(text),
            (std::vector<std::string>{"1 continues no field", "3 is neither `Field: value` nor a continuation", "5 repeats the field A",
                                      "6 is neither `Field: value` nor a continuation", "7 is neither `Field: value` nor a continuation"}));
  auto const file = parse_control_file(text);
  ASSERT_EQ(file.stanzas.size(), 1u);
  EXPECT_EQ(file.stanzas[0].value("A"), "1");
  EXPECT_EQ(file.stanzas[0].value("C"), "4");
}

TEST(sbom_control_file, takes_carriage_returns_and_any_bytes) {
  auto const file = parse_control_file("A: 1\r\nB:\r\n x\r\n\r\nC: \xFF\0\x80\n"sv);
  ASSERT_EQ(file.stanzas.size(), 2u);
  EXPECT_EQ(file.stanzas[0].value("A"), "1");
  EXPECT_EQ(file.stanzas[0].value("B"), "\nx");
  EXPECT_EQ(file.stanzas[1].value("C"), "\xFF\0\x80"sv);
  EXPECT_TRUE(parse_control_file("").stanzas.empty());
  EXPECT_TRUE(parse_control_file("\n\n \n").stanzas.empty());
}

TEST(sbom_dpkg, lists_installed_packages_by_id) {
  auto const made = parse_status(
      "Package: zeta\nStatus: install ok installed\nVersion: 2\nArchitecture: all\n\n"
      "Package: lib\nStatus: install ok installed\nVersion: 1\nArchitecture: i386\nMulti-Arch: same\n\n"
      "Package: lib\nStatus: hold ok installed\nVersion: 1\nArchitecture: amd64\nMulti-Arch: same\n\n"
      "Package: gone\nStatus: purge ok not-installed\n\n"
      "Package: left\nStatus: deinstall ok config-files\nVersion: 1\n");
  ASSERT_EQ(made.packages.size(), 3u);
  EXPECT_EQ(made.packages[0].id, "lib:amd64");
  EXPECT_EQ(made.packages[1].id, "lib:i386");
  EXPECT_EQ(made.packages[2].id, "zeta");
  EXPECT_EQ(made.not_installed, 2u);
  EXPECT_TRUE(made.findings.empty());
  EXPECT_EQ(md5sums_paths(made.packages[0]),
            (std::vector<std::string>{"var/lib/dpkg/info/lib:amd64.md5sums", "var/lib/dpkg/info/lib.md5sums"}));
}

TEST(sbom_dpkg, names_the_line_of_a_malformed_stanza) {
  auto const made = parse_status(
      "Status: install ok installed\nVersion: 1\n\n"
      "Package: ../../etc\nStatus: install ok installed\n\n"
      "Package: a\nVersion: 1\n\n"
      "Package: b\nStatus: installed\n\n"
      "Package: c\nStatus: install ok installed\nVersion: 1\n\n"
      "Package: d\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n"
      "Package: d\nStatus: install ok installed\nVersion: 2\nArchitecture: all\n");
  std::string const file{status_path};
  EXPECT_EQ(places_of(made.findings),
            (std::vector<std::string>{file + ":1", file + ":4", file + ":7", file + ":11", file + ":13", file + ":22"}));
  ASSERT_EQ(made.packages.size(), 1u);
  EXPECT_EQ(made.packages[0].version, "1");
}

TEST(sbom_dpkg, reads_checksums_and_names_bad_lines) {
  std::string const sum(32, 'a');
  auto const made = parse_md5sums(sum + "  /usr/b\n" + sum + " *usr/a b \\x2d\n\nshort  usr/c\n" + sum + " usr/d\n" + std::string(32, 'G') +
                                      "  usr/e\n" + sum + "  \n" + std::string(32, 'B') + "  usr/b\n" + sum + "  usr/\0f\n"s,
                                  "sums");
  ASSERT_EQ(made.files.size(), 2u);
  EXPECT_EQ(made.files[0].path, "usr/a b \\x2d");
  EXPECT_EQ(made.files[1].path, "usr/b");
  EXPECT_EQ(made.files[1].md5, sum) << "the first line counts";
  EXPECT_EQ(places_of(made.findings), (std::vector<std::string>{"sums:4", "sums:5", "sums:6", "sums:7", "sums:9"}));
}

TEST(sbom_dpkg, follows_diversions_but_for_the_diverting_package) {
  diversions const moved{"/usr/bin/sh\n/usr/bin/sh.old\ndash\n/usr/bin/x\n/usr/bin/x.local\n:\n/incomplete\n/rest\n"};
  EXPECT_EQ(moved.place_of("usr/bin/sh", "bash"), "usr/bin/sh.old");
  EXPECT_EQ(moved.place_of("usr/bin/sh", "dash"), "usr/bin/sh");
  EXPECT_EQ(moved.place_of("usr/bin/x", "any"), "usr/bin/x.local") << "the administrator moved it";
  EXPECT_EQ(moved.place_of("incomplete", "any"), "incomplete");
}

TEST(sbom_licences, are_spdx_identifiers_where_there_are_some) {
  EXPECT_EQ(expression("GPL-2+"), "GPL-2.0-or-later");
  EXPECT_EQ(expression("GPLv3"), "GPL-3.0-only");
  EXPECT_EQ(expression("LGPL-2.1"), "LGPL-2.1-only");
  EXPECT_EQ(expression("GPL-2.0-or-later"), "GPL-2.0-or-later");
  EXPECT_EQ(expression("GFDL-NIV-1.3+"), "GFDL-1.3-no-invariants-or-later");
  for (auto const* same : {"0BSD", "CC-BY-SA-4.0", "MIT", "ZPL-2.1"}) EXPECT_EQ(expression(same), same);
  EXPECT_EQ(expression("Expat"), "MIT");
  EXPECT_EQ(expression("bsd-3-CLAUSE"), "BSD-3-Clause");
  EXPECT_EQ(expression("Perl"), "Artistic-1.0-Perl OR GPL-1.0-or-later");
  EXPECT_EQ(expression("GPL-3+ with Bison exception"), "GPL-3.0-or-later WITH Bison-exception-2.2");
  EXPECT_EQ(expression("GPL-2+ with Autoconf exception"), "GPL-2.0-or-later WITH Autoconf-exception-2.0");
}

TEST(sbom_licences, are_references_where_there_are_none) {
  EXPECT_EQ(expression("GPL"), "LicenseRef-GPL");
  EXPECT_EQ(expression("GPL-9+"), "LicenseRef-GPL-9-or-later");
  EXPECT_EQ(expression("GPL-2-oracle"), "LicenseRef-GPL-2-oracle");
  EXPECT_EQ(expression("public_domain"), "LicenseRef-public-domain");
  EXPECT_EQ(expression("GPL-2+ with OpenSSL exception"), "LicenseRef-GPL-2-or-later-with-OpenSSL-exception");
  EXPECT_EQ(from_debian("my_own")->custom, (std::vector<custom_licence>{{"LicenseRef-my-own", "my_own"}}));
}

TEST(sbom_licences, keep_the_precedence_of_debians_grammar) {
  EXPECT_EQ(expression("MIT or ISC and Zlib"), "(ISC AND Zlib) OR MIT");
  EXPECT_EQ(expression("MIT or ISC, and Zlib"), "(ISC OR MIT) AND Zlib");
  EXPECT_EQ(expression("Zlib and MIT, or ISC and X11"), "(ISC AND X11) OR (MIT AND Zlib)");
  EXPECT_EQ(expression("MIT AND MIT and ISC"), "ISC AND MIT");
  EXPECT_EQ(expression("Perl and MIT"), "(Artistic-1.0-Perl OR GPL-1.0-or-later) AND MIT");
}

TEST(sbom_licences, are_not_made_of_prose) {
  for (auto const* text : {"", ",", "and", "MIT or", "Permission is hereby granted, free of charge", "GPL-2 with", "GPL-2 with exception",
                           "caf\xE9", "MIT; ISC", "MIT, ISC"}) {
    EXPECT_EQ(expression(text), "(prose)") << text;
  }
  EXPECT_EQ(expression(std::string(61, 'x')), "(prose)");
}

TEST(sbom_copyright, takes_the_licences_of_the_header_and_of_files) {
  auto const facts = parse_copyright(
      "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nLicense: Zlib\n\n"
      "Files: *\nCopyright: x\nLicense: MIT\n Text of the licence.\n\nFiles: b\nLicense: MIT\n\nFiles: c\nLicense: ISC or own\n\n"
      "License: unused\n Text.\n",
      "copyright");
  EXPECT_EQ(facts.expression, "(ISC OR LicenseRef-own) AND MIT AND Zlib");
  EXPECT_EQ(facts.custom, (std::vector<custom_licence>{{"LicenseRef-own", "own"}}));
  EXPECT_TRUE(facts.findings.empty());
}

TEST(sbom_copyright, names_the_line_of_a_licence_in_prose) {
  auto const facts = parse_copyright(
      "Format: x\n\nFiles: *\nLicense: Do what you want\n\nFiles: b\nLicense:\n Text\n\nFiles: c\nLicense: MIT\n", "copyright");
  EXPECT_EQ(facts.expression, "MIT");
  EXPECT_EQ(facts.findings, (std::vector<finding>{{finding_kind::unclear_licence, "copyright:4", "the License field is prose, not names"},
                                                  {finding_kind::unclear_licence, "copyright:7", "the License field has no name"}}));
}

TEST(sbom_copyright, falls_back_to_common_licences) {
  auto const facts = parse_copyright(
      "See /usr/share/common-licenses/GPL-2.\n/usr/share/common-licenses/Apache-2.0, /usr/share/common-licenses/GPL-2\n"
      "/usr/share/common-licenses/",
      "copyright");
  EXPECT_EQ(facts.expression, "Apache-2.0 AND LicenseRef-common-licenses-GPL-2");
  EXPECT_EQ(facts.custom, (std::vector<custom_licence>{{"LicenseRef-common-licenses-GPL-2", "/usr/share/common-licenses/GPL-2"}}));
}

TEST(sbom_copyright, says_when_it_understands_nothing) {
  for (auto const text : {""sv, "free for all"sv, "\xFF\xFE\0\0"sv, "Format: x\n\nFiles: *\n"sv}) {
    auto const facts = parse_copyright(text, "copyright");
    EXPECT_EQ(facts.expression, "");
    ASSERT_EQ(facts.findings.size(), 1u);
    EXPECT_EQ(facts.findings[0].kind, finding_kind::unclear_licence);
  }
}

TEST(sbom_copyright, bounds_what_it_says_of_one_file) {
  std::string text = "Format: x\n";
  for (int line = 0; line < 1000; ++line) text += "not a field\n";
  EXPECT_EQ(parse_copyright(text, "copyright").findings.size(), 11u) << "ten lines, and that there is no licence";
}

}  // namespace
}  // namespace sbom
