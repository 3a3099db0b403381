#!/bin/sh
# Times the whole program against the csv crate merely counting the same file's records.
#
#   benches/whole.sh                                the default sizes and shapes
#   SIZES="10000 1000000" SHAPES="mixed wash" benches/whole.sh
#   OPTIONS="--method hifo --wash-sales off --report years --format csv" benches/whole.sh
#
# One line for each shape and size: CPU seconds (user and system) of the program and of the yardstick, their ratio,
# both medians of RUNS runs; peak memory of the program in MB; lines it wrote. Files are made in BENCH_DIR and kept.
set -eu

SIZES=${SIZES:-"10000 100000 1000000"} # 10000000 too where there is time and disk
SHAPES=${SHAPES:-"mixed onesym bigsell wash washday hifo hifoup ties manysym newest interleave longdec quoted"}
OPTIONS=${OPTIONS:-"--format csv"}
RUNS=${RUNS:-5}

cd "$(dirname "$0")/.."
cargo build --release --quiet --bins --examples
built=${CARGO_TARGET_DIR:-target}/release
folder=${BENCH_DIR:-$built/bench}
mkdir -p "$folder"

# CPU seconds and peak kilobytes of one run; its output goes to $folder/out.
measure() {
    if [ -x /usr/bin/time ] && /usr/bin/time -f %M true 2>/dev/null; then
        /usr/bin/time -f '%U %S %M' -o "$folder/time" "$@" >"$folder/out" 2>"$folder/err" || return 1
        awk '{ print $1 + $2, $3 }' "$folder/time"
    else
        # The second line that `times` prints is that of the children: 0m1.25s 0m0.10s
        sh -c '"$@" >"$0/out" 2>"$0/err" || exit 1; times' "$folder" "$@" >"$folder/time" || return 1
        awk 'NR == 2 { gsub("s", ""); split($1, u, "m"); split($2, s, "m"); print u[1]*60 + u[2] + s[1]*60 + s[2], 0 }' \
            "$folder/time"
    fi
}

# The medians of both columns over RUNS runs.
medians() {
    run=0
    : >"$folder/runs"
    while [ "$run" -lt "$RUNS" ]; do
        measure "$@" >>"$folder/runs" || return 1
        run=$((run + 1))
    done
    middle=$(((RUNS + 1) / 2))
    cpu=$(sort -n "$folder/runs" | awk -v n="$middle" 'NR == n { print $1 }')
    memory=$(sort -n -k2 "$folder/runs" | awk -v n="$middle" 'NR == n { print $2 }')
    echo "$cpu $memory"
}

printf 'options: %s; medians of %s\n' "$OPTIONS" "$RUNS"
printf '%-11s %9s %10s %10s %7s %9s %10s\n' shape rows 'CPU s' 'csv CPU s' ratio 'peak MB' 'lines out'
for shape in $SHAPES; do
    for size in $SIZES; do
        file=$folder/$shape-$size.csv
        [ -s "$file" ] || "$built/examples/gen_trades" "$size" --shape "$shape" -o "$file"
        yardstick=$(medians "$built/examples/count_records" "$file")
        # OPTIONS are words.
        # shellcheck disable=SC2086
        if own=$(medians "$built/lossoffset" compute $OPTIONS --timezone UTC "$file"); then
            lines=$(wc -l <"$folder/out")
            echo "$shape $size $own $yardstick $lines" | awk '{
                ratio = $5 > 0 ? sprintf("%.1f", $3 / $5) : "-"
                printf "%-11s %9d %10.3f %10.3f %7s %9.1f %10d\n", $1, $2, $3, $5, ratio, $4 / 1024, $7 }'
        else
            printf '%-11s %9d failed: %s\n' "$shape" "$size" "$(tail -n 1 "$folder/err")"
        fi
    done
done
