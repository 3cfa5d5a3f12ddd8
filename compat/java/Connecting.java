import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.TreeMap;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;

/** Sessions: TLS, SCRAM, properties of the driver, cancel, notifications, transactions. */
final class Connecting {
  static void checks() {
    for (String mode : new String[] {"disable", "require", "verify-full"}) {
      Checks.check("connect sslmode=" + mode, () -> connect(mode));
    }
    Checks.check("connect with wrong password", () -> Checks.fails(() -> Checks.connect("password", "wrong")));
    Checks.check("connect to no database", () -> Checks.fails(() -> java.sql.DriverManager.getConnection("jdbc:postgresql://localhost:" + Checks.env("PGPORT") + "/nowhere", Checks.env("PGUSER"), Checks.env("PGPASSWORD"))));
    Checks.check("server parameters", Connecting::parameters);
    Checks.check("properties of the driver", Connecting::properties);
    Checks.check("prefer query modes", Connecting::queryModes);
    Checks.check("transactions and savepoints", Connecting::transactions);
    Checks.check("isolation levels and read only", Connecting::isolation);
    Checks.check("autosave", Connecting::autosave);
    Checks.check("cancel", Connecting::cancel);
    Checks.check("query timeout", Connecting::timeout);
    Checks.check("notifications", Connecting::notifications);
    Checks.check("warnings", Connecting::warnings);
    Checks.check("is valid, schema, client info", Connecting::state);
    Checks.check("error fields", Connecting::errors);
  }

  private static void connect(String mode) throws SQLException {
    try (Connection c = Checks.connect("sslmode", mode)) {
      Checks.query(c, "SELECT current_user, current_database()");
    }
  }

  private static void parameters() throws SQLException {
    try (Connection c = Checks.connect("ApplicationName", "compat")) {
      Map<String, String> statuses = new TreeMap<>(c.unwrap(PGConnection.class).getParameterStatuses());
      statuses.remove("server_version");
      System.out.println(statuses);
    }
  }

  private static void properties() throws SQLException {
    try (Connection c =
        Checks.connect("currentSchema", "pg_catalog,public", "options", "-c statement_timeout=12345", "readOnly", "true", "stringtype", "unspecified")) {
      Checks.query(c, "SELECT current_setting('search_path'), current_setting('statement_timeout')");
      System.out.println(c.isReadOnly());
    }
  }

  private static void queryModes() throws SQLException {
    for (String mode : new String[] {"simple", "extended", "extendedForPrepared", "extendedCacheEverything"}) {
      try (Connection c = Checks.connect("preferQueryMode", mode);
          var statement = c.prepareStatement("SELECT ?::int + 1, ?::text")) {
        statement.setInt(1, 41);
        statement.setString(2, "it's");
        Checks.print(statement.executeQuery());
      }
    }
  }

  private static void transactions() throws SQLException {
    try (Connection c = Checks.connect()) {
      c.setAutoCommit(false);
      Checks.execute(c, "CREATE TABLE tx (a int PRIMARY KEY)", "INSERT INTO tx VALUES (1)");
      var savepoint = c.setSavepoint("s");
      Checks.fails(() -> Checks.execute(c, "INSERT INTO tx VALUES (1)"));
      Checks.fails(() -> Checks.execute(c, "SELECT 1"));
      c.rollback(savepoint);
      Checks.execute(c, "INSERT INTO tx VALUES (2)");
      c.releaseSavepoint(savepoint);
      c.commit();
      Checks.execute(c, "DELETE FROM tx");
      c.rollback();
      Checks.query(c, "SELECT * FROM tx ORDER BY a");
    }
  }

  private static void isolation() throws SQLException {
    try (Connection c = Checks.connect()) {
      for (int level : new int[] {Connection.TRANSACTION_READ_COMMITTED, Connection.TRANSACTION_REPEATABLE_READ, Connection.TRANSACTION_SERIALIZABLE}) {
        c.setTransactionIsolation(level);
        System.out.println(c.getTransactionIsolation());
        Checks.query(c, "SHOW transaction_isolation");
      }
      c.setReadOnly(true);
      c.setAutoCommit(false);
      Checks.fails(() -> Checks.execute(c, "CREATE TABLE refused (a int)"));
      c.rollback();
    }
  }

  private static void autosave() throws SQLException {
    try (Connection c = Checks.connect("autosave", "always")) {
      c.setAutoCommit(false);
      Checks.execute(c, "CREATE TABLE saved (a int)");
      Checks.fails(() -> Checks.execute(c, "SELECT 1/0"));
      Checks.execute(c, "INSERT INTO saved VALUES (1)");
      c.commit();
      Checks.query(c, "SELECT * FROM saved");
    }
  }

  private static void cancel() throws Exception {
    try (Connection c = Checks.connect();
        var statement = c.createStatement()) {
      Thread canceller =
          new Thread(
              () -> {
                try {
                  Thread.sleep(300);
                  statement.cancel();
                } catch (Exception e) {
                  System.out.println(Checks.describe(e));
                }
              });
      canceller.start();
      Checks.fails(() -> statement.execute("SELECT pg_sleep(15)"));
      canceller.join();
      Checks.query(c, "SELECT 'alive'");
    }
  }

  private static void timeout() throws SQLException {
    try (Connection c = Checks.connect();
        var statement = c.createStatement()) {
      statement.setQueryTimeout(1);
      Checks.fails(() -> statement.execute("SELECT pg_sleep(15)"));
    }
  }

  private static void notifications() throws SQLException {
    try (Connection c = Checks.connect()) {
      Checks.execute(c, "LISTEN news", "NOTIFY news, 'hello'");
      for (PGNotification n : c.unwrap(PGConnection.class).getNotifications(5000)) {
        System.out.println(n.getName() + " " + n.getParameter());
      }
    }
  }

  private static void warnings() throws SQLException {
    try (Connection c = Checks.connect();
        var statement = c.createStatement()) {
      statement.execute("DROP TABLE IF EXISTS never_was");
      System.out.println(Checks.describe(statement.getWarnings()));
    }
  }

  private static void state() throws SQLException {
    try (Connection c = Checks.connect()) {
      c.setSchema("pg_catalog");
      c.setClientInfo("ApplicationName", "renamed");
      System.out.println(c.isValid(2) + " " + c.getSchema() + " " + c.getCatalog() + " " + c.getClientInfo());
      Checks.query(c, "SHOW application_name");
    }
  }

  private static void errors() throws SQLException {
    try (Connection c = Checks.connect()) {
      Checks.execute(c, "CREATE TABLE err (a int PRIMARY KEY, b int NOT NULL CHECK (b > 0))");
      for (String sql :
          new String[] {"SELEC", "SELECT * FROM nowhere", "SELECT x FROM err", "INSERT INTO err VALUES (1, NULL)", "INSERT INTO err VALUES (1, -1)", "INSERT INTO err VALUES (1, 1), (1, 1)", "SELECT 1/0", "SELECT 'x'::int"}) {
        try {
          Checks.execute(c, sql);
        } catch (org.postgresql.util.PSQLException e) {
          var m = e.getServerErrorMessage();
          System.out.println(
              String.join(" | ", m.getSeverity(), m.getSQLState(), m.getMessage(), m.getDetail(), m.getHint(), m.getSchema(), m.getTable(), m.getColumn(), m.getConstraint()) + " " + m.getPosition());
        }
      }
    }
  }
}
