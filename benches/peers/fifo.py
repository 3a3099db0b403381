"""Gains by first in first out, per account and symbol, of a canonical CSV file of purchases and sales.

    python3 fifo.py trades.csv      one line a year: year,short,long

What can be had in sixty lines of the standard library: exact decimals, the holding period by the calendar. No wash
sales, no carried losses, no splits or transfers, no row of its own for a sale, nothing refused.
"""

import csv
import sys
from collections import defaultdict, deque
from datetime import date, timedelta
from decimal import Decimal


def first_long_term_day(bought):
    """The day of purchase does not count, and a year from 29 February ends on 1 March."""
    start = bought + timedelta(days=1)
    if (start.month, start.day) == (2, 29):
        return date(start.year + 1, 3, 1)
    return start.replace(year=start.year + 1)


def gains(rows):
    """Short-term and long-term gain by year."""
    lots = defaultdict(deque)
    years = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for when, action, symbol, quantity, price, fee, account in rows:
        day, quantity, fee = date.fromisoformat(when[:10]), Decimal(quantity), Decimal(fee or 0)
        held, amount = lots[account, symbol], quantity * Decimal(price)
        if action == "buy":
            held.append([quantity, amount + fee, first_long_term_day(day)])
            continue
        proceeds = amount - fee
        while quantity:
            lot = held[0]
            units = min(quantity, lot[0])
            # The last part takes what is left, so that the parts add up to the whole.
            cost = lot[1] if units == lot[0] else lot[1] * units / lot[0]
            brought = proceeds if units == quantity else proceeds * units / quantity
            years[day.year][day >= lot[2]] += brought - cost
            quantity, proceeds = quantity - units, proceeds - brought
            lot[0], lot[1] = lot[0] - units, lot[1] - cost
            if not lot[0]:
                held.popleft()
    return years


def main(path):
    with open(path, newline="") as file:
        rows = csv.reader(file)
        if next(rows) != "date,action,symbol,quantity,price,fee,account".split(","):
            sys.exit("other columns are needed")
        years = gains(sorted(rows, key=lambda row: row[0]))
    for year, (short, long) in sorted(years.items()):
        print(f"{year},{short:.2f},{long:.2f}")


main(sys.argv[1])
