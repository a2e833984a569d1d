#!/bin/sh
# SPDX-License-Identifier: MIT
# A grid done in seven shards, in any order, in two folders, two of them killed and done again, is the grid
# of one process, byte for byte; what is missing is named, and what is damaged is refused.
# Usage: merge.sh PROGRAM FOLDER
set -u
program=$1
rm -rf "$2" && mkdir -p "$2" && cd "$2" || exit 99
fail() {
  echo "grid: $*"
  exit 1
}
asked='--extent named --norms pre_layer_norm,dyt --optimizers adamw,sgd --depths 1 --seeds 3 --steps 150'

# shellcheck disable=SC2086
"$program" --out whole $asked 2>log || fail "a run of one process ended with $?: $(tail -n 3 log)"

order=$(seq 7 | sort -R)
killed=$(echo "$order" | head -n 2)
n=0
for i in $order; do
  n=$((n + 1))
  folder=here
  [ $((n % 2)) = 0 ] && folder=there
  case " $killed " in
  *"$i"*)
    # Killed when its first unit has just been kept, so amid the next ones.
    mkdir -p $folder/units
    before=$(ls $folder/units | wc -l)
    # shellcheck disable=SC2086
    "$program" --out $folder $asked --shard "$i/7" 2>log &
    child=$!
    while kill -0 $child 2>/dev/null && [ "$(ls $folder/units | wc -l)" -le "$before" ]; do sleep 0.02; done
    kill -KILL $child 2>/dev/null || fail "shard $i was to be killed, and ended before that"
    wait $child
    ;;
  esac
  # shellcheck disable=SC2086
  "$program" --out $folder $asked --shard "$i/7" 2>log || fail "shard $i: $(tail -n 3 log)"
done

"$program" --out here --missing --from there >missing 2>log || fail "something is missing: $(cat missing)"
"$program" --out here --missing >missing 2>log && fail "nothing is missing in one of two folders"
[ "$(wc -l <missing)" -gt 5 ] || fail "few are missing in one of two folders: $(cat missing)"
"$program" --out here --merge >out 2>log && fail "a table was made of half of the grid"
grep -q 'is missing, and' log || fail "what is missing was not named: $(cat log)"
"$program" --out here --merge --from there >out 2>log || fail "merge: $(cat log)"
for file in plan.csv grid.csv grid.json comparisons.csv; do
  cmp whole/$file here/$file || fail "order: $(echo "$order" | tr '\n' ' ')"
done
rm here/grid.csv
"$program" --out there --merge --from here >out 2>log || fail "merge the other way: $(cat log)"
cmp whole/grid.csv there/grid.csv || fail "folders merged the other way"

# A lost unit is done again, and no other.
one=$(ls here/units | head -n 1)
rm "here/units/$one"
touch -d yesterday here/units/*
"$program" --out here --from there 2>log || fail "recovery: $(tail -n 3 log)"
[ "$(find here/units -newermt '-1 hour' -name '*.json' | wc -l)" = 1 ] || fail "more than the lost unit was done"
grep -q '1 of .* units to do' log || fail "one unit was to do: $(head -n 1 log)"

# What is not a result is refused by name.
one=$(ls whole/units | head -n 1)
head -c 200 "whole/units/$one" >cut && cp cut "whole/units/$one"
"$program" --out whole --merge >out 2>log && fail "a file that was cut off was taken for a result"
grep -q "$one.* is not a result" log || fail "the damaged file was not named: $(cat log)"
"$program" --out here --merge --seeds 4 >out 2>log && fail "another plan was taken"
grep -q 'plan of another grid' log || fail "another plan: $(cat log)"

# Shards by hand and from the environment.
for bad in 0/3 4/3 3 a/b 1/ /2; do
  "$program" --out whole --shard $bad >out 2>log && fail "--shard $bad was taken"
  [ "$(wc -l <log)" = 1 ] || fail "--shard $bad: $(cat log)"
done
"$program" --out whole --shard auto >out 2>log && fail "auto without an environment"
SLURM_ARRAY_TASK_ID=9 SLURM_ARRAY_TASK_MIN=4 SLURM_ARRAY_TASK_COUNT=3 "$program" --out whole --shard auto 2>log &&
  fail "a task beyond its array was taken"
rm -r there here
for task in 5 6 7; do
  # shellcheck disable=SC2086
  SLURM_ARRAY_TASK_ID=$task SLURM_ARRAY_TASK_MIN=5 SLURM_ARRAY_TASK_COUNT=3 \
    "$program" --out here $asked --shard auto 2>log || fail "Slurm array: $(cat log)"
done
cmp -s here/grid.csv whole/grid.csv || fail "a Slurm array made another table"
echo "the same bytes, order: $(echo "$order" | tr '\n' ' ')"
