//! `pg_opclass`, `pg_opfamily`, `pg_amop`, `pg_amproc`: how types are ordered, compared and hashed.

use super::HashMap;
use super::data::Reader;
use super::extensions::Extension;
use super::table::{Row, Table};
use super::{TypeKind, binary_coercible, oid, type_};
use crate::types::{Oid, oids};
use std::sync::LazyLock;

/// A row of pg_opclass.
#[derive(Clone, Debug)]
pub struct OpClass {
    pub oid: Oid,
    pub method: Oid,
    pub name: &'static str,
    pub namespace: Oid,
    pub family: Oid,
    pub input_type: Oid,
    pub default: bool,
    /// The type of what is stored; 0: the column's.
    pub key_type: Oid,
}

/// A row of pg_opfamily.
#[derive(Clone, Debug)]
pub struct OpFamily {
    pub oid: Oid,
    pub method: Oid,
    pub name: &'static str,
    pub namespace: Oid,
}

/// A row of pg_amop: an operator's part in a family. Btree strategies: 1 `<`, 2 `<=`, 3 `=`,
/// 4 `>=`, 5 `>`; hash: 1 `=`.
#[derive(Clone, Debug)]
pub struct AmOp {
    pub family: Oid,
    pub left: Oid,
    pub right: Oid,
    pub strategy: i16,
    /// For searching, not for ordering by distance.
    pub search: bool,
    pub operator: Oid,
    pub method: Oid,
}

/// The operators and the comparison function of a type's btree operator class (`TypeCacheEntry`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub opclass: Oid,
    pub family: Oid,
    /// The class's input type: `text` for varchar, `anyarray` for arrays.
    pub input_type: Oid,
    pub lt: Oid,
    pub le: Oid,
    pub eq: Oid,
    pub ge: Oid,
    pub gt: Oid,
    /// btree support function 1.
    pub cmp_proc: Oid,
}

impl Row for OpClass {
    const FILE: &'static str = "pg_opclass";

    fn read(r: &Reader) -> OpClass {
        OpClass {
            oid: r.oid("oid"),
            method: r.oid("opcmethod"),
            name: r.text("opcname"),
            namespace: r.oid("opcnamespace"),
            family: r.oid("opcfamily"),
            input_type: r.oid("opcintype"),
            default: r.bool("opcdefault"),
            key_type: r.oid("opckeytype"),
        }
    }

    fn oid(&self) -> Oid {
        self.oid
    }

    fn name(&self) -> &str {
        self.name
    }
}

impl Row for OpFamily {
    const FILE: &'static str = "pg_opfamily";

    fn read(r: &Reader) -> OpFamily {
        OpFamily {
            oid: r.oid("oid"),
            method: r.oid("opfmethod"),
            name: r.text("opfname"),
            namespace: r.oid("opfnamespace"),
        }
    }

    fn oid(&self) -> Oid {
        self.oid
    }

    fn name(&self) -> &str {
        self.name
    }
}

/// pg_amop by its two access paths.
struct AmOps {
    by_strategy: HashMap<(Oid, Oid, Oid, i16), Oid>,
    by_operator: HashMap<Oid, Vec<AmOp>>,
}

impl AmOps {
    fn load() -> AmOps {
        let mut reader = Reader::open_all("pg_amop").expect("an exported catalog");
        let mut ops = AmOps { by_strategy: HashMap::default(), by_operator: HashMap::default() };
        while reader.advance() {
            let op = AmOp {
                family: reader.oid("amopfamily"),
                left: reader.oid("amoplefttype"),
                right: reader.oid("amoprighttype"),
                strategy: reader.value("amopstrategy"),
                search: reader.char("amoppurpose") == b's',
                operator: reader.oid("amopopr"),
                method: reader.oid("amopmethod"),
            };
            ops.by_strategy.insert((op.family, op.left, op.right, op.strategy), op.operator);
            ops.by_operator.entry(op.operator).or_default().push(op);
        }
        ops
    }
}

static OPCLASSES: LazyLock<Table<OpClass>> = LazyLock::new(Table::load);
static OPFAMILIES: LazyLock<Table<OpFamily>> = LazyLock::new(Table::load);
static AMOPS: LazyLock<AmOps> = LazyLock::new(AmOps::load);
static AMPROCS: LazyLock<HashMap<(Oid, Oid, Oid, i16), Oid>> = LazyLock::new(|| {
    let mut r = Reader::open_all("pg_amproc").expect("an exported catalog");
    let mut procs = HashMap::default();
    while r.advance() {
        let types = (r.oid("amproclefttype"), r.oid("amprocrighttype"));
        let key = (r.oid("amprocfamily"), types.0, types.1, r.value("amprocnum"));
        procs.insert(key, r.oid("amproc"));
    }
    procs
});

