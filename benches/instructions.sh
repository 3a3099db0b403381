#!/bin/sh
# Counts the instructions of the whole program on a small file under valgrind, and fails where they are a quarter more
# than written down below. The same binary gives the same count on any machine and under any load, so more of them is a
# change of the program's; another compiler moves them by a few hundredths.
#
#   benches/instructions.sh            10,000 trades, whole US rules and disposals; the same without wash sales; UK
set -eu

cd "$(dirname "$0")/.."
cargo build --release --locked --quiet --bins --examples
built=${CARGO_TARGET_DIR:-target}/release
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
file=$folder/mixed.csv
"$built/examples/gen_trades" 10000 --shape mixed -o "$file"

# Millions of instructions written down, and the options they are for.
failed=0
while read -r known options; do
    # OPTIONS are words.
    # shellcheck disable=SC2086
    counted=$(taskset -c 0 valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null \
        "$built/lossoffset" compute $options --timezone UTC --format csv -o "$folder/out" "$file" 2>&1 |
        awk '/refs/ { gsub(",", "", $NF); printf "%d", $NF / 1000000 }')
    echo "$options: $counted million instructions, $known written down"
    if [ "$counted" -gt $((known * 5 / 4)) ]; then
        echo "that is more than a quarter more: find out why, or write the new count into $0" >&2
        failed=1
    fi
done <<'END'
149 --report disposals
75 --report disposals --wash-sales off
99 --report disposals -j uk
END
exit $failed
