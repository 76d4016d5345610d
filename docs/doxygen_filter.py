#!/usr/bin/env python3
"""What Doxygen reads instead of a file: the same lines, with our habits spelt out as Doxygen wants them.

In public headers:
- The comment that opens a file is the file's documentation.
- Code in a comment is indented by three; Markdown wants at least four.
- Overloads on the lines after a documented one, and several members declared on one line, share the comment.
- Copying, moving and comparing member by member are what their declaration says, and so are specialisations of std::hash.

In documents:
- A link to a heading says `#its-words`, as on every web site that shows Markdown; Doxygen knows only names that are given, and given once.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

SPECIAL_MEMBER = re.compile(
    r"^ *(?:friend .*operator(?:==|<=>)\(.*\) = default;"
    r"|(\w+)\(\1(?: const)?&&?(?: other)?\)(?: noexcept)?(?: = default)?;"
    r"|(\w+)& operator=\(\2(?: const)?&&?(?: other)?\)(?: noexcept)?(?: = default)?;).*$")
FUNCTION = re.compile(r"(operator[^\s(]+|\w+)\(.*[;}](?: +//.*)?$")
MEMBERS = re.compile(r"^( *)((?:[\w:]+(?:<.*>)?[ &*]+)+)(\w+(?: = [^,;()]+|\{[\d']*\})?(?:, \w+(?: = [^,;()]+|\{[\d']*\})?)+);(?: *///< (.*))?$")


def opening_comment(lines):
    """Makes documentation of the comment above `#pragma once`."""
    for at, line in enumerate(lines):
        if line == "#pragma once":
            lines[at] = "/// @file"
            return
        if not line.startswith("//"):
            return
        lines[at] = "///" + line[2:]


def filtered(lines):
    opening_comment(lines)
    comment = []             # The documentation above the line, or what an overload above had.
    previous_function = None
    in_std = False
    for line in lines:
        if line.startswith("struct std::"):
            in_std = True
            line = "/** @cond */ " + line
        elif in_std and line == "};":
            in_std = False
            line += " /** @endcond */"
        line = re.sub(r"^( *)///   ( *\S)", r"\1///      \2", line)
        text = line.strip()
        if text.startswith("///"):
            comment = (comment if previous_function is None else []) + [text[3:].strip()]
            previous_function = None
            yield line
            continue
        if SPECIAL_MEMBER.match(line):
            yield ""
            continue
        members = MEMBERS.match(line)
        function = FUNCTION.search(line)
        if members and not text.startswith(("return", "using", "friend")):
            indent, kind, names, trailing = members.groups()
            about = trailing or " ".join(comment)
            line = indent + " ".join(f"{f'/** {about} */ ' if about else ''}{kind}{name};" for name in names.split(", "))
            comment, previous_function = [], None
        elif text.endswith("= delete;"):
            pass
        elif function and function[1] == previous_function and comment:
            line = f"/** {' '.join(comment)} */ {line}"
        elif function:
            comment = comment if previous_function is None else []
            previous_function = function[1]
        elif not text.startswith(("template", "requires")):
            comment, previous_function = [], None
        yield line


def heading_name(document, heading):
    """The name of a heading among all headings of all documents; `heading` is its text, or what a link says of it."""
    words = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
    return re.sub(r"\W+", "-", os.path.relpath(document, ROOT)) + "-" + words


def named_headings(path, lines):
    def link(found):
        target = os.path.join(os.path.dirname(path), found[1]) if found[1] else path
        return f"](#{heading_name(target, found[2])})"

    code = False
    seen = {}                # Headings of the same words are numbered from the second on.
    for line in lines:
        code ^= line.startswith("```")
        if not code:
            line = re.sub(r"\]\(([^)#:]*)#([^)]+)\)", link, line)
            heading = re.match(r"##+ (.*)", line)
            if heading:
                name = heading_name(path, heading[1])
                again = seen[name] = seen.get(name, -1) + 1
                line += f" {{#{name}-{again}}}" if again else f" {{#{name}}}"
        yield line


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        text = file.read().splitlines()
    print("\n".join(named_headings(os.path.abspath(sys.argv[1]), text) if sys.argv[1].endswith(".md") else filtered(text)))
