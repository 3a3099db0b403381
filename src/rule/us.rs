//! The rules of United States law that figures follow, each with its citation.

use super::Rule;
use crate::trade::Action;

macro_rules! rules {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $title:literal, $citation:literal;)*) => {
        $($(#[$doc])* pub static $name: Rule = Rule { id: $id, title: $title, citation: $citation };)*
        /// All of them.
        pub static ALL: &[&Rule] = &[$(&$name),*];
    };
}

rules! {
    /// What was paid is the basis, the costs of buying included.
    COST = "us-cost", "cost of what was bought", "26 USC 1012(a); 26 CFR 1.1012-1(a)";
    /// What a sale brought, less its costs.
    AMOUNT_REALISED = "us-amount-realised", "amount realised", "26 USC 1001(b); Pub. 550";
    /// Without identification the first acquired leave first.
    FIRST_IN_FIRST_OUT = "us-first-in-first-out", "first acquired, first sold", "26 USC 1012(c)(1); 26 CFR 1.1012-1(c)(1)";
    /// Lots chosen, by the row or by a standing order.
    IDENTIFICATION = "us-identification", "identified lots", "26 CFR 1.1012-1(c)(2), (3), (8)";
    /// The average over a holding of fund shares.
    AVERAGE_BASIS = "us-average-basis", "average basis", "26 CFR 1.1012-1(e)";
    /// A gift with two bases enters an average at its value.
    AVERAGED_GIFT = "us-averaged-gift", "gift that enters an average", "26 USC 1015(a); 26 CFR 1.1012-1(e)";
    /// More than one year.
    HOLDING_PERIOD = "us-holding-period", "holding period", "26 USC 1222(1)-(4); Rev. Rul. 66-7";
    /// A replacement continues the holding period of what it replaced.
    TACKING = "us-tacking", "holding period carried over", "26 USC 1223(3)";
    /// A wash sale's loss joins the basis of its replacement.
    WASH_BASIS = "us-wash-sale-basis", "deferred loss joins the basis", "26 USC 1091(d); 26 CFR 1.1091-2(a)";
    /// A replacement in a retirement account takes no loss over.
    WASH_SHELTERED = "us-wash-sale-sheltered", "replaced in a retirement account", "26 USC 1091(a); Rev. Rul. 2008-5";
    /// A replacement by a related person takes no loss over.
    WASH_RELATED = "us-wash-sale-related", "replaced by another person", "26 USC 1091(a); Pub. 550, Wash Sales";
    /// A gift keeps the donor's basis and holding period.
    GIFT = "us-gift", "gift received", "26 USC 1015(a), 1223(2)";
    /// What is inherited has its value at death and is long-term.
    INHERITANCE = "us-inheritance", "inherited", "26 USC 1014(a), 1223(9)";
    /// Income in kind has its value as basis.
    INCOME_IN_KIND = "us-income-in-kind", "value taxed as income", "26 CFR 1.61-2(d)(2); Rev. Rul. 2023-14";
    /// A lot from before the data, as the user states it.
    STATED = "us-stated-basis", "basis as stated", "26 USC 1012(a)";
    /// Premiums go into the shares; the option itself makes no row.
    OPTION_PREMIUM = "us-option-premium", "option exercised or assigned", "Pub. 550, table 4-3; Rev. Rul. 78-182";
    /// An option that ends is sold, or bought back, for nothing.
    OPTION_EXPIRY = "us-option-expiry", "option that ended", "26 USC 1234; Pub. 550, table 4-3";
    /// A writer's result is short-term however long the option was open.
    OPTION_WRITTEN = "us-option-written", "option written", "26 USC 1234(b)(1)";
    /// A short sale ends with the delivery.
    SHORT_SALE = "us-short-sale", "short sale", "26 USC 1233; 26 CFR 1.1233-1(a)";
    /// A payment in lieu of a dividend on a young short is part of its cost.
    IN_LIEU = "us-payment-in-lieu", "payment in lieu of a dividend", "26 USC 263(h)";
    /// A short sale, or a put bought, starts the holding period of young shares again.
    HOLDING_RESTART = "us-holding-restart", "holding period begun again", "26 USC 1233(b)(2)";
    /// Contracts marked at the year end, 60 percent long-term.
    SECTION_1256 = "us-section-1256", "section 1256 contract", "26 USC 1256(a)";
    /// A distribution out of capital lowers the basis.
    RETURN_OF_CAPITAL = "us-return-of-capital", "return of capital", "26 USC 301(c)(2), (3)";
    /// Other changes of basis.
    BASIS_ADJUSTMENT = "us-basis-adjustment", "adjustment of basis", "26 USC 1016(a)";
    /// A split changes units only.
    SPLIT = "us-split", "split or stock dividend", "26 USC 305(a), 307(a), 1223(4)";
    /// A spin-off divides the basis.
    SPIN_OFF = "us-spin-off", "spin-off", "26 USC 355, 358, 1223(1)";
    /// A reorganisation carries the basis over, cash is taxed up to the gain.
    MERGER = "us-merger", "reorganisation", "26 USC 354, 356, 358, 368, 1223(1)";
    /// A change of name.
    RENAME = "us-rename", "change of name", "26 USC 368(a)(1)(F), 1223(1)";
    /// Between own accounts nothing is sold.
    TRANSFER = "us-transfer", "moved between own accounts", "26 USC 1001(a)";
    /// Unused basis of a pool over all wallets is assigned to each of them.
    ALLOCATION = "us-allocation", "allocation of unused basis to wallets", "Rev. Proc. 2024-28; 26 CFR 1.1012-1(j)";
    /// Fees paid in an asset.
    FEE_IN_KIND = "us-fee-in-kind", "fee paid in an asset", "26 CFR 1.1001-7, 1.1012-1(h)";
    /// One asset for another.
    EXCHANGE = "us-exchange", "taxable exchange", "26 USC 1001; 26 CFR 1.1001-7(b)";
    /// Perpetual contracts: no authority.
    PERPETUAL = "us-perpetual", "perpetual contract", "no authority; see DECISIONS.md";
    /// Worthless securities count as sold on the last day of the year.
    WORTHLESS = "us-worthless", "worthless security", "26 USC 165(g)(1)";
    /// A coin is no security: its worthlessness is a miscellaneous itemized deduction, which individuals do not have.
    WORTHLESS_COIN = "us-worthless-coin", "worthless coin", "26 USC 67(g), 165(g)(2); CCA 202302011";
    /// Thefts and losses of individuals are not deductible.
    LOST = "us-lost", "lost or stolen", "26 USC 165(h)(5)";
    /// A loss on closing a short is deferred by another short, whose proceeds it lowers.
    WASH_SHORT = "us-wash-short", "loss on a short sale, another opened", "26 USC 1091(e)";
    /// Fund shares held six months or less.
    SIX_MONTHS = "us-fund-six-months", "fund shares held six months or less", "26 USC 852(b)(4)";
    /// A loss on section 1256 contracts may go back to gains on such contracts of the three years before.
    CARRYBACK = "us-1256-carryback", "section 1256 loss carried back", "26 USC 1212(c); Form 6781 line 6";
    /// Short and long, apart and then together.
    NETTING = "us-netting", "Schedule D", "26 USC 1222(5)-(11)";
    /// How much of a net loss a year may deduct.
    LOSS_LIMIT = "us-loss-limit", "limit on capital losses", "26 USC 1211(b)";
    /// What is left goes on to the next year by its character.
    CARRYOVER = "us-carryover", "capital loss carryover", "26 USC 1212(b); Schedule D instructions, Capital Loss Carryover Worksheet";
    /// A fund's capital gain distribution is long-term.
    DISTRIBUTION = "us-capital-gain-distribution", "capital gain distribution", "26 USC 852(b)(3)(B)";
}

/// The rule that what an action does to basis or proceeds follows.
pub fn of_action(action: Action) -> &'static Rule {
    match action {
        Action::Buy | Action::Reinvest | Action::BuyToOpen | Action::Open => &COST,
        Action::Income => &INCOME_IN_KIND,
        Action::Opening | Action::TransferIn => &STATED,
        Action::GiftIn | Action::GiftOut => &GIFT,
        Action::Inherit => &INHERITANCE,
        Action::Sell | Action::SellToClose | Action::Spend | Action::Close | Action::Pnl => {
            &AMOUNT_REALISED
        }
        Action::Fee => &FEE_IN_KIND,
        Action::Swap => &EXCHANGE,
        Action::Lost => &LOST,
        Action::Worthless => &WORTHLESS,
        Action::Split | Action::StockDividend => &SPLIT,
        Action::SpinOff => &SPIN_OFF,
        Action::Merger => &MERGER,
        Action::Rename => &RENAME,
        Action::ReturnOfCapital => &RETURN_OF_CAPITAL,
        Action::BasisAdjust => &BASIS_ADJUSTMENT,
        Action::Dividend => &IN_LIEU,
        Action::Transfer | Action::TransferOut => &TRANSFER,
        Action::Short | Action::Cover => &SHORT_SALE,
        Action::SellToOpen | Action::BuyToClose => &OPTION_WRITTEN,
        Action::Exercise | Action::Assign => &OPTION_PREMIUM,
        Action::Expire | Action::CashSettle => &OPTION_EXPIRY,
        Action::Mark => &SECTION_1256,
        Action::Funding => &PERPETUAL,
        Action::Cancel | Action::Ignore => &COST,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_has_an_id_of_its_own_and_a_citation() {
        let ids: BTreeSet<_> = super::ALL.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), super::ALL.len());
        assert!(
            super::ALL
                .iter()
                .all(|rule| rule.id.starts_with("us-") && !rule.citation.is_empty())
        );
    }
}
