#!/bin/sh
# Times other programs on the trades that lossoffset is timed on, as far as they are installed, beside lossoffset.
#
#   benches/peers.sh                                           the default sizes
#   SIZES="1000" PYTHON=venv/bin/python benches/peers.sh       DuckDB and beancount are modules of that Python
#   PEERS="lossoffset fifo.py" benches/peers.sh                only these
#
# One line for each program and size: CPU seconds (user and system), the median of RUNS runs, one run if the first takes
# longer than LONG seconds; the gain of all years, and the largest difference of a year's short-term or long-term gain
# from lossoffset's. What each program does, and does not, is in benches/README.md. Making a journal is not timed.
set -eu

SIZES=${SIZES:-"1000 10000 100000 1000000"}
PEERS=${PEERS:-"lossoffset fifo.py duckdb beancount hledger ledger"}
PYTHON=${PYTHON:-python3}
RUNS=${RUNS:-3}
LONG=${LONG:-60}
MOST=${MOST:-100000} # rows of the largest journal

cd "$(dirname "$0")/.."
cargo build --release --quiet --bins --examples
built=${CARGO_TARGET_DIR:-target}/release
folder=${BENCH_DIR:-$built/bench}
mkdir -p "$folder"

run_sql='import sys, duckdb
db = duckdb.connect()
db.execute("SET enable_progress_bar = false")
db.execute("SET VARIABLE trades = " + repr(sys.argv[2]))
for row in db.execute(open(sys.argv[1]).read()).fetchall():
    print("%d,%.2f,%.2f" % row)'

# CPU seconds of one run. The second line that `times` prints is that of the children: 0m1.25s 0m0.10s
seconds() {
    sh -c '"$@" >"$0/out" 2>"$0/err" || exit 1; times' "$folder" "$@" >"$folder/time" || return 1
    awk 'NR == 2 { gsub("s", ""); split($1, u, "m"); split($2, s, "m"); print u[1]*60 + u[2] + s[1]*60 + s[2] }' \
        "$folder/time"
}

median() {
    : >"$folder/runs"
    run=0
    while [ "$run" -lt "$RUNS" ]; do
        seconds "$@" >>"$folder/runs" || return 1
        run=$((run + 1))
        [ "$(awk -v long="$LONG" '$1 > long' "$folder/runs")" = "" ] || break
    done
    sort -n "$folder/runs" | awk -v n="$(((run + 1) / 2))" 'NR == n'
}

# Whether a program is there; lossoffset always is.
found() {
    case $1 in
    lossoffset) ;;
    fifo.py) "$PYTHON" --version ;;
    duckdb | beancount) "$PYTHON" -c "import $1" ;;
    *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

# The journal of a size, made once.
journal() {
    [ -s "$folder/mixed-$2.$1" ] ||
        "$PYTHON" benches/peers/to_journal.py "$1" "$folder/mixed-$2.csv" >"$folder/mixed-$2.$1"
    echo "$folder/mixed-$2.$1"
}

# CPU seconds of a program; its answer goes to $folder/out.
time_of() {
    case $1 in
    lossoffset) median "$built/lossoffset" compute --wash-sales off --report years --format csv --timezone UTC "$file" ;;
    fifo.py) median "$PYTHON" benches/peers/fifo.py "$file" ;;
    duckdb) median "$PYTHON" -c "$run_sql" benches/peers/fifo.sql "$file" ;;
    beancount) median "$PYTHON" benches/peers/beancount_years.py "$(journal beancount "$size")" ;;
    *) median "$1" -f "$(journal hledger "$size")" balance -B ;;
    esac
}

# The answer as year,short,long. lossoffset names its columns; what hledger and ledger print holds no gain.
years() {
    case $1 in
    lossoffset)
        awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; next }
            { printf "%s,%.2f,%.2f\n", $1, $at["short_gains"] - $at["short_losses"], $at["long_gains"] - $at["long_losses"] }' \
            "$folder/out"
        ;;
    hledger | ledger) ;;
    *) cat "$folder/out" ;;
    esac
}

printf 'medians of %s; lossoffset compute --wash-sales off --report years\n' "$RUNS"
printf '%-11s %9s %10s %18s %12s\n' program rows 'CPU s' 'gain, all years' difference
for size in $SIZES; do
    file=$folder/mixed-$size.csv
    [ -s "$file" ] || "$built/examples/gen_trades" "$size" --shape mixed -o "$file"
    : >"$folder/ours"
    for peer in $PEERS; do
        case $peer in
        beancount | hledger | ledger) [ "$size" -le "$MOST" ] || continue ;;
        esac
        if ! found "$peer"; then
            printf '%-11s %9d not installed\n' "$peer" "$size"
        elif cpu=$(time_of "$peer"); then
            years "$peer" >"$folder/years"
            [ "$peer" != lossoffset ] || cp "$folder/years" "$folder/ours"
            awk -F, -v peer="$peer" -v size="$size" -v cpu="$cpu" '
                function further(by) { if (by < 0) by = -by; if (by > most) most = by }
                FILENAME ~ /ours$/ { known = 1; short[$1] = $2; long[$1] = $3; next }
                { lines++; sum += $2 + $3; further($2 - short[$1]); further($3 - long[$1]) }
                END {
                    gain = lines ? sprintf("%.2f", sum) : "-"
                    apart = lines && known ? sprintf("%.2f", most) : "-"
                    cpu = cpu < 0.01 ? "< 0.01" : sprintf("%.2f", cpu) # a clock tick
                    printf "%-11s %9d %10s %18s %12s\n", peer, size, cpu, gain, apart
                }' "$folder/ours" "$folder/years"
        else
            printf '%-11s %9d failed: %s\n' "$peer" "$size" "$(tail -n 1 "$folder/err")"
        fi
    done
done
