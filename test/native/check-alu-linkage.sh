#!/bin/sh
# The objects of exec/isa/, compiled once per instruction set, may define nothing with weak linkage:
# the linker would keep one copy for all, perhaps the one made for a newer CPU. Usage: objects...
[ $# -gt 0 ] || { echo "usage: $0 object..." >&2; exit 2; }
symbols=$(nm --defined-only "$@") || exit 2
weak=$(printf '%s\n' "$symbols" | grep -E ' [WwVvui] ')
if [ -n "$weak" ]; then
  printf 'weak definitions in per-instruction-set objects:\n%s\n' "$weak" >&2
  exit 1
fi
echo "no weak definitions in $# objects"
