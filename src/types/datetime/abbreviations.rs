//! Zone abbreviations of PostgreSQL's default `timezone_abbreviations` set.

/// What an abbreviation stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Seconds east of Greenwich.
    Offset(i32),
    /// Seconds east, daylight-saving time.
    Daylight(i32),
    /// Whatever the abbreviation means in a zone at the time in question.
    InZone(&'static str),
}

/// Looks an abbreviation up, in any case.
pub fn lookup(abbreviation: &str) -> Option<Meaning> {
    let upper = abbreviation.to_ascii_uppercase();
    let index = ABBREVIATIONS.binary_search_by(|(name, _)| (*name).cmp(&upper)).ok()?;
    Some(ABBREVIATIONS[index].1)
}

use Meaning::{Daylight as D, InZone as Z, Offset as O};

/// Sorted by name.
#[rustfmt::skip]
pub const ABBREVIATIONS: &[(&str, Meaning)] = &[
    ("ACDT", D(37800)), ("ACSST", D(37800)), ("ACST", O(34200)), ("ACT", O(-18000)),
    ("ACWST", O(31500)), ("ADT", D(-10800)), ("AEDT", D(39600)), ("AESST", D(39600)),
    ("AEST", O(36000)), ("AFT", O(16200)), ("AKDT", D(-28800)), ("AKST", O(-32400)),
    ("ALMST", D(25200)), ("ALMT", O(21600)), ("AMST", Z("Asia/Yerevan")), ("AMT", O(-14400)),
    ("ANAST", Z("Asia/Anadyr")), ("ANAT", Z("Asia/Anadyr")),
    ("ARST", Z("America/Argentina/Buenos_Aires")), ("ART", Z("America/Argentina/Buenos_Aires")),
    ("AST", O(-14400)), ("AWSST", D(32400)), ("AWST", O(28800)), ("AZOST", D(0)),
    ("AZOT", O(-3600)), ("AZST", Z("Asia/Baku")), ("AZT", Z("Asia/Baku")), ("BDST", D(7200)),
    ("BDT", O(21600)), ("BNT", O(28800)), ("BORT", O(28800)), ("BOT", O(-14400)),
    ("BRA", O(-10800)), ("BRST", D(-7200)), ("BRT", O(-10800)), ("BST", D(3600)), ("BTT", O(21600)),
    ("CADT", D(37800)), ("CAST", O(34200)), ("CCT", O(28800)), ("CDT", D(-18000)),
    ("CEST", D(7200)), ("CET", O(3600)), ("CETDST", D(7200)), ("CHADT", D(49500)),
    ("CHAST", O(45900)), ("CHUT", O(36000)), ("CKT", Z("Pacific/Rarotonga")), ("CLST", D(-10800)),
    ("CLT", Z("America/Santiago")), ("COT", O(-18000)), ("CST", O(-21600)), ("CXT", O(25200)),
    ("DAVT", Z("Antarctica/Davis")), ("DDUT", O(36000)), ("EASST", Z("Pacific/Easter")),
    ("EAST", Z("Pacific/Easter")), ("EAT", O(10800)), ("EDT", D(-14400)), ("EEST", D(10800)),
    ("EET", O(7200)), ("EETDST", D(10800)), ("EGST", D(0)), ("EGT", O(-3600)), ("EST", O(-18000)),
    ("FET", O(10800)), ("FJST", D(46800)), ("FJT", O(43200)), ("FKST", Z("Atlantic/Stanley")),
    ("FKT", Z("Atlantic/Stanley")), ("FNST", D(-3600)), ("FNT", O(-7200)), ("GALT", O(-21600)),
    ("GAMT", O(-32400)), ("GEST", Z("Asia/Tbilisi")), ("GET", Z("Asia/Tbilisi")),
    ("GFT", O(-10800)), ("GILT", O(43200)), ("GMT", O(0)), ("GYT", Z("America/Guyana")),
    ("HKT", O(28800)), ("HST", O(-36000)), ("ICT", O(25200)), ("IDT", D(10800)),
    ("IOT", Z("Indian/Chagos")), ("IRKST", Z("Asia/Irkutsk")), ("IRKT", Z("Asia/Irkutsk")),
    ("IRT", O(12600)), ("IST", O(7200)), ("JAYT", O(32400)), ("JST", O(32400)), ("KDT", D(36000)),
    ("KGST", D(21600)), ("KGT", Z("Asia/Bishkek")), ("KOST", Z("Pacific/Kosrae")),
    ("KRAST", Z("Asia/Krasnoyarsk")), ("KRAT", Z("Asia/Krasnoyarsk")), ("KST", O(32400)),
    ("LHDT", Z("Australia/Lord_Howe")), ("LHST", O(37800)), ("LIGT", O(36000)),
    ("LINT", Z("Pacific/Kiritimati")), ("LKT", Z("Asia/Colombo")), ("MAGST", Z("Asia/Magadan")),
    ("MAGT", Z("Asia/Magadan")), ("MART", O(-34200)), ("MAWT", Z("Antarctica/Mawson")),
    ("MDT", D(-21600)), ("MEST", D(7200)), ("MESZ", D(7200)), ("MET", O(3600)), ("METDST", D(7200)),
    ("MEZ", O(3600)), ("MHT", O(43200)), ("MMT", O(23400)), ("MPT", O(36000)), ("MSD", D(14400)),
    ("MSK", Z("Europe/Moscow")), ("MST", O(-25200)), ("MUST", D(18000)), ("MUT", O(14400)),
    ("MVT", O(18000)), ("MYT", O(28800)), ("NDT", D(-9000)), ("NFT", O(-12600)),
    ("NOVST", Z("Asia/Novosibirsk")), ("NOVT", Z("Asia/Novosibirsk")), ("NPT", O(20700)),
    ("NST", O(-12600)), ("NUT", Z("Pacific/Niue")), ("NZDT", D(46800)), ("NZST", O(43200)),
    ("NZT", O(43200)), ("OMSST", Z("Asia/Omsk")), ("OMST", Z("Asia/Omsk")), ("PDT", D(-25200)),
    ("PET", O(-18000)), ("PETST", Z("Asia/Kamchatka")), ("PETT", Z("Asia/Kamchatka")),
    ("PGT", O(36000)), ("PHT", O(28800)), ("PKST", D(21600)), ("PKT", O(18000)), ("PMDT", D(-7200)),
    ("PMST", O(-10800)), ("PONT", O(39600)), ("PST", O(-28800)), ("PWT", O(32400)),
    ("PYST", D(-10800)), ("PYT", Z("America/Asuncion")), ("RET", O(14400)), ("SADT", D(37800)),
    ("SAST", O(7200)), ("SCT", O(14400)), ("SGT", Z("Asia/Singapore")), ("TAHT", O(-36000)),
    ("TFT", O(18000)), ("TJT", O(18000)), ("TKT", Z("Pacific/Fakaofo")),
    ("TMT", Z("Asia/Ashgabat")), ("TOT", O(46800)), ("TRUT", O(36000)), ("TVT", O(43200)),
    ("UCT", O(0)), ("ULAST", D(32400)), ("ULAT", Z("Asia/Ulaanbaatar")), ("UT", O(0)),
    ("UTC", O(0)), ("UYST", D(-7200)), ("UYT", O(-10800)), ("UZST", D(21600)), ("UZT", O(18000)),
    ("VET", Z("America/Caracas")), ("VLAST", Z("Asia/Vladivostok")),
    ("VLAT", Z("Asia/Vladivostok")), ("VOLT", Z("Europe/Volgograd")), ("VUT", O(39600)),
    ("WADT", D(28800)), ("WAKT", O(43200)), ("WAST", O(25200)), ("WAT", O(3600)), ("WDT", D(32400)),
    ("WET", O(0)), ("WETDST", D(3600)), ("WFT", O(43200)), ("WGST", D(-7200)), ("WGT", O(-10800)),
    ("XJT", O(21600)), ("YAKST", Z("Asia/Yakutsk")), ("YAKT", Z("Asia/Yakutsk")),
    ("YAPT", O(36000)), ("YEKST", D(21600)), ("YEKT", Z("Asia/Yekaterinburg")), ("Z", O(0)),
    ("ZULU", O(0)),
];
