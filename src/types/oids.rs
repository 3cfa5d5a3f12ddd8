//! OIDs of the built-in types (`pg_type.dat`), and of extensions'
//! ([`crate::catalog::builtin::extensions`]).

use super::Oid;
use std::ops::Range;

/// What extensions are made of has its OIDs here, far beyond what a counter reaches.
pub const EXTENSIONS: Range<Oid> = 2_000_000_000..2_001_000_000;

macro_rules! types {
    ($($name:ident = $oid:literal, $array:literal;)*) => {
        $(pub const $name: Oid = $oid;)*

        /// The array type over a built-in element type.
        pub fn array_of(element: Oid) -> Option<Oid> {
            match element {
                $($oid if $array != 0 => Some($array),)*
                _ => None,
            }
        }

        /// The element type of a built-in array type.
        pub fn element_of(array: Oid) -> Option<Oid> {
            // Linear, but over a few dozen constants and only while binding.
            [$(($oid, $array)),*].into_iter().find(|&(_, a)| a == array && a != 0).map(|(e, _)| e)
        }
    };
}

types! {
    BOOL = 16, 1000;
    BYTEA = 17, 1001;
    CHAR = 18, 1002;
    NAME = 19, 1003;
    INT8 = 20, 1016;
    INT2 = 21, 1005;
    INT2VECTOR = 22, 1006;
    INT4 = 23, 1007;
    REGPROC = 24, 1008;
    TEXT = 25, 1009;
    OID = 26, 1028;
    TID = 27, 1010;
    XID = 28, 1011;
    CID = 29, 1012;
    OIDVECTOR = 30, 1013;
    JSON = 114, 199;
    XML = 142, 143;
    POINT = 600, 1017;
    LSEG = 601, 1018;
    PATH = 602, 1019;
    BOX = 603, 1020;
    POLYGON = 604, 1027;
    LINE = 628, 629;
    CIRCLE = 718, 719;
    FLOAT4 = 700, 1021;
    FLOAT8 = 701, 1022;
    MONEY = 790, 791;
    MACADDR = 829, 1040;
    MACADDR8 = 774, 775;
    INET = 869, 1041;
    CIDR = 650, 651;
    INT4RANGE = 3904, 3905;
    NUMRANGE = 3906, 3907;
    TSRANGE = 3908, 3909;
    TSTZRANGE = 3910, 3911;
    DATERANGE = 3912, 3913;
    INT8RANGE = 3926, 3927;
    INT4MULTIRANGE = 4451, 6150;
    NUMMULTIRANGE = 4532, 6151;
    TSMULTIRANGE = 4533, 6152;
    TSTZMULTIRANGE = 4534, 6153;
    DATEMULTIRANGE = 4535, 6155;
    INT8MULTIRANGE = 4536, 6157;
    ACLITEM = 1033, 1034;
    BPCHAR = 1042, 1014;
    VARCHAR = 1043, 1015;
    DATE = 1082, 1182;
    TIME = 1083, 1183;
    TIMESTAMP = 1114, 1115;
    TIMESTAMPTZ = 1184, 1185;
    INTERVAL = 1186, 1187;
    TIMETZ = 1266, 1270;
    BIT = 1560, 1561;
    VARBIT = 1562, 1563;
    NUMERIC = 1700, 1231;
    REFCURSOR = 1790, 2201;
    REGPROCEDURE = 2202, 2207;
    REGOPER = 2203, 2208;
    REGOPERATOR = 2204, 2209;
    REGCLASS = 2205, 2210;
    REGTYPE = 2206, 2211;
    REGROLE = 4096, 4097;
    REGNAMESPACE = 4089, 4090;
    REGCONFIG = 3734, 3735;
    REGDICTIONARY = 3769, 3770;
    REGCOLLATION = 4191, 4192;
    TSVECTOR = 3614, 3643;
    TSQUERY = 3615, 3645;
    UUID = 2950, 2951;
    PG_LSN = 3220, 3221;
    JSONB = 3802, 3807;
    JSONPATH = 4072, 4073;
    XID8 = 5069, 271;
    HSTORE = 2_000_000_002, 2_000_000_007;
    CITEXT = 2_000_000_202, 2_000_000_207;
    RECORD = 2249, 2287;
    CSTRING = 2275, 1263;
    ANY = 2276, 0;
    ANYARRAY = 2277, 0;
    VOID = 2278, 0;
    TRIGGER = 2279, 0;
    INTERNAL = 2281, 0;
    ANYELEMENT = 2283, 0;
    ANYNONARRAY = 2776, 0;
    ANYENUM = 3500, 0;
    ANYRANGE = 3831, 0;
    ANYMULTIRANGE = 4537, 0;
    ANYCOMPATIBLE = 5077, 0;
    ANYCOMPATIBLEARRAY = 5078, 0;
    ANYCOMPATIBLENONARRAY = 5079, 0;
    ANYCOMPATIBLERANGE = 5080, 0;
    ANYCOMPATIBLEMULTIRANGE = 4538, 0;
    UNKNOWN = 705, 0;
    PG_NODE_TREE = 194, 0;
}
