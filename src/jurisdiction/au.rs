//! Australia: capital gains of individuals, year to 30 June.

use super::{
    Assets, Boot, Costs, Day, EventRule, Gifts, Jurisdiction, Net, Scope, Step, Swaps,
    TRANSFER_FEE, TermTest, Written, YearRule, parameter_file,
};
use crate::date::{TaxYear, YearLabel};
use crate::method::{FIFO, HIFO, LIFO, LOFO, SPECIFIC};
use crate::rates::RateDay;
use crate::rule::Rule;
use crate::trade::Action;

/// Australia.
pub static AU: Jurisdiction = Jurisdiction {
    code: "au",
    name: "Australia",
    currency: "AUD",
    places: 2,
    tax_year: TaxYear {
        month: 7,
        day: 1,
        label: YearLabel::Ends,
    },
    // The taxpayer chooses the parcels if the records show them; first in, first out is accepted otherwise (TD 33).
    methods: &[&FIFO, &SPECIFIC, &HIFO, &LOFO, &LIFO],
    methods_for: Assets::All,
    scope: Scope::Account,
    identify: &[Step::Lots(&PARCELS)],
    day: Day::Rows,
    // Twelve months, neither the day of acquisition nor that of the event counted (TD 2002/10).
    term: TermTest::AfterAnniversary,
    term_of: Assets::All,
    defer: None,
    written: Written::Close,
    gifts: Gifts::MarketValue,
    swaps: Swaps::Disposal,
    // The part of the cost base that is for the cash is reasonably attributed, by value (s 124-790(2)).
    boot: Boot::PartDisposal {
        small: 0,
        percent: 0,
    },
    costs: Costs::USUAL,
    rate_day: RateDay::Trade,
    carry_in: &["loss"],
    readings: &[TRANSFER_FEE],
    repurchase_notice: true,
    refused: &[],
    outside_before: &[],
    limits: &[
        "written options by the year in which they are written: they count when closed",
        "assets from before 20 September 1985, which are outside the tax (s 104-10(5)): in full, with a warning",
        "events from 1 July 2027, when another law begins; indexation; collectables and personal-use assets",
        "wash sales: no rule of arithmetic, a purchase within 30 days of a loss is pointed out (TR 2008/1)",
    ],
    gain: Some(&GAIN),
    term_rule: Some(&TERM),
    events: &[EventRule {
        actions: &[Action::Merger],
        rule: &EXCHANGE,
    }],
    parameters: parameter_file!("au.toml"),
    netting: &[
        YearRule {
            lines: &[
                "discount_gains",
                "other_gains",
                "losses",
                "brought_forward_used",
                "carried_forward",
            ],
            rule: &LOSSES,
        },
        YearRule {
            lines: &["discount", "net_capital_gain"],
            rule: &DISCOUNT,
        },
    ],
    net: Net::Australia,
};

static PARCELS: Rule = Rule {
    id: "au-parcels",
    title: "the parcel chosen, else first in, first out",
    citation: "TD 33; ATO guide to capital gains tax",
};

static LOSSES: Rule = Rule {
    id: "au-losses",
    title: "losses of the year, then of earlier years, first against gains without the discount",
    citation: "ITAA 1997 s 102-5, s 102-15",
};

static DISCOUNT: Rule = Rule {
    id: "au-discount",
    title: "half of what is left of gains on assets held for twelve months",
    citation: "ITAA 1997 s 115-25, s 115-100",
};

static GAIN: Rule = Rule {
    id: "au-gain",
    title: "capital proceeds less cost base",
    citation: "ITAA 1997 s 104-10(4), s 110-25",
};

static EXCHANGE: Rule = Rule {
    id: "au-exchange",
    title: "shares for shares roll over; of the cost base the part for cash is taken by value",
    citation: "ITAA 1997 s 124-780, s 124-790",
};

static TERM: Rule = Rule {
    id: "au-twelve-months",
    title: "held for twelve months, both days left out",
    citation: "ITAA 1997 s 115-25; TD 2002/10",
};
