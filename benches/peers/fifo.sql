-- Gains by first in first out, per account and symbol: one line a year with the short-term and the long-term gain.
--
-- Lined up, the units bought and the units sold of a holding are two rulers with a mark at the end of each row. Laid on
-- one another, each stretch between two marks belongs to one purchase and one sale: those whose marks come next. So a
-- sort finds every slice, where joining the rows by their overlap would compare all purchases with all sales.
-- Units are exact; amounts are binary floating point, since a division of decimals gives that anyway.
WITH trades AS (
    SELECT CAST(substr(date, 1, 10) AS DATE) AS day, date, action = 'buy' AS bought, account, symbol,
           CAST(quantity AS DECIMAL(38, 8)) AS units,
           CAST(price AS DOUBLE) AS price, CAST(coalesce(nullif(fee, ''), '0') AS DOUBLE) AS fee,
           row_number() OVER () AS place
    FROM read_csv(getvariable('trades'), header = true, all_varchar = true)
),
marks AS (
    SELECT *,
           sum(units) OVER (
               PARTITION BY account, symbol, bought ORDER BY date, place ROWS UNBOUNDED PRECEDING
           ) AS mark,
           CAST(units AS DOUBLE) AS whole
    FROM trades
),
slices AS (
    SELECT CAST(mark - lag(mark, 1, 0) OVER laid AS DOUBLE) AS part,
           first_value(CASE WHEN bought THEN day END IGNORE NULLS) OVER next AS acquired,
           first_value(CASE WHEN bought THEN price + fee / whole END IGNORE NULLS) OVER next AS cost,
           first_value(CASE WHEN NOT bought THEN day END IGNORE NULLS) OVER next AS sold,
           first_value(CASE WHEN NOT bought THEN price - fee / whole END IGNORE NULLS) OVER next AS proceeds
    FROM marks
    WINDOW laid AS (PARTITION BY account, symbol ORDER BY mark, bought, place),
           next AS (
               PARTITION BY account, symbol ORDER BY mark, bought, place
               ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
           )
),
-- The day of purchase does not count, and a year from 29 February ends on 1 March.
starts AS (
    SELECT *, acquired + 1 AS start FROM slices WHERE sold IS NOT NULL AND part > 0
),
termed AS (
    SELECT year(sold) AS tax_year, part * (proceeds - cost) AS gain,
           sold >= CAST(start + INTERVAL 1 YEAR AS DATE)
               + CAST(month(start) = 2 AND day(start) = 29 AS INTEGER) AS long
    FROM starts
)
SELECT tax_year,
       coalesce(sum(gain) FILTER (NOT long), 0) AS short,
       coalesce(sum(gain) FILTER (long), 0) AS long
FROM termed
GROUP BY tax_year
ORDER BY tax_year;
