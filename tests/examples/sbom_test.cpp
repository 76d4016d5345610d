// The program on a root file system with known answers.
#include "support/fixture_root.hpp"
#include "support/program.hpp"
#include "support/spdx_rules.hpp"

#include <skein/tracing/trace_store.hpp>

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

using namespace sbom::testing;
using nlohmann::json;

std::string content_of(std::string const& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

bool contains(std::string const& text, std::string_view part) { return text.find(part) != std::string::npos; }

std::vector<std::string> comments_of(json const& package) {
  std::vector<std::string> all;
  for (auto const& annotation : package.value("annotations", json::array())) all.push_back(annotation["comment"]);
  return all;
}

class sbom_program : public ::testing::Test {
 protected:
  outcome run(arguments more = {}, std::string const& epoch = "1700000000") {
    more.insert(more.begin(), {"--root", root.path()});
    return run_sbom(root.work(), more, epoch);
  }
  [[nodiscard]] std::string written() const { return content_of(root.work() + "/sbom.spdx.json"); }
  [[nodiscard]] json document() const { return json::parse(written()); }
  [[nodiscard]] json package(std::string const& name) const {
    auto const made = document();
    for (auto const& one : made["packages"]) {
      if (one["name"] == name) return one;
    }
    ADD_FAILURE() << "there is no package " << name;
    return {};
  }

  fixture_root root;
};

TEST_F(sbom_program, says_what_it_found) {
  add_known_packages(root);
  auto const done = run();
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(done.err, "");
  auto const summary = done.out.substr(0, done.out.find("\n\n"));
  EXPECT_EQ(summary,
            "Fixture \"1\"\n"
            "  packages  5 installed, 2 known but not installed\n"
            "  files     5 of 11 hashed, 30 B (at most 20 files of each package, none over 1.0 MB; --all hashes every one)\n"
            "  licences  3 of the packages say theirs, 2 do not\n"
            "  findings  14\n"
            "    3 missing\n"
            "      beta  usr/beta/dangling\n"
            "      beta  usr/beta/missing\n"
            "      latin  usr/share/t\\xE9\n"
            "    1 changed\n"
            "      beta  usr/beta/changed\n"
            "    3 unreadable\n"
            "      beta  usr/beta/folder (is a folder, not a file)\n"
            "      beta  usr/beta/loop (Too many levels of symbolic links)\n"
            "      beta  usr/beta/pipe (is a pipe, not a file)\n"
            "    1 unchecked\n"
            "      meta+  var/lib/dpkg/info/meta+.md5sums (there are no checksums)\n"
            "    2 no copyright\n"
            "      beta  usr/share/doc/beta/copyright\n"
            "      meta+  usr/share/doc/meta+/copyright\n"
            "    4 malformed\n"
            "      var/lib/dpkg/status:49 (is neither `Field: value` nor a continuation)\n"
            "      var/lib/dpkg/status:44 (half is half-installed, neither installed nor removed)\n"
            "      var/lib/dpkg/status:48 (broken is installed and has no Version)\n"
            "      beta  var/lib/dpkg/info/beta.md5sums:3 (is not a checksum and a path)\n"
            "  written   sbom.spdx.json, " +
                summary.substr(summary.rfind(", ") + 2));
}

TEST_F(sbom_program, writes_a_document_that_keeps_the_rules_of_spdx) {
  add_known_packages(root);
  ASSERT_EQ(run().code, 0);
  auto const broken = spdx_violations(written());
  EXPECT_TRUE(broken.empty()) << ::testing::PrintToString(broken);
}

TEST_F(sbom_program, describes_each_package) {
  add_known_packages(root);
  ASSERT_EQ(run().code, 0);
  auto const made = document();
  EXPECT_EQ(made["creationInfo"]["created"], "2023-11-14T22:13:20Z");
  EXPECT_EQ(made["name"], "Fixture \"1\"");
  EXPECT_EQ(made["packages"].size(), 6u);
  EXPECT_EQ(made["relationships"].size(), 6u);

  auto const alpha = package("alpha");
  EXPECT_EQ(alpha["SPDXID"], "SPDXRef-Package-alpha-amd64");
  EXPECT_EQ(alpha["versionInfo"], "1:1.2+b1");
  EXPECT_EQ(alpha["supplier"], "Person: Ada L. (ada@example.org)");
  EXPECT_EQ(alpha["homepage"], "https://example.org/alpha");
  EXPECT_EQ(alpha["sourceInfo"], "built from the Debian source package alpha-source");
  EXPECT_EQ(alpha["licenseDeclared"], "(Artistic-1.0-Perl OR GPL-2.0-or-later) AND LicenseRef-Zlib-like");
  EXPECT_EQ(alpha["externalRefs"][0]["referenceLocator"], "pkg:deb/debian/alpha@1%3A1.2%2Bb1?arch=amd64");
  EXPECT_EQ(alpha["comment"], "hashed 2 of 2 recorded files");
  EXPECT_FALSE(alpha.contains("annotations"));

  EXPECT_EQ(package("gamma")["licenseDeclared"], alpha["licenseDeclared"]) << "its copyright is an absolute link";
  EXPECT_FALSE(package("gamma").contains("annotations")) << "its conffile may change, its other file was diverted";
  EXPECT_EQ(package("meta+")["SPDXID"], "SPDXRef-Package-meta-plus");
}

TEST_F(sbom_program, makes_findings_annotations) {
  add_known_packages(root);
  ASSERT_EQ(run().code, 0);
  EXPECT_EQ(comments_of(package("beta")),
            (std::vector<std::string>{
                "no copyright: usr/share/doc/beta/copyright", "malformed: var/lib/dpkg/info/beta.md5sums:3 (is not a checksum and a path)",
                "changed: usr/beta/changed (md5 591785b794601e212b260e25925636fd instead of b1946ac92492d2347c6235b4d2611184)",
                "missing: usr/beta/dangling", "unreadable: usr/beta/folder (is a folder, not a file)",
                "unreadable: usr/beta/loop (Too many levels of symbolic links)", "missing: usr/beta/missing",
                "unreadable: usr/beta/pipe (is a pipe, not a file)"}));
  EXPECT_EQ(comments_of(package("Fixture \"1\"")).size(), 3u) << "of the database itself";
}

TEST_F(sbom_program, shows_bytes_that_are_no_text) {
  add_known_packages(root);
  ASSERT_EQ(run().code, 0);
  auto const latin = package("latin");
  EXPECT_EQ(latin["supplier"], "Person: Andr\\xE9 (a@example.org)");
  EXPECT_EQ(latin["licenseDeclared"], "LicenseRef-common-licenses-GPL-2");
  EXPECT_EQ(comments_of(latin), std::vector<std::string>{"missing: usr/share/t\\xE9"});
  EXPECT_EQ(latin["comment"], "hashed 1 of 2 recorded files");
}

TEST_F(sbom_program, writes_the_same_bytes_whatever_the_number_of_threads) {
  add_known_packages(root);
  ASSERT_EQ(run({"--threads", "0"}).code, 0);
  auto const first = written();
  for (auto const* threads : {"1", "4"}) {
    ASSERT_EQ(run({"--threads", threads}).code, 0);
    EXPECT_EQ(written(), first) << threads << " threads";
  }
}

TEST_F(sbom_program, names_the_document_by_its_content) {
  root.package("one", "");
  ASSERT_EQ(run().code, 0);
  auto const first = document()["documentNamespace"];
  ASSERT_EQ(run({}, "1700000001").code, 0);
  EXPECT_NE(document()["documentNamespace"], first);
  EXPECT_EQ(document()["name"], "a Debian system");
}

TEST_F(sbom_program, takes_the_time_of_day_without_an_epoch) {
  root.package("one", "");
  ASSERT_EQ(run({}, "").code, 0);
  EXPECT_GT(document()["creationInfo"]["created"].get<std::string>(), "2024");
}

TEST_F(sbom_program, hashes_a_bounded_sample_unless_told_all) {
  std::string sums;
  for (int number = 100; number < 150; ++number) {
    auto const path = "usr/share/many/" + std::to_string(number);
    root.file(path, "hello\n");
    sums += std::string{hello_md5} + "  " + path + '\n';
  }
  root.sparse_file("usr/share/many/large", 1'000'001);
  root.package("many", sums + "00000000000000000000000000000000  usr/share/many/large\n");
  ASSERT_EQ(run().code, 0);
  EXPECT_EQ(package("many")["comment"], "hashed 20 of 51 recorded files");
  EXPECT_EQ(document()["comment"], "Hashed: at most 20 files of each package, none over 1.0 MB.");
  ASSERT_EQ(run({"--all"}).code, 0);
  EXPECT_EQ(package("many")["comment"], "hashed 51 of 51 recorded files");
  EXPECT_TRUE(comments_of(package("many")).back().starts_with("changed: usr/share/many/large"));
  EXPECT_EQ(document()["comment"], "Hashed: every recorded file.");
}

TEST_F(sbom_program, takes_more_packages_than_fit_into_one_batch) {
  for (int number = 1000; number < 1300; ++number) root.package("p" + std::to_string(number), "");
  auto const done = run();
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(document()["packages"].size(), 301u);
  EXPECT_TRUE(contains(done.out, "publish dpkg.package ×300")) << done.out;
  ASSERT_EQ(run({"--limit", "7"}).code, 0);
  EXPECT_EQ(document()["packages"].size(), 8u);
}

TEST_F(sbom_program, shows_the_slowest_agents_and_the_folded_trace_of_its_run) {
  add_known_packages(root);
  auto const done = run({"--threads", "1"});
  skein::trace_store const traces{root.work() + "/.skein/traces.db"};
  auto const runs = traces.runs();
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].name, "sbom");
  EXPECT_EQ(runs[0].status, skein::run_status::completed);
  EXPECT_TRUE(contains(runs[0].attributes, "\"packages\":5")) << runs[0].attributes;
  EXPECT_TRUE(contains(runs[0].attributes, "\"root\":")) << runs[0].attributes;
  EXPECT_TRUE(contains(done.out, "slowest agents")) << done.out;
  EXPECT_TRUE(contains(done.out, "\ntrace " + runs[0].id.to_string() + " in .skein/traces.db\nsbom ")) << done.out;
  EXPECT_TRUE(contains(done.out, "├─ publish dpkg.package ×5 ")) << done.out;
  EXPECT_TRUE(contains(done.out, "invoke_agent file_hasher ×5 ")) << done.out;
  EXPECT_TRUE(contains(done.out, "publish sbom.component ×")) << done.out;
}

