//! Encodings' names and numbers, as `pg_encoding_to_char` knows them.

/// Name and greatest bytes per character, by number.
pub(super) const ENCODINGS: &[(&str, i32)] = &[
    ("SQL_ASCII", 1),
    ("EUC_JP", 3),
    ("EUC_CN", 3),
    ("EUC_KR", 3),
    ("EUC_TW", 4),
    ("EUC_JIS_2004", 3),
    ("UTF8", 4),
    ("MULE_INTERNAL", 4),
    ("LATIN1", 1),
    ("LATIN2", 1),
    ("LATIN3", 1),
    ("LATIN4", 1),
    ("LATIN5", 1),
    ("LATIN6", 1),
    ("LATIN7", 1),
    ("LATIN8", 1),
    ("LATIN9", 1),
    ("LATIN10", 1),
    ("WIN1256", 1),
    ("WIN1258", 1),
    ("WIN866", 1),
    ("WIN874", 1),
    ("KOI8R", 1),
    ("WIN1251", 1),
    ("WIN1252", 1),
    ("ISO_8859_5", 1),
    ("ISO_8859_6", 1),
    ("ISO_8859_7", 1),
    ("ISO_8859_8", 1),
    ("WIN1250", 1),
    ("WIN1253", 1),
    ("WIN1254", 1),
    ("WIN1255", 1),
    ("WIN1257", 1),
    ("KOI8U", 1),
    ("SJIS", 2),
    ("BIG5", 2),
    ("GBK", 2),
    ("UHC", 2),
    ("GB18030", 4),
    ("JOHAB", 3),
    ("SHIFT_JIS_2004", 2),
];

/// Other spellings that PostgreSQL accepts, canonical.
const ALIASES: &[(&str, &str)] = &[
    ("unicode", "utf8"),
    ("iso88591", "latin1"),
    ("iso88592", "latin2"),
    ("iso88593", "latin3"),
    ("iso88594", "latin4"),
    ("iso88599", "latin5"),
    ("iso885910", "latin6"),
    ("iso885913", "latin7"),
    ("iso885914", "latin8"),
    ("iso885915", "latin9"),
    ("iso885916", "latin10"),
    ("koi8", "koi8r"),
    ("win", "win1251"),
    ("windows1250", "win1250"),
    ("windows1251", "win1251"),
    ("windows1252", "win1252"),
    ("windows1253", "win1253"),
    ("windows1254", "win1254"),
    ("windows1255", "win1255"),
    ("windows1256", "win1256"),
    ("windows1257", "win1257"),
    ("windows1258", "win1258"),
    ("windows866", "win866"),
    ("windows874", "win874"),
    ("alt", "win866"),
    ("mskanji", "sjis"),
    ("shiftjis", "sjis"),
    ("windows932", "sjis"),
    ("win932", "sjis"),
    ("windows936", "gbk"),
    ("win936", "gbk"),
    ("windows949", "uhc"),
    ("win949", "uhc"),
    ("windows950", "big5"),
    ("win950", "big5"),
    ("tcvn", "win1258"),
    ("tcvn5712", "win1258"),
    ("vscii", "win1258"),
    ("abc", "win1258"),
];

/// An encoding's number, by any spelling of its name.
pub(super) fn number(name: &str) -> Option<u8> {
    let canonical = canonical(name);
    let alias = ALIASES.iter().find(|(alias, _)| *alias == canonical);
    let wanted = alias.map_or(canonical.as_str(), |(_, name)| name);
    let found = ENCODINGS.iter().position(|(name, _)| self::canonical(name) == wanted)?;
    u8::try_from(found).ok()
}

/// A name with everything but letters and digits dropped, as PostgreSQL compares them.
fn canonical(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
