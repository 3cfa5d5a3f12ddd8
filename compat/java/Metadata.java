import java.lang.reflect.Method;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.ResultSet;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Set;
import java.util.TreeSet;

/** DatabaseMetaData in full: every method that takes nothing, and every result set. */
final class Metadata {
  private static final String[] SCHEMA = {
    "CREATE SCHEMA meta",
    "COMMENT ON SCHEMA meta IS 'described'",
    "CREATE TABLE meta.customer (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name varchar(40) NOT NULL UNIQUE, born date, balance numeric(12,2) DEFAULT 0, tags text[], data jsonb, raw bytea, at timestamptz(3), flag boolean, key uuid, c char(3), twice numeric GENERATED ALWAYS AS (balance * 2) STORED)",
    "COMMENT ON TABLE meta.customer IS 'people'",
    "COMMENT ON COLUMN meta.customer.name IS 'full name'",
    "CREATE TABLE meta.\"order\" (id serial, line smallint, customer bigint NOT NULL REFERENCES meta.customer ON DELETE CASCADE ON UPDATE SET NULL, PRIMARY KEY (id, line))",
    "CREATE TABLE meta.item (id serial PRIMARY KEY, o int, l smallint, FOREIGN KEY (o, l) REFERENCES meta.\"order\" DEFERRABLE INITIALLY DEFERRED)",
    "CREATE INDEX customer_lower ON meta.customer (lower(name), born DESC)",
    "CREATE UNIQUE INDEX customer_partial ON meta.customer (born) WHERE flag",
    "CREATE VIEW meta.names AS SELECT id, name FROM meta.customer",
    "CREATE SEQUENCE meta.numbers",
    "CREATE ROLE meta_reader",
    "GRANT SELECT, UPDATE (name) ON meta.customer TO meta_reader",
  };

  /** What names the driver, the address, or the server's build. */
  private static final Set<String> PARTICULAR = Set.of("getURL", "getDatabaseProductVersion", "getConnection", "getSQLKeywords");

  static void checks() {
    Checks.check("metadata: set up", () -> {
      try (Connection c = Checks.connect()) {
        Checks.execute(c, SCHEMA);
      }
    });
    Checks.check("metadata: everything that takes no argument", Metadata::plain);
    set("getSQLKeywords", m -> System.out.println(m.getSQLKeywords()));
    rows("getSchemas", m -> m.getSchemas());
    rows("getSchemas by pattern", m -> m.getSchemas(null, "me%"));
    rows("getCatalogs", m -> m.getCatalogs());
    rows("getTableTypes", m -> m.getTableTypes());
    rows("getTables", m -> m.getTables(null, "meta", "%", null));
    rows("getTables of types", m -> m.getTables(null, null, "c%", new String[] {"TABLE", "VIEW", "SEQUENCE"}));
    rows("getTables of the system", m -> m.getTables(null, "pg_catalog", "pg_c%", new String[] {"SYSTEM TABLE", "SYSTEM VIEW"}));
    rows("getTables of information_schema", m -> m.getTables(null, "information_schema", "%", null));
    rows("getColumns", m -> m.getColumns(null, "meta", "%", "%"));
    rows("getColumns of the system", m -> m.getColumns(null, "pg_catalog", "pg_class", null));
    rows("getPrimaryKeys", m -> m.getPrimaryKeys(null, "meta", "order"));
    rows("getImportedKeys", m -> m.getImportedKeys(null, "meta", "item"));
    rows("getExportedKeys", m -> m.getExportedKeys(null, "meta", "customer"));
    rows("getCrossReference", m -> m.getCrossReference(null, "meta", "customer", null, "meta", "order"));
    indexes("getIndexInfo", false);
    indexes("getIndexInfo unique", true);
    rows("getBestRowIdentifier", m -> m.getBestRowIdentifier(null, "meta", "order", DatabaseMetaData.bestRowSession, false));
    rows("getVersionColumns", m -> m.getVersionColumns(null, "meta", "order"));
    rows("getTablePrivileges", m -> m.getTablePrivileges(null, "meta", "customer"));
    rows("getColumnPrivileges", m -> m.getColumnPrivileges(null, "meta", "customer", "%"));
    set("getTypeInfo", m -> {
      // It comes in the order of the heap.
      ResultSet rows = m.getTypeInfo();
      TreeSet<String> types = new TreeSet<>();
      while (rows.next()) {
        types.add(rows.getString("TYPE_NAME") + " " + rows.getInt("DATA_TYPE") + " " + rows.getInt("PRECISION") + " " + rows.getBoolean("CASE_SENSITIVE") + " " + rows.getBoolean("UNSIGNED_ATTRIBUTE"));
      }
      System.out.println(String.join("\n", types));
    });
    rows("getUDTs", m -> m.getUDTs(null, "meta", "%", null));
    rows("getFunctions", m -> m.getFunctions(null, "pg_catalog", "lower%"));
    rows("getFunctions of a letter", m -> m.getFunctions(null, "pg_catalog", "a%"));
    rows("getFunctionColumns", m -> m.getFunctionColumns(null, "pg_catalog", "substr%", "%"));
    rows("getProcedures", m -> m.getProcedures(null, "meta", "%"));
    rows("getProcedureColumns", m -> m.getProcedureColumns(null, "pg_catalog", "upper", "%"));
    rows("getClientInfoProperties", m -> m.getClientInfoProperties());
    Checks.check("metadata: types of user", Metadata::userTypes);
  }