TEST_F(sbom_program, fails_without_a_package_database) {
  auto const done = run();
  EXPECT_EQ(done.code, 1);
  EXPECT_EQ(done.err, "sbom: var/lib/dpkg/status: No such file or directory (not_found)\n");
  EXPECT_EQ(skein::trace_store{root.work() + "/.skein/traces.db"}.runs().at(0).status, skein::run_status::failed);
}

TEST_F(sbom_program, fails_when_the_document_cannot_be_written) {
  root.package("one", "");
  auto const nowhere = run({"--output", "no/such/folder/file"});
  EXPECT_EQ(nowhere.code, 1);
  EXPECT_TRUE(contains(nowhere.err, "no/such/folder/file: cannot be written: No such file or directory; pass another --output"))
      << nowhere.err;
  auto const full = run({"--output", "/dev/full"});
  EXPECT_EQ(full.code, 1);
  EXPECT_TRUE(contains(full.err, "/dev/full: cannot be written: No space left on device")) << full.err;
}

TEST_F(sbom_program, does_its_work_where_no_traces_can_be_written) {
  root.package("one", "");
  std::ofstream{root.work() + "/.skein"} << "in the way";
  auto const done = run();
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_TRUE(contains(done.out, "\nno trace: ")) << done.out;
  EXPECT_EQ(document()["packages"].size(), 2u);
}

TEST_F(sbom_program, refuses_wrong_usage) {
  root.package("one", "");
  EXPECT_EQ(run({"--nonsense"}).code, 2);
  EXPECT_EQ(run({"--threads", "many"}).code, 2);
  EXPECT_EQ(run_sbom(root.work(), {"--root", "/no/such/folder"}).code, 2);
  auto const epoch = run({}, "yesterday");
  EXPECT_EQ(epoch.code, 2);
  EXPECT_TRUE(contains(epoch.err, "SOURCE_DATE_EPOCH")) << epoch.err;
  EXPECT_FALSE(std::filesystem::exists(root.work() + "/.skein")) << "nothing has begun";
  auto const help = run({"--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_TRUE(contains(help.out, "--root")) << help.out;
}

}  // namespace
