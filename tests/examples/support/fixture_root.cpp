#include "fixture_root.hpp"

#include <fstream>
#include <stdexcept>

#include <sys/stat.h>

namespace sbom::testing {

namespace fs = std::filesystem;

fixture_root::fixture_root() {
  fs::create_directories(path());
  fs::create_directories(work());
}

fs::path fixture_root::made(std::string const& path) const {
  fs::path const whole = fs::path{this->path()} / path;
  fs::create_directories(whole.parent_path());
  return whole;
}

void fixture_root::file(std::string const& path, std::string_view content) {
  std::ofstream out{made(path), std::ios::binary};
  out << content;
  if (!out.flush()) throw std::runtime_error{"cannot write " + path};
}

void fixture_root::link(std::string const& path, std::string const& target) { fs::create_symlink(target, made(path)); }
void fixture_root::folder(std::string const& path) { fs::create_directories(made(path)); }

void fixture_root::pipe(std::string const& path) {
  if (::mkfifo(made(path).c_str(), 0600) != 0) throw std::runtime_error{"cannot make the pipe " + path};
}

void fixture_root::sparse_file(std::string const& path, std::uint64_t bytes) {
  file(path, "");
  fs::resize_file(made(path), bytes);
}

void fixture_root::status(std::string_view text) {
  std::ofstream out{made("var/lib/dpkg/status"), std::ios::binary | std::ios::app};
  out << text;
}

void fixture_root::package(std::string const& name, std::string const& md5sums) {
  status("Package: " + name + "\nStatus: install ok installed\nVersion: 1.0\nArchitecture: all\n\n");
  file("var/lib/dpkg/info/" + name + ".md5sums", md5sums);
}

void add_known_packages(fixture_root& root) {
  std::string const hello{hello_md5}, world{world_md5};
  root.file("etc/os-release", "ID=debian\nPRETTY_NAME=\"Fixture \\\"1\\\"\"\n");

  // All is well: several architectures, a machine-readable copyright file, a path through a link of merged /usr.
  root.status(
      "Package: alpha\nStatus: install ok installed\nMaintainer: Ada L. <ada@example.org>\nArchitecture: amd64\nMulti-Arch: same\n"
      "Source: alpha-source (1.1)\nVersion: 1:1.2+b1\nDescription: short\n long\n .\n more\nHomepage: https://example.org/alpha\n\n");
  root.link("bin", "usr/bin");
  root.file("usr/bin/alpha", "hello\n");
  root.file("usr/share/alpha/a file", "world\n");
  root.file("var/lib/dpkg/info/alpha:amd64.md5sums", hello + "  bin/alpha\n" + world + "  usr/share/alpha/a file\n");
  root.file("usr/share/doc/alpha/copyright",
            "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: 2020 Ada\n"
            "License: GPL-2+ or Artistic, and Zlib-like\n\nLicense: GPL-2+\n Text.\n");

  // Everything about files that can be wrong, and no copyright file.
  root.package("beta", hello + "  usr/beta/changed\n" + hello + "  usr/beta/folder\nno checksum at all\n" + hello + "  usr/beta/loop\n" +
                           hello + "  usr/beta/missing\n" + hello + "  usr/beta/pipe\n" + hello + "  usr/beta/dangling\n");
  root.file("usr/beta/changed", "world\n");
  root.folder("usr/beta/folder");
  root.link("usr/beta/loop", "loop");
  root.link("usr/beta/dangling", "/nowhere");
  root.pipe("usr/beta/pipe");

  // Its copyright is an absolute link, its file was diverted, its conffile may change.
  root.status("Package: gamma\nStatus: hold ok installed\nVersion: 3\nArchitecture: all\nConffiles:\n /etc/gamma.conf " + hello +
              "\n /etc/old " + hello + " obsolete\n\n");
  root.link("usr/share/doc/gamma", "/usr/share/doc/alpha");
  root.file("var/lib/dpkg/info/gamma.md5sums", hello + "  etc/gamma.conf\n" + hello + "  usr/bin/gamma\n");
  root.file("etc/gamma.conf", "edited\n");
  root.file("usr/bin/gamma", "somebody else's\n");
  root.file("usr/bin/gamma.real", "hello\n");
  root.file("var/lib/dpkg/diversions", "/usr/bin/gamma\n/usr/bin/gamma.real\ndelta\n");

  // Bytes that are not UTF-8, wherever there may be some; the copyright file refers to a licence.
  root.status("Package: latin\nStatus: install ok installed\nVersion: 1.0\nArchitecture: all\nMaintainer: Andr\xE9 <a@example.org>\n\n");
  root.file("usr/share/caf\xE9", "hello\n");
  root.file("var/lib/dpkg/info/latin.md5sums", hello + "  usr/share/caf\xE9\n" + hello + "  usr/share/t\xE9\n");
  root.file("usr/share/doc/latin/copyright", "By Andr\xE9. See /usr/share/common-licenses/GPL-2.\n");

  // No checksums, and a link that would lead out of the root: seen from inside it leads to nothing.
  root.status("Package: meta+\nStatus: install ok installed\nVersion: 0\nArchitecture: all\n\n");
  root.link("usr/share/doc/meta+/copyright", "../../../../../../../../../../../../../../etc/passwd");

  // What is no installed package.
  root.status("Package: removed\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: all\n\n");
  root.status("Package: half\nStatus: install reinstreq half-installed\nVersion: 1\nArchitecture: all\n\n");
  root.status("Package: broken\nthis is no field\nStatus: install ok installed\nArchitecture: all\n\n");
}

}  // namespace sbom::testing