/// The operator class with this OID.
pub fn opclass(oid: Oid) -> Option<&'static OpClass> {
    OPCLASSES.get(oid)
}

/// PostgreSQL's own operator class of this name for an access method.
pub fn opclass_named(method: Oid, name: &str) -> Option<&'static OpClass> {
    OPCLASSES.named(name).find(|c| c.method == method)
}

/// An extension's operator class of this name for an access method.
pub fn member_opclass_named(
    extension: &'static Extension,
    method: Oid,
    name: &str,
) -> Option<&'static OpClass> {
    OPCLASSES.members_named(extension, name).find(|c| c.method == method)
}

/// All operator classes, those of extensions among them.
pub fn opclasses() -> &'static [OpClass] {
    &OPCLASSES.rows
}

/// The operator family with this OID.
pub fn opfamily(oid: Oid) -> Option<&'static OpFamily> {
    OPFAMILIES.get(oid)
}

/// The operator family of this name for an access method.
pub fn opfamily_named(method: Oid, name: &str) -> Option<&'static OpFamily> {
    OPFAMILIES.named(name).find(|f| f.method == method)
}

/// The operator of a family for these operand types and strategy (`get_opfamily_member`).
pub fn amop(family: Oid, left: Oid, right: Oid, strategy: i16) -> Option<Oid> {
    AMOPS.by_strategy.get(&(family, left, right, strategy)).copied()
}

/// The families an operator belongs to.
pub fn amops_of_operator(operator: Oid) -> &'static [AmOp] {
    AMOPS.by_operator.get(&operator).map_or(&[], Vec::as_slice)
}

/// A family's support function (`get_opfamily_proc`).
pub fn amproc(family: Oid, left: Oid, right: Oid, number: i16) -> Option<Oid> {
    AMPROCS.get(&(family, left, right, number)).copied()
}

/// The class that an index or sort of this type uses unasked (`GetDefaultOpClass`): the one for
/// the type itself, else the only one, or the preferred one, for a type it is binary coercible to.
pub fn default_opclass(method: Oid, type_oid: Oid) -> Option<&'static OpClass> {
    let type_oid = domain_base(type_oid);
    let mut coercible: Option<&'static OpClass> = None;
    let mut preferred: Option<&'static OpClass> = None;
    for class in opclasses().iter().filter(|c| c.method == method && c.default) {
        if class.input_type == type_oid {
            return Some(class);
        }
        if binary_coercible(type_oid, class.input_type) {
            let is_preferred = type_(class.input_type).is_some_and(|t| t.preferred);
            let slot = if is_preferred { &mut preferred } else { &mut coercible };
            slot.get_or_insert(class);
        }
    }
    preferred.or(coercible)
}

fn domain_base(type_oid: Oid) -> Oid {
    match type_(type_oid) {
        Some(t) if t.kind == TypeKind::Domain => domain_base(t.base),
        _ => type_oid,
    }
}

/// The operators of the type's default btree class; `None` where the type has no order (json).
pub fn comparison(type_oid: Oid) -> Option<Comparison> {
    let class = default_opclass(oid::BTREE, type_oid)?;
    if class.input_type == oids::ANYARRAY && type_oid != oids::ANYARRAY {
        // Arrays compare where their elements do; whoever asks for all of them knows that.
        comparison(type_(domain_base(type_oid))?.array_element()?)?;
    }
    let op = |strategy| amop(class.family, class.input_type, class.input_type, strategy);
    Some(Comparison {
        opclass: class.oid,
        family: class.family,
        input_type: class.input_type,
        lt: op(1)?,
        le: op(2)?,
        eq: op(3)?,
        ge: op(4)?,
        gt: op(5)?,
        cmp_proc: amproc(class.family, class.input_type, class.input_type, 1)?,
    })
}

/// The equality operator of the type's default hash class, for types that hash but have no order
/// (`xid`); others have the same one in [`comparison`].
pub fn hash_equality(type_oid: Oid) -> Option<Oid> {
    let class = default_opclass(oid::HASH, type_oid)?;
    amop(class.family, class.input_type, class.input_type, 1)
}
