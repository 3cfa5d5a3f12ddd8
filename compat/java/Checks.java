import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The transcript of pgjdbc: checks by name, each on a thread of its own that may not last for ever. */
final class Checks {
  private static final int TIMEOUT_S = 20;

  interface Body {
    void run() throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    Connecting.checks();
    Types.checks();
    Statements.checks();
    Results.checks();
    Copying.checks();
    Metadata.checks();
    System.exit(0);
  }

  static void check(String name, Body body) {
    System.out.println("== " + name);
    ExecutorService executor = Executors.newSingleThreadExecutor();
    Future<?> future =
        executor.submit(
            () -> {
              body.run();
              return null;
            });
    try {
      future.get(TIMEOUT_S, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      System.out.println("!! " + describe(e.getCause()));
    } catch (TimeoutException | InterruptedException e) {
      System.out.println("!! not done after " + TIMEOUT_S + " s");
    }
    executor.shutdownNow();
    System.out.flush();
  }

  /** The class of an exception, its SQLSTATE and its message on one line. */
  static String describe(Throwable e) {
    String state = e instanceof SQLException ? ((SQLException) e).getSQLState() + " " : "";
    return e.getClass().getSimpleName() + " " + state + String.valueOf(e.getMessage()).replaceAll("\\s+", " ");
  }

  /** Runs what must fail; prints how. */
  static void fails(Body body) {
    try {
      body.run();
      System.out.println("!! nothing failed");
    } catch (Exception e) {
      System.out.println(describe(e));
    }
  }

  /** A session with further properties of the driver: name, value, name, value... */
  static Connection connect(String... properties) throws SQLException {
    String url = "jdbc:postgresql://" + env("PGHOST") + ":" + env("PGPORT") + "/" + env("PGDATABASE");
    Properties all = new Properties();
    all.setProperty("user", env("PGUSER"));
    all.setProperty("password", env("PGPASSWORD"));
    all.setProperty("sslrootcert", env("PGSSLROOTCERT"));
    for (int i = 0; i < properties.length; i += 2) {
      all.setProperty(properties[i], properties[i + 1]);
    }
    return DriverManager.getConnection(url, all);
  }

  static String env(String name) {
    return System.getenv(name);
  }

  static void execute(Connection connection, String... statements) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  /** Prints the rows of a query. */
  static void query(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      print(statement.executeQuery(sql));
    }
  }

  static void print(ResultSet rows) throws SQLException {
    ResultSetMetaData columns = rows.getMetaData();
    List<String> names = new ArrayList<>();
    for (int i = 1; i <= columns.getColumnCount(); i++) {
      names.add(columns.getColumnLabel(i) + ":" + columns.getColumnTypeName(i));
    }
    System.out.println(names);
    while (rows.next()) {
      List<String> values = new ArrayList<>();
      for (int i = 1; i <= columns.getColumnCount(); i++) {
        values.add(text(rows.getObject(i)));
      }
      System.out.println(values);
    }
  }

  /** A value with its Java class, arrays by their elements. */
  static String text(Object value) throws SQLException {
    if (value == null) {
      return "null";
    }
    if (value instanceof byte[]) {
      return "bytes " + Arrays.toString((byte[]) value);
    }
    if (value instanceof java.sql.Array) {
      Object elements = ((java.sql.Array) value).getArray();
      return "array " + Arrays.deepToString(new Object[] {elements});
    }
    if (value instanceof java.sql.SQLXML) {
      return "xml " + ((java.sql.SQLXML) value).getString();
    }
    return value.getClass().getSimpleName() + " " + value;
  }
}
