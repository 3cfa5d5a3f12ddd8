import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.Statement;
import java.util.Arrays;

/** Prepared statements, batches with and without rewriting, generated keys, calls. */
final class Statements {
  static void checks() {
    Checks.check("prepared on the server after some uses", Statements::threshold);
    Checks.check("prepared statement after ALTER TABLE", Statements::replan);
    Checks.check("parameter metadata", Statements::parameterMetadata);
    Checks.check("batch of statements", Statements::batch);
    Checks.check("batch of rows", () -> rows("false"));
    Checks.check("batch of rows, rewritten", () -> rows("true"));
    Checks.check("batch that fails", () -> failing("false"));
    Checks.check("batch that fails, rewritten", () -> failing("true"));
    Checks.check("batch with generated keys", Statements::batchKeys);
    Checks.check("generated keys", Statements::keys);
    Checks.check("returning as a query", Statements::returning);
    Checks.check("several results", Statements::several);
    Checks.check("call of a function", Statements::call);
    Checks.check("call of a procedure", Statements::procedure);
    Checks.check("escapes of JDBC", Statements::escapes);
    Checks.check("large update counts", Statements::counts);
    Checks.check("large objects", Statements::largeObjects);
    Checks.check("a thousand parameters", Statements::manyParameters);
  }

  private static void threshold() throws Exception {
    try (Connection c = Checks.connect("prepareThreshold", "3");
        PreparedStatement statement = c.prepareStatement("SELECT ?::int * 2")) {
      for (int i = 0; i < 5; i++) {
        statement.setInt(1, i);
        Checks.print(statement.executeQuery());
      }
      Checks.query(c, "SELECT count(*) FROM pg_prepared_statements");
    }
  }

  private static void replan() throws Exception {
    try (Connection c = Checks.connect("prepareThreshold", "1");
        Connection other = Checks.connect()) {
      Checks.execute(c, "CREATE TABLE replan (a int)", "INSERT INTO replan VALUES (1)");
      PreparedStatement statement = c.prepareStatement("SELECT * FROM replan");
      Checks.print(statement.executeQuery());
      Checks.print(statement.executeQuery());
      Checks.execute(other, "ALTER TABLE replan ADD COLUMN b text DEFAULT 'new'");
      Checks.print(statement.executeQuery());
    }
  }

  private static void parameterMetadata() throws Exception {
    try (Connection c = Checks.connect()) {
      Checks.execute(c, "CREATE TABLE described (a int, b varchar(5), c timestamptz, d numeric(5,2), e text[])");
      var metadata = c.prepareStatement("INSERT INTO described VALUES (?, ?, ?, ?, ?)").getParameterMetaData();
      for (int i = 1; i <= metadata.getParameterCount(); i++) {
        System.out.println(metadata.getParameterType(i) + " " + metadata.getParameterTypeName(i) + " " + metadata.getParameterClassName(i));
      }
      var columns = c.prepareStatement("SELECT a, b AS renamed, c + interval '1 day', d, e FROM described").getMetaData();
      for (int i = 1; i <= columns.getColumnCount(); i++) {
        System.out.println(
            columns.getColumnName(i) + " " + columns.getColumnLabel(i) + " " + columns.getTableName(i) + " " + columns.getSchemaName(i) + " " + columns.isNullable(i) + " "
                + columns.isAutoIncrement(i) + " " + columns.getPrecision(i) + " " + columns.getScale(i) + " " + columns.getColumnDisplaySize(i));
      }
    }
  }

  private static void batch() throws Exception {
    try (Connection c = Checks.connect();
        Statement statement = c.createStatement()) {
      statement.addBatch("CREATE TABLE batched (a int)");
      statement.addBatch("INSERT INTO batched VALUES (1), (2)");
      statement.addBatch("UPDATE batched SET a = a + 1");
      statement.addBatch("DELETE FROM batched WHERE a = 2");
      System.out.println(Arrays.toString(statement.executeBatch()));
    }
  }

  private static void rows(String rewrite) throws Exception {
    try (Connection c = Checks.connect("reWriteBatchedInserts", rewrite)) {
      Checks.execute(c, "CREATE TABLE rows_" + rewrite + " (a int, b text)");
      c.setAutoCommit(false);
      try (PreparedStatement statement = c.prepareStatement("INSERT INTO rows_" + rewrite + " VALUES (?, ?)")) {
        for (int i = 0; i < 1000; i++) {
          statement.setInt(1, i);
          statement.setString(2, "v" + i);
          statement.addBatch();
        }
        System.out.println(statement.executeBatch().length);
      }
      c.commit();
      Checks.query(c, "SELECT count(*), sum(a), max(b) FROM rows_" + rewrite);
    }
  }

  private static void failing(String rewrite) throws Exception {
    try (Connection c = Checks.connect("reWriteBatchedInserts", rewrite)) {
      Checks.execute(c, "CREATE TABLE failing_" + rewrite + " (a int PRIMARY KEY)");
      try (PreparedStatement statement = c.prepareStatement("INSERT INTO failing_" + rewrite + " VALUES (?)")) {
        for (int a : new int[] {1, 2, 1, 3}) {
          statement.setInt(1, a);
          statement.addBatch();
        }
        statement.executeBatch();
      } catch (BatchUpdateException e) {
        System.out.println(Arrays.toString(e.getUpdateCounts()) + " " + Checks.describe(e.getNextException()));
      }
      Checks.query(c, "SELECT count(*) FROM failing_" + rewrite);
    }
  }

