//! The error every layer above storage reports: what PostgreSQL's `ereport` carries.
//!
//! A user can cause each of these, so each has a SQLSTATE (manual, appendix A) and, where it points
//! into SQL text, a position. The server writes the fields to the wire once, at its edge
//! ([`crate::server`]). `XX000` is a bug: no input may reach it.

use std::borrow::Cow;
use std::fmt;

/// The result of everything that can fail with a [`PgError`].
pub type Result<T, E = PgError> = std::result::Result<T, E>;

/// A five-character SQLSTATE (manual, appendix A).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SqlState(pub [u8; 5]);

impl SqlState {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("SQLSTATE constants are ASCII")
    }

    /// The class: the first two characters.
    pub fn class(&self) -> &str {
        &self.as_str()[..2]
    }
}

impl fmt::Debug for SqlState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Names for the SQLSTATEs we raise, as in PostgreSQL's `errcodes.txt`.
pub mod code {
    use super::SqlState;

    macro_rules! codes {
        ($($name:ident = $code:literal;)*) => {
            $(#[doc = concat!("SQLSTATE ", $code, ".")]
            pub const $name: SqlState = {
                let b = $code.as_bytes();
                SqlState([b[0], b[1], b[2], b[3], b[4]])
            };)*
        };
    }

    codes! {
        SUCCESSFUL_COMPLETION = "00000";
        WARNING = "01000";
        WARNING_PRIVILEGE_NOT_REVOKED = "01006";
        WARNING_PRIVILEGE_NOT_GRANTED = "01007";
        CONNECTION_FAILURE = "08006";
        PROTOCOL_VIOLATION = "08P01";
        FEATURE_NOT_SUPPORTED = "0A000";
        CARDINALITY_VIOLATION = "21000";
        DATA_EXCEPTION = "22000";
        STRING_DATA_RIGHT_TRUNCATION = "22001";
        NUMERIC_VALUE_OUT_OF_RANGE = "22003";
        NULL_VALUE_NOT_ALLOWED = "22004";
        INVALID_DATETIME_FORMAT = "22007";
        DATETIME_FIELD_OVERFLOW = "22008";
        INVALID_TIME_ZONE_DISPLACEMENT_VALUE = "22009";
        SUBSTRING_ERROR = "22011";
        DIVISION_BY_ZERO = "22012";
        INVALID_PRECEDING_OR_FOLLOWING_SIZE = "22013";
        INVALID_ARGUMENT_FOR_NTILE = "22014";
        INVALID_ARGUMENT_FOR_NTH_VALUE = "22016";
        INTERVAL_FIELD_OVERFLOW = "22015";
        CHARACTER_NOT_IN_REPERTOIRE = "22021";
        INVALID_PARAMETER_VALUE = "22023";
        INVALID_ESCAPE_SEQUENCE = "22025";
        ZERO_LENGTH_CHARACTER_STRING = "2200F";
        STRING_DATA_LENGTH_MISMATCH = "22026";
        INVALID_REGULAR_EXPRESSION = "2201B";
        INVALID_ARGUMENT_FOR_LOGARITHM = "2201E";
        INVALID_ARGUMENT_FOR_POWER_FUNCTION = "2201F";
        INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION = "2201G";
        INVALID_ROW_COUNT_IN_LIMIT_CLAUSE = "2201W";
        INVALID_ROW_COUNT_IN_RESULT_OFFSET_CLAUSE = "2201X";
        INVALID_ESCAPE_CHARACTER = "22019";
        SEQUENCE_GENERATOR_LIMIT_EXCEEDED = "2200H";
        NOT_AN_XML_DOCUMENT = "2200L";
        INVALID_XML_DOCUMENT = "2200M";
        INVALID_XML_CONTENT = "2200N";
        INVALID_XML_COMMENT = "2200S";
        INVALID_XML_PROCESSING_INSTRUCTION = "2200T";
        INVALID_ARGUMENT_FOR_SQL_JSON_DATETIME_FUNCTION = "22031";
        INVALID_SQL_JSON_SUBSCRIPT = "22033";
        NON_NUMERIC_SQL_JSON_ITEM = "22036";
        SINGLETON_SQL_JSON_ITEM_REQUIRED = "22038";
        SQL_JSON_ARRAY_NOT_FOUND = "22039";
        SQL_JSON_MEMBER_NOT_FOUND = "2203A";
        SQL_JSON_NUMBER_NOT_FOUND = "2203B";
        SQL_JSON_OBJECT_NOT_FOUND = "2203C";
        ARRAY_SUBSCRIPT_ERROR = "2202E";
        INVALID_TEXT_REPRESENTATION = "22P02";
        INVALID_BINARY_REPRESENTATION = "22P03";
        BAD_COPY_FILE_FORMAT = "22P04";
        UNTRANSLATABLE_CHARACTER = "22P05";
        INTEGRITY_CONSTRAINT_VIOLATION = "23000";
        RESTRICT_VIOLATION = "23001";
        NOT_NULL_VIOLATION = "23502";
        FOREIGN_KEY_VIOLATION = "23503";
        UNIQUE_VIOLATION = "23505";
        CHECK_VIOLATION = "23514";
        INVALID_CURSOR_STATE = "24000";
        INVALID_TRANSACTION_STATE = "25000";
        ACTIVE_SQL_TRANSACTION = "25001";
        READ_ONLY_SQL_TRANSACTION = "25006";
        NO_ACTIVE_SQL_TRANSACTION = "25P01";
        IN_FAILED_SQL_TRANSACTION = "25P02";
        IDLE_IN_TRANSACTION_SESSION_TIMEOUT = "25P03";
        IDLE_SESSION_TIMEOUT = "57P05";
        INVALID_SQL_STATEMENT_NAME = "26000";
        INVALID_GRANTOR = "0L000";
        INVALID_GRANT_OPERATION = "0LP01";
        INVALID_AUTHORIZATION_SPECIFICATION = "28000";
        INVALID_PASSWORD = "28P01";
        DEPENDENT_OBJECTS_STILL_EXIST = "2BP01";
        INVALID_TRANSACTION_TERMINATION = "2D000";
        INVALID_CURSOR_NAME = "34000";
        EXTERNAL_ROUTINE_EXCEPTION = "38000";
        EXTERNAL_ROUTINE_INVOCATION_EXCEPTION = "39000";
        INVALID_SAVEPOINT_SPECIFICATION = "3B001";
        INVALID_CATALOG_NAME = "3D000";
        INVALID_SCHEMA_NAME = "3F000";
        SERIALIZATION_FAILURE = "40001";
        DEADLOCK_DETECTED = "40P01";
        SYNTAX_ERROR = "42601";
        INSUFFICIENT_PRIVILEGE = "42501";
        CANNOT_COERCE = "42846";
        GROUPING_ERROR = "42803";
        WINDOWING_ERROR = "42P20";
        INVALID_RECURSION = "42P19";
        INVALID_FOREIGN_KEY = "42830";
        INVALID_NAME = "42602";
        NAME_TOO_LONG = "42622";
        RESERVED_NAME = "42939";
        DATATYPE_MISMATCH = "42804";
        INDETERMINATE_DATATYPE = "42P18";
        COLLATION_MISMATCH = "42P21";
        INDETERMINATE_COLLATION = "42P22";
        WRONG_OBJECT_TYPE = "42809";
        GENERATED_ALWAYS = "428C9";
        UNDEFINED_COLUMN = "42703";
        UNDEFINED_FUNCTION = "42883";
        UNDEFINED_TABLE = "42P01";
        UNDEFINED_PARAMETER = "42P02";
        UNDEFINED_OBJECT = "42704";
        DUPLICATE_COLUMN = "42701";
        DUPLICATE_CURSOR = "42P03";
        DUPLICATE_DATABASE = "42P04";
        DUPLICATE_FUNCTION = "42723";
        DUPLICATE_PREPARED_STATEMENT = "42P05";
        DUPLICATE_SCHEMA = "42P06";
        DUPLICATE_TABLE = "42P07";
        DUPLICATE_ALIAS = "42712";
        DUPLICATE_OBJECT = "42710";
        AMBIGUOUS_COLUMN = "42702";
        AMBIGUOUS_FUNCTION = "42725";
        AMBIGUOUS_PARAMETER = "42P08";
        AMBIGUOUS_ALIAS = "42P09";
        INVALID_COLUMN_REFERENCE = "42P10";
        INVALID_COLUMN_DEFINITION = "42611";
        INVALID_CURSOR_DEFINITION = "42P11";
        INVALID_PSTATEMENT_DEFINITION = "42P14";
        INVALID_DATABASE_DEFINITION = "42P12";
        INVALID_FUNCTION_DEFINITION = "42P13";
        INVALID_SCHEMA_DEFINITION = "42P15";
        INVALID_TABLE_DEFINITION = "42P16";
        INVALID_OBJECT_DEFINITION = "42P17";
        WITH_CHECK_OPTION_VIOLATION = "44000";
        INSUFFICIENT_RESOURCES = "53000";
        DISK_FULL = "53100";
        OUT_OF_MEMORY = "53200";
        TOO_MANY_CONNECTIONS = "53300";
        PROGRAM_LIMIT_EXCEEDED = "54000";
        STATEMENT_TOO_COMPLEX = "54001";
        TOO_MANY_COLUMNS = "54011";
        TOO_MANY_ARGUMENTS = "54023";
        UNSAFE_NEW_ENUM_VALUE_USAGE = "55P04";
        OBJECT_NOT_IN_PREREQUISITE_STATE = "55000";
        OBJECT_IN_USE = "55006";
        CANT_CHANGE_RUNTIME_PARAM = "55P02";
        LOCK_NOT_AVAILABLE = "55P03";
        QUERY_CANCELED = "57014";
        ADMIN_SHUTDOWN = "57P01";
        CANNOT_CONNECT_NOW = "57P03";
        IO_ERROR = "58030";
        DUPLICATE_FILE = "58P02";
        UNDEFINED_FILE = "58P01";
        INTERNAL_ERROR = "XX000";
        DATA_CORRUPTED = "XX001";
    }
}

