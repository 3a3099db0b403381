"""Writes a canonical CSV file of purchases and sales as a journal.

    python3 to_journal.py beancount trades.csv > trades.beancount
    python3 to_journal.py hledger trades.csv > trades.journal      ledger reads it too

For beancount, fees belong to the cost of a purchase and lower what a sale brings; the hledger journal books them apart
and names no lot. Every symbol of an account is an account of its own: bookkeepers do it so, and beancount looks through
all lots of an account for each sale.
"""

import csv
import sys
from decimal import Decimal

BEANCOUNT = {
    "open": '2000-01-01 open Assets:{account}:{symbol} {symbol} "FIFO"',
    "buy": """{day} * "buy"
  Assets:{account}:{symbol}  {quantity} {symbol} {{{{{total} USD}}}}
  Assets:Cash  -{total} USD""",
    "sell": """{day} * "sell"
  Assets:{account}:{symbol}  -{quantity} {symbol} {{}} @ {price} USD
  Assets:Cash  {total} USD
  Income:Gains""",
}
HLEDGER = {
    "open": "account assets:{account}:{symbol}",
    "buy": """{day} buy
  assets:{account}:{symbol}  {quantity} {symbol} @ {price} USD
  expenses:fees  {fee} USD
  assets:cash""",
    "sell": """{day} sell
  assets:{account}:{symbol}  -{quantity} {symbol} @ {price} USD
  expenses:fees  {fee} USD
  assets:cash""",
}


def main(program, path):
    words = {"beancount": BEANCOUNT, "hledger": HLEDGER}[program]
    print("2000-01-01 open Assets:Cash\n2000-01-01 open Income:Gains" if words is BEANCOUNT else "account assets:cash")
    with open(path, newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["date"])
    for account, symbol in sorted({(row["account"], row["symbol"]) for row in rows}):
        print(words["open"].format(account=account, symbol=symbol))
    for row in rows:
        amount, fee = Decimal(row["quantity"]) * Decimal(row["price"]), Decimal(row["fee"] or 0)
        total = amount + fee if row["action"] == "buy" else amount - fee
        print(words[row["action"]].format(day=row["date"][:10], total=f"{total:f}", **row))


main(sys.argv[1], sys.argv[2])
