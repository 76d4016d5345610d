// What travels on the blackboard: one package, what two agents found out about it, the component that joins both, and the order and
// the receipt of the document.
#pragma once

#include <skein/artifact.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sbom {

/// Why something deserves a look.
enum class finding_kind : std::uint8_t {
  missing = 0,      ///< A recorded file is not there.
  changed,          ///< Its bytes are not those that were recorded.
  unreadable,       ///< It is there, and cannot be read as a file.
  unchecked,        ///< The package records no checksums.
  no_copyright,     ///< The package has no copyright file.
  unclear_licence,  ///< The copyright file names no licence that a program can read.
  malformed,        ///< A file of the package database breaks its own format.
};

[[nodiscard]] constexpr std::string_view to_string(finding_kind kind) {
  switch (kind) {
    case finding_kind::missing: return "missing";
    case finding_kind::changed: return "changed";
    case finding_kind::unreadable: return "unreadable";
    case finding_kind::unchecked: return "unchecked";
    case finding_kind::no_copyright: return "no copyright";
    case finding_kind::unclear_licence: return "unclear licence";
    case finding_kind::malformed: return "malformed";
  }
  return "unknown";
}

/// One thing that is not as it should be. All text is valid UTF-8.
struct finding {
  finding_kind kind = finding_kind::malformed;
  std::string where;   ///< A path below the root, or `path:line`.
  std::string what;    ///< A phrase; may be empty where the kind says it all.
  SKEIN_FIELDS(kind, where, what)
  friend bool operator==(finding const&, finding const&) = default;
};

/// An installed package, as dpkg's status database has it.
struct package {
  std::string id;             ///< Unique on the system: the name, or name:architecture where several may be installed together.
  std::string name, version, architecture;
  std::string maintainer, homepage;
  std::string source;         ///< Name of the source package; empty: the same.
  std::vector<std::string> conffiles;   ///< Without leading slash, raw bytes made visible.
  SKEIN_ARTIFACT("dpkg.package", 1, id, name, version, architecture, maintainer, homepage, source, conffiles)
};

/// A licence without an SPDX identifier.
struct custom_licence {
  std::string id;     ///< `LicenseRef-…`.
  std::string name;   ///< As the copyright file calls it.
  SKEIN_FIELDS(id, name)
  friend bool operator==(custom_licence const&, custom_licence const&) = default;
};

/// What the copyright file of a package says.
struct licences {
  std::string package_id;
  std::string expression;     ///< An SPDX licence expression; empty: not known.
  std::vector<custom_licence> custom;
  std::vector<finding> findings;
  SKEIN_ARTIFACT("dpkg.licences", 1, package_id, expression, custom, findings)
};

/// Which files of each package are hashed: by default a few small ones.
struct sample {
  std::uint64_t files_max = 20;             ///< Evenly spread over the sorted list of recorded files; 0: no limit.
  std::uint64_t file_bytes_max = 1'000'000;  ///< Larger ones are only looked for; 0: no limit.
  SKEIN_FIELDS(files_max, file_bytes_max)

  [[nodiscard]] bool is_everything() const { return files_max == 0 && file_bytes_max == 0; }
};

/// `at most 20 files of each package, none over 1.0 MB`, or `every recorded file`.
[[nodiscard]] std::string to_string(sample const& of);

/// How the installed files of a package compare with what was recorded.
struct file_check {
  std::string package_id;
  package subject;
  std::uint64_t recorded = 0, hashed = 0;   ///< Files.
  std::uint64_t bytes = 0;                  ///< That were hashed.
  std::vector<finding> findings;
  SKEIN_ARTIFACT("dpkg.file_check", 1, package_id, subject, recorded, hashed, bytes, findings)
};

/// Everything about one package.
struct component {
  package subject;
  std::string licence;
  std::vector<custom_licence> custom;
  std::uint64_t recorded = 0, hashed = 0, bytes = 0;
  std::vector<finding> findings;
  SKEIN_ARTIFACT("sbom.component", 1, subject, licence, custom, recorded, hashed, bytes, findings)
};

/// All components are on the board: write the document.
struct document_order {
  std::string system;                       ///< What the document describes, `Debian GNU/Linux 12 (bookworm)`.
  std::string distribution;                 ///< For package URLs, `debian`.
  std::uint64_t not_installed = 0;
  sample hashed;
  std::vector<finding> findings;            ///< Of the package database itself.
  SKEIN_ARTIFACT("sbom.document_order", 1, system, distribution, not_installed, hashed, findings)
};

/// The document is written.
struct document {
  std::string path;
  std::uint64_t bytes = 0;
  std::string summary;                      ///< For people.
  SKEIN_ARTIFACT("sbom.document", 1, path, bytes, summary)
};

}  // namespace sbom