/// The database object an error is about; fields `s`, `t`, `c`, `d`, `n` of ErrorResponse.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorObject {
    pub schema: Option<String>,
    pub table: Option<String>,
    pub column: Option<String>,
    pub datatype: Option<String>,
    pub constraint: Option<String>,
}

/// An error for the client, boxed so that `Result` stays one word wide on hot paths.
#[derive(Clone, PartialEq, Eq)]
pub struct PgError(Box<Fields>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fields {
    code: SqlState,
    message: Cow<'static, str>,
    detail: Option<String>,
    hint: Option<String>,
    context: Option<String>,
    /// Byte offset into the statement's text; becomes a 1-based character position on the wire.
    location: Option<u32>,
    object: ErrorObject,
    /// The C function that raises it in PostgreSQL, where clients look at it.
    routine: Option<&'static str>,
    /// FATAL: the session ends after it.
    fatal: bool,
    /// Told as a WARNING, whatever its code.
    warning: bool,
}

impl PgError {
    /// An error of severity ERROR: the statement fails, the session goes on.
    pub fn new(code: SqlState, message: impl Into<Cow<'static, str>>) -> PgError {
        PgError(Box::new(Fields {
            code,
            message: message.into(),
            detail: None,
            hint: None,
            context: None,
            location: None,
            object: ErrorObject::default(),
            routine: None,
            fatal: false,
            warning: false,
        }))
    }

    /// 0A000 naming the feature: what we do not have yet is refused, never ignored.
    pub fn unsupported(feature: impl fmt::Display) -> PgError {
        PgError::new(code::FEATURE_NOT_SUPPORTED, format!("{feature} is not supported"))
    }

    /// XX000, for broken invariants only.
    pub fn internal(message: impl Into<Cow<'static, str>>) -> PgError {
        PgError::new(code::INTERNAL_ERROR, message)
    }

    pub fn detail(mut self, detail: impl Into<String>) -> PgError {
        self.0.detail = Some(detail.into());
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> PgError {
        self.0.hint = Some(hint.into());
        self
    }

    /// A line of CONTEXT; inner lines come first, as in PostgreSQL.
    pub fn context(mut self, line: impl Into<String>) -> PgError {
        let line = line.into();
        self.0.context = Some(match self.0.context.take() {
            Some(inner) => format!("{inner}\n{line}"),
            None => line,
        });
        self
    }

    /// Points at byte `location` of the statement (`-1`, as in parse nodes: nowhere). The innermost
    /// caller that knows a location wins.
    pub fn at(mut self, location: i32) -> PgError {
        if self.0.location.is_none() {
            self.0.location = u32::try_from(location).ok();
        }
        self
    }

    /// The same error, pointing nowhere: its text is not what the client sent.
    pub fn nowhere(mut self) -> PgError {
        self.0.location = None;
        self
    }

    pub fn schema(mut self, name: impl Into<String>) -> PgError {
        self.0.object.schema = Some(name.into());
        self
    }

    pub fn table(mut self, name: impl Into<String>) -> PgError {
        self.0.object.table = Some(name.into());
        self
    }

    pub fn column(mut self, name: impl Into<String>) -> PgError {
        self.0.object.column = Some(name.into());
        self
    }

    pub fn datatype(mut self, name: impl Into<String>) -> PgError {
        self.0.object.datatype = Some(name.into());
        self
    }

    pub fn constraint(mut self, name: impl Into<String>) -> PgError {
        self.0.object.constraint = Some(name.into());
        self
    }

    /// Field `R` of ErrorResponse.
    pub fn routine(mut self, name: &'static str) -> PgError {
        self.0.routine = Some(name);
        self
    }

    /// The same as a WARNING, where it is told and not raised.
    pub fn warning(mut self) -> PgError {
        self.0.warning = true;
        self
    }

    /// Whether a notice of it is a WARNING: it was made one, or its class is 01.
    pub fn is_warning(&self) -> bool {
        self.0.warning || self.0.code.as_str().starts_with("01")
    }

    /// Raises the severity to FATAL: the session closes after reporting it.
    pub fn fatal(mut self) -> PgError {
        self.0.fatal = true;
        self
    }

    pub fn code(&self) -> SqlState {
        self.0.code
    }

    pub fn message(&self) -> &str {
        &self.0.message
    }

    pub fn detail_text(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    pub fn context_text(&self) -> Option<&str> {
        self.0.context.as_deref()
    }

    /// Byte offset into the statement's text.
    pub fn location(&self) -> Option<u32> {
        self.0.location
    }

    pub fn object(&self) -> &ErrorObject {
        &self.0.object
    }

    pub fn routine_name(&self) -> Option<&'static str> {
        self.0.routine
    }

    pub fn is_fatal(&self) -> bool {
        self.0.fatal
    }
}

impl fmt::Display for PgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for PgError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for PgError {}
