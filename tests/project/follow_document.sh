#!/usr/bin/env bash
# follow_document.sh DOCUMENT FOLDER: does what a document says, in an empty FOLDER, and fails where something else happens.
#
#   ```cpp, ```cmake   is the content of the file whose name ends the line before (`main.cpp`: …)
#   ```sh              is run; the last command's status does not matter where output is expected, otherwise it must be 0
#   ```text            is what the commands before it print, apart from ids, moments and durations
#
# A block after a comment that begins with "not followed" is left out.
set -euo pipefail
document=$(realpath "$1") folder=$(realpath -m "$2")
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"

die() { printf '%s:%s: %s\n' "$document" "$number" "$*" >&2; exit 1; }

# Durations with the spaces before them, ids and moments as <time>, <id> and <moment>; the rule of a table's header follows its widest cell.
steady() {
  sed -E 's/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/<id>/g
    s/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}/<moment>/g
    s/ *[(]?[0-9.]+ (ns|us|ms|s)[)]?( +|$)/<time>/g
    s/DURATION +/DURATION /'
}

run() {  # run COMMANDS: in the folder, output to the file `output`
  status=0
  bash -euo pipefail -c "$1" >"$folder.output" 2>"$folder.errors" </dev/null || status=$?
}

number=0 language= block= file= skip= ran=
while IFS= read -r line; do
  number=$((number + 1))
  if [[ -z $language ]]; then
    case $line in
      '```'?*) language=${line#'```'} block= ;;
      '<!-- not followed'*) skip=1 ;;
      '') ;;
      *) file=; [[ $line =~ \`([a-z_A-Z./]+)\`[^\`]*:$ ]] && file=${BASH_REMATCH[1]} || true ;;
    esac
    continue
  fi
  if [[ $line != '```' ]]; then
    block+=$line$'\n'
    continue
  fi
  if [[ -n $skip ]]; then
    skip= language=
    continue
  fi
  if [[ -n $ran && $language != text ]]; then
    ((status == 0)) || { cat "$folder.output" "$folder.errors" >&2; die "the commands before failed ($status)"; }
    ran=
  fi
  case $language in
    cpp | cmake)
      [[ -n $file ]] || die "this block belongs to no file"
      printf '%s' "$block" >"$file"
      file=
      ;;
    sh)
      printf '%s' "$block"
      run "$block"
      ran=1
      ;;
    text)
      [[ -n $ran ]] || die "this output belongs to no command"
      diff <(printf '%s' "$block" | steady) <(steady <"$folder.output") >&2 || { cat "$folder.errors" >&2; die "the commands before print something else"; }
      ran=
      ;;
    *) die "what is a block of $language?" ;;
  esac
  language=
done <"$document"
[[ -z $ran ]] || ((status == 0)) || die "the last commands failed ($status)"