  interface Ask {
    ResultSet of(DatabaseMetaData metadata) throws Exception;
  }

  interface Say {
    void of(DatabaseMetaData metadata) throws Exception;
  }

  private static void set(String name, Say say) {
    Checks.check("metadata: " + name, () -> {
      try (Connection c = Checks.connect()) {
        say.of(c.getMetaData());
      }
    });
  }

  private static void rows(String name, Ask ask) {
    set(name, m -> Checks.print(ask.of(m)));
  }

  /** Without the pages of an index, which are the server's own matter. */
  private static void indexes(String name, boolean unique) {
    set(name, m -> {
      ResultSet rows = m.getIndexInfo(null, "meta", "customer", unique, true);
      while (rows.next()) {
        System.out.println(
            String.join(" | ", rows.getString("INDEX_NAME"), rows.getString("NON_UNIQUE"), rows.getString("TYPE"), rows.getString("ORDINAL_POSITION"), rows.getString("COLUMN_NAME"), rows.getString("ASC_OR_DESC"), rows.getString("FILTER_CONDITION")));
      }
    });
  }

  private static void plain() throws Exception {
    try (Connection c = Checks.connect()) {
      DatabaseMetaData metadata = c.getMetaData();
      Method[] methods = DatabaseMetaData.class.getMethods();
      Arrays.sort(methods, Comparator.comparing(Method::getName));
      for (Method method : methods) {
        boolean simple = method.getReturnType().isPrimitive() || method.getReturnType() == String.class;
        if (method.getParameterCount() == 0 && simple && !PARTICULAR.contains(method.getName())) {
          System.out.println(method.getName() + " " + method.invoke(metadata));
        }
      }
    }
  }

  private static void userTypes() throws Exception {
    try (Connection c = Checks.connect()) {
      Checks.execute(c, "CREATE TYPE meta.mood AS ENUM ('sad', 'happy')", "CREATE DOMAIN meta.positive AS int CHECK (VALUE > 0)", "CREATE TYPE meta.pair AS (a int, b text)");
      Checks.execute(c, "CREATE TABLE meta.typed (m meta.mood, p meta.positive, r meta.pair, a meta.mood[])");
      Checks.print(c.getMetaData().getUDTs(null, "meta", "%", null));
      Checks.print(c.getMetaData().getColumns(null, "meta", "typed", "%"));
    }
  }
}
