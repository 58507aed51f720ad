#!/bin/sh
# Checks and measures nodecuda on this machine's GPU, without network, Node.js or a CUDA toolkit:
#   ./run.sh [correctness|sanitizer|bench|native|all] [options]
# Options: --quick, --only TEXT and --variants of the bench; --simulated: without a GPU.
# Everything is written to $OUT, or to ./results. The last line says how it went.
case $0 in */*) folder=${0%/*} ;; *) folder=. ;; esac
here=$(cd "$folder" && pwd)
exec "$here/node" "$here/run.mjs" "$@"