  private static void batchKeys() throws Exception {
    try (Connection c = Checks.connect()) {
      Checks.execute(c, "CREATE TABLE keyed_batch (id serial PRIMARY KEY, v text)");
      try (PreparedStatement statement = c.prepareStatement("INSERT INTO keyed_batch (v) VALUES (?)", Statement.RETURN_GENERATED_KEYS)) {
        for (String v : new String[] {"a", "b", "c"}) {
          statement.setString(1, v);
          statement.addBatch();
        }
        System.out.println(Arrays.toString(statement.executeBatch()));
        Checks.print(statement.getGeneratedKeys());
      }
    }
  }

  private static void keys() throws Exception {
    try (Connection c = Checks.connect();
        Statement statement = c.createStatement()) {
      statement.execute("CREATE TABLE keyed (id bigint GENERATED ALWAYS AS IDENTITY, v text DEFAULT 'd', at date DEFAULT '2024-01-01')");
      statement.executeUpdate("INSERT INTO keyed (v) VALUES ('x')", Statement.RETURN_GENERATED_KEYS);
      Checks.print(statement.getGeneratedKeys());
      statement.executeUpdate("INSERT INTO keyed DEFAULT VALUES", new String[] {"id", "at"});
      Checks.print(statement.getGeneratedKeys());
      statement.executeUpdate("UPDATE keyed SET v = 'y'", new String[] {"id"});
      Checks.print(statement.getGeneratedKeys());
    }
  }

  private static void returning() throws Exception {
    try (Connection c = Checks.connect()) {
      Checks.execute(c, "CREATE TABLE returned (a int)");
      Checks.query(c, "INSERT INTO returned VALUES (1), (2) RETURNING a * 10 AS ten");
      Checks.query(c, "WITH d AS (DELETE FROM returned RETURNING *) SELECT count(*) FROM d");
    }
  }

  private static void several() throws Exception {
    try (Connection c = Checks.connect();
        Statement statement = c.createStatement()) {
      boolean rows = statement.execute("SELECT 1; CREATE TABLE several (a int); INSERT INTO several VALUES (1), (2); SELECT * FROM several");
      while (rows || statement.getUpdateCount() != -1) {
        if (rows) {
          Checks.print(statement.getResultSet());
        } else {
          System.out.println(statement.getUpdateCount());
        }
        rows = statement.getMoreResults();
      }
    }
  }

  private static void call() throws Exception {
    try (Connection c = Checks.connect();
        var statement = c.prepareCall("{? = call lower(?)}")) {
      statement.registerOutParameter(1, java.sql.Types.VARCHAR);
      statement.setString(2, "ABC");
      statement.execute();
      System.out.println(statement.getString(1));
    }
  }

  private static void procedure() throws Exception {
    try (Connection c = Checks.connect("escapeSyntaxCallMode", "callIfNoReturn")) {
      Checks.execute(c, "CREATE TABLE called (a int)", "CREATE PROCEDURE put(p int) LANGUAGE sql AS 'INSERT INTO called VALUES (p)'");
      try (var statement = c.prepareCall("{call put(?)}")) {
        statement.setInt(1, 7);
        statement.execute();
      }
      Checks.query(c, "SELECT * FROM called");
    }
  }

  private static void escapes() throws Exception {
    try (Connection c = Checks.connect()) {
      Checks.query(c, "SELECT {d '2024-02-29'}, {ts '2024-02-29 12:00:00'}, {fn concat('a', 'b')}, {fn ucase('x')}, {fn locate('b', 'abc')}, {fn year({d '2024-02-29'})}");
      Checks.query(c, "SELECT * FROM {oj pg_am a LEFT OUTER JOIN pg_class b ON a.oid = b.oid} WHERE amname = 'heap' AND amname LIKE 'he|%p' {escape '|'} IS NOT TRUE");
    }
  }

  private static void counts() throws Exception {
    try (Connection c = Checks.connect();
        Statement statement = c.createStatement()) {
      System.out.println(statement.executeLargeUpdate("CREATE TABLE counted AS SELECT generate_series(1, 5000) AS a"));
      System.out.println(statement.executeLargeUpdate("UPDATE counted SET a = a + 1"));
      System.out.println(statement.executeUpdate("TRUNCATE counted"));
    }
  }

  private static void largeObjects() throws Exception {
    try (Connection c = Checks.connect()) {
      c.setAutoCommit(false);
      var manager = c.unwrap(org.postgresql.PGConnection.class).getLargeObjectAPI();
      long oid = manager.createLO();
      try (var object = manager.open(oid)) {
        object.write(new byte[] {1, 2, 3});
        object.seek(1);
        System.out.println(Arrays.toString(object.read(5)) + " " + object.size());
      }
      manager.delete(oid);
      c.commit();
    }
  }

  private static void manyParameters() throws Exception {
    try (Connection c = Checks.connect();
        PreparedStatement statement = c.prepareStatement("SELECT count(*) FROM generate_series(1, 2000) g WHERE g IN (?" + ", ?".repeat(999) + ")")) {
      for (int i = 1; i <= 1000; i++) {
        statement.setInt(i, i * 2);
      }
      Checks.print(statement.executeQuery());
    }
  }
}
