//! Which codes are money, and which symbols are the well-known coins.

use rust_decimal::Decimal;

/// ISO 4217 codes of money in use, and of the currencies before the euro.
const FIAT: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "ANG", "AOA", "ARS", "ATS", "AUD", "AWG", "AZN", "BAM", "BBD",
    "BDT", "BEF", "BGN", "BHD", "BIF", "BMD", "BND", "BOB", "BRL", "BSD", "BTN", "BWP", "BYN",
    "BZD", "CAD", "CDF", "CHF", "CLP", "CNH", "CNY", "COP", "CRC", "CUP", "CVE", "CZK", "DEM",
    "DJF", "DKK", "DOP", "DZD", "EGP", "ERN", "ESP", "ETB", "EUR", "FIM", "FJD", "FKP", "FRF",
    "GBP", "GEL", "GHS", "GIP", "GMD", "GNF", "GRD", "GTQ", "GYD", "HKD", "HNL", "HRK", "HTG",
    "HUF", "IDR", "IEP", "ILS", "INR", "IQD", "IRR", "ISK", "ITL", "JMD", "JOD", "JPY", "KES",
    "KGS", "KHR", "KMF", "KPW", "KRW", "KWD", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL",
    "LUF", "LYD", "MAD", "MDL", "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK",
    "MXN", "MYR", "MZN", "NAD", "NGN", "NIO", "NLG", "NOK", "NPR", "NZD", "OMR", "PAB", "PEN",
    "PGK", "PHP", "PKR", "PLN", "PTE", "PYG", "QAR", "RON", "RSD", "RUB", "RWF", "SAR", "SBD",
    "SCR", "SDG", "SEK", "SGD", "SHP", "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL",
    "THB", "TJS", "TMT", "TND", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "UGX", "USD", "UYU",
    "UZS", "VED", "VES", "VND", "VUV", "WST", "XAF", "XCD", "XOF", "XPF", "YER", "ZAR", "ZMW",
    "ZWG",
];

/// Whether the code is money.
pub fn is_money(code: &str) -> bool {
    FIAT.binary_search(&code).is_ok()
}

/// Currencies quoted in hundredths: the currency meant, where `code` is one of them.
pub fn hundredth_of(code: &str) -> Option<&'static str> {
    match code {
        "GBX" | "GBp" | "GBPX" => Some("GBP"),
        "ZAc" | "ZAC" | "ZAX" => Some("ZAR"),
        "ILA" | "ILX" => Some("ILS"),
        _ => None,
    }
}

/// A hundredth of a value, exactly.
pub fn hundredth(value: Decimal) -> Option<Decimal> {
    let mut value = value;
    if value.scale() > 26 {
        value = value.normalize();
    }
    Decimal::try_from_i128_with_scale(value.mantissa(), value.scale() + 2).ok()
}

/// Whether a symbol is that of a coin that no stock of note shares.
pub fn is_well_known_coin(symbol: &str) -> bool {
    const COINS: &[&str] = &[
        "AAVE", "ADA", "ALGO", "ARB", "ATOM", "AVAX", "BCH", "BNB", "BTC", "BUSD", "DAI", "DOGE",
        "DOT", "EOS", "ETC", "ETH", "FIL", "ICP", "LINK", "LTC", "MATIC", "NEAR", "PEPE", "POL",
        "SHIB", "SOL", "STETH", "SUI", "TON", "TRX", "UNI", "USDC", "USDT", "WBTC", "WETH", "XBT",
        "XLM", "XMR", "XRP", "XTZ", "ZEC",
    ];
    COINS
        .binary_search(&symbol.to_ascii_uppercase().as_str())
        .is_ok()
}

/// Whether an option root is that of a broad index.
pub fn is_index_root(root: &str) -> bool {
    [
        "SPX", "SPXW", "XSP", "NDX", "NDXP", "XND", "RUT", "RUTW", "MRUT", "DJX", "OEX", "XEO",
        "VIX", "VIXW",
    ]
    .contains(&root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_so_that_every_code_is_found() {
        assert!(FIAT.is_sorted());
        assert!(is_money("AED") && is_money("ZWG") && is_money("USD") && !is_money("BTC"));
        for coin in ["AAVE", "BTC", "eth", "SOL", "ZEC"] {
            assert!(is_well_known_coin(coin), "{coin}");
        }
        assert!(!is_well_known_coin("XYZ"));
    }

    #[test]
    fn a_hundredth_is_exact() {
        let one_and_a_half = Decimal::new(15, 1);
        assert_eq!(hundredth(one_and_a_half), Some(Decimal::new(15, 3)));
    }
}
