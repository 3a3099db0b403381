"""Loads a beancount file and prints the gains of its booked sales, one line a year: year,short,long.

The gains are added up from the booked lots, since what beancount puts on `Income:Gains` is rounded and has no term.
"""

import sys
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

from beancount import loader
from beancount.core.data import Transaction


def first_long_term_day(bought):
    start = bought + timedelta(days=1)
    if (start.month, start.day) == (2, 29):
        return date(start.year + 1, 3, 1)
    return start.replace(year=start.year + 1)


def main(path):
    loader.initialize(use_cache=False)
    entries, errors, _ = loader.load_file(path)
    if errors:
        sys.exit(f"{len(errors)} errors, the first: {errors[0].message}")
    years = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for entry in entries:
        if not isinstance(entry, Transaction) or entry.narration != "sell":
            continue
        sold = [posting for posting in entry.postings if posting.cost]
        brought = sum(posting.units.number for posting in entry.postings if posting.account == "Assets:Cash")
        units = sum(posting.units.number for posting in sold)
        for posting in sold:
            part, cost = posting.units.number, posting.cost
            gain = brought * part / units + part * cost.number
            years[entry.date.year][entry.date >= first_long_term_day(cost.date)] += gain
    for year, (short, long) in sorted(years.items()):
        print(f"{year},{short:.2f},{long:.2f}")


main(sys.argv[1])
