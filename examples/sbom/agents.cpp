#include "agents.hpp"

#include "copyright.hpp"
#include "file_checker.hpp"
#include "replace_file.hpp"
#include "spdx_document.hpp"
#include "summary.hpp"

namespace sbom {
namespace {

constexpr std::size_t copyright_bytes_max = 16u << 20;

constexpr std::string_view interruption = "interrupted before it was done";

licences read_licences(root_folder const& root, package const& of) {
  auto const path = "usr/share/doc/" + of.name + "/copyright";
  auto const text = root.read(path, copyright_bytes_max);
  if (!text) {
    bool const missing = text.error().code() == skein::errc::not_found;
    return {
        of.id, "", {}, {{missing ? finding_kind::no_copyright : finding_kind::unreadable, path, missing ? "" : text.error().message()}}};
  }
  auto facts = parse_copyright(*text, path);
  return {of.id, std::move(facts.expression), std::move(facts.custom), std::move(facts.findings)};
}

component component_of(licences const& about, file_check const& files) {
  component made{files.subject, about.expression, about.custom, files.recorded, files.hashed, files.bytes, about.findings};
  made.findings.insert(made.findings.end(), files.findings.begin(), files.findings.end());
  return made;
}

}  // namespace

skein::agent licence_reader(root_folder root, reading_options options) {
  auto const read = [root = std::move(root)](package const& of, skein::context& ctx) {
    ctx.span().set_attribute("sbom.package", of.id);
    return read_licences(root, of);
  };
  return skein::agent{"licence_reader"}
      .description("Reads the licences of a package from its copyright file")
      .on<package>(read)
      .publishes<licences>()
      .max_concurrency(options.concurrency);
}

skein::agent file_hasher(root_folder root, reading_options options) {
  auto const hash = [checker = file_checker{std::move(root), options.hashed}](package const& of, skein::context& ctx) {
    ctx.span().set_attribute("sbom.package", of.id);
    auto made = checker.check(of, [&] { return ctx.cancelled(); });
    if (!made) throw interrupted{std::string{interruption}};
    ctx.span().set_attribute("sbom.files", made->hashed).set_attribute("sbom.bytes", made->bytes);
    return std::move(*made);
  };
  return skein::agent{"file_hasher"}
      .description("Compares installed files with the checksums that dpkg recorded")
      .on<package>(hash)
      .publishes<file_check>()
      .max_concurrency(options.concurrency);
}

skein::agent joiner(std::function<void(package_progress)> seen) {
  auto const join = [seen = std::move(seen)](licences const& about, file_check const& files) {
    auto made = component_of(about, files);
    if (seen) seen({1, made.hashed, made.bytes});
    return made;
  };
  return skein::agent{"joiner"}
      .description("Joins what is known of a package")
      .on(skein::when<licences, file_check>().join_by(&licences::package_id, &file_check::package_id), join)
      .publishes<component>();
}

skein::agent document_writer(document_options options) {
  auto const write = [options = std::move(options)](document_order const& order, skein::context& ctx) {
    std::vector<component> components;
    for (auto const& one : ctx.artifacts<component>({.run = ctx.run()})) components.push_back(*one);
    std::sort(components.begin(), components.end(), [](auto const& a, auto const& b) { return a.subject.id < b.subject.id; });
    auto const text = spdx_document(order, components, options.created);
    if (ctx.cancelled()) throw interrupted{std::string{interruption}};
    replace_file(options.path, text).value();
    return document{options.path, text.size(), summary(order, components)};
  };
  return skein::agent{"document_writer"}.description("Writes the SPDX document").on<document_order>(write).publishes<document>();
}

}  // namespace sbom
