#!/bin/sh
# Writes the files of one tax year into a folder:  examples/year-end.sh 2024 out FILE...
# Options for every command go into OPTIONS:        OPTIONS="--method hifo" examples/year-end.sh 2024 out trades.csv
set -eu

[ "$#" -ge 3 ] || {
    echo "usage: $0 YEAR FOLDER FILE..." >&2
    exit 2
}
year=$1 folder=$2
shift 2
mkdir -p "$folder"
program=${LOSSOFFSET:-lossoffset}

# The first run stops for anything in the warnings that needs a decision; the others only write its views.
# OPTIONS are words.
# shellcheck disable=SC2086
"$program" compute ${OPTIONS:-} --year "$year" --format json --output "$folder/answer.json" --strict "$@" || {
    status=$?
    [ "$status" -eq 3 ] && echo "look at the warnings first; $folder/answer.json is written" >&2
    exit "$status"
}
for report in disposals years adjustments; do
    # shellcheck disable=SC2086
    "$program" compute ${OPTIONS:-} --year "$year" --report "$report" --output "$folder/$report-$year.csv" "$@"
done
# What is carried into the next year is held on the last day of this one.
# shellcheck disable=SC2086
"$program" lots ${OPTIONS:-} --as-of "$year-12-31" --output "$folder/lots-$year.csv" "$@"
ls "$folder"
