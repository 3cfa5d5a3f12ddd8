import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;

/** Result sets: fetched in parts, scrolled, updated, held; and cursors of the server. */
final class Results {
  static void checks() {
    Checks.check("fetch size", Results::fetchSize);
    Checks.check("fetch size changed on the way", Results::changingFetchSize);
    Checks.check("adaptive fetch", Results::adaptiveFetch);
    Checks.check("max rows and max field size", Results::limits);
    Checks.check("scrolling", Results::scrolling);
    Checks.check("updatable: update, insert, delete, refresh", Results::updatable);
    Checks.check("updatable: key of two columns", Results::updatableWithTwoColumns);
    Checks.check("updatable: refused without a key", Results::refused);
    Checks.check("cursor returned by name", Results::namedCursor);
    Checks.check("two result sets open at once", Results::twoOpen);
    Checks.check("result closed half-way", Results::closedEarly);
    Checks.check("wide rows and large values", Results::large);
  }

  private static void fetchSize() throws Exception {
    try (Connection c = Checks.connect()) {
      c.setAutoCommit(false);
      for (int size : new int[] {0, 1, 7, 100}) {
        try (PreparedStatement statement = c.prepareStatement("SELECT g, 'row ' || g FROM generate_series(1, ?) g")) {
          statement.setFetchSize(size);
          statement.setInt(1, 250);
          ResultSet rows = statement.executeQuery();
          int count = 0;
          long sum = 0;
          while (rows.next()) {
            count++;
            sum += rows.getInt(1);
          }
          System.out.println(size + " " + count + " " + sum);
        }
      }
      c.commit();
    }
  }

  private static void changingFetchSize() throws Exception {
    try (Connection c = Checks.connect();
        Statement statement = c.createStatement()) {
      c.setAutoCommit(false);
      statement.setFetchSize(2);
      ResultSet rows = statement.executeQuery("SELECT generate_series(1, 20)");
      int count = 0;
      while (rows.next()) {
        rows.setFetchSize(++count + 1);
      }
      System.out.println(count);
    }
  }

  private static void adaptiveFetch() throws Exception {
    try (Connection c = Checks.connect("adaptiveFetch", "true", "defaultRowFetchSize", "5", "maxResultBuffer", "100K");
        Statement statement = c.createStatement()) {
      c.setAutoCommit(false);
      ResultSet rows = statement.executeQuery("SELECT repeat('x', 1000) FROM generate_series(1, 500)");
      int count = 0;
      while (rows.next()) {
        count++;
      }
      System.out.println(count);
    }
  }

  private static void limits() throws Exception {
    try (Connection c = Checks.connect();
        Statement statement = c.createStatement()) {
      statement.setMaxRows(3);
      statement.setMaxFieldSize(2);
      Checks.print(statement.executeQuery("SELECT g, 'long'::varchar FROM generate_series(1, 10) g"));
    }
  }

  private static void scrolling() throws Exception {
    try (Connection c = Checks.connect();
        Statement statement = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY)) {
      ResultSet rows = statement.executeQuery("SELECT generate_series(1, 10)");
      System.out.println(rows.last() + " " + rows.getRow() + " " + rows.absolute(3) + " " + rows.getInt(1) + " " + rows.relative(-2) + " " + rows.getInt(1));
      System.out.println(rows.previous() + " " + rows.isBeforeFirst() + " " + rows.absolute(-1) + " " + rows.isLast());
    }
  }

  private static Statement updatable(Connection c) throws Exception {
    return c.createStatement(ResultSet.TYPE_SCROLL_SENSITIVE, ResultSet.CONCUR_UPDATABLE);
  }

  private static void updatable() throws Exception {
    try (Connection c = Checks.connect()) {
      Checks.execute(c, "CREATE TABLE upd (id int PRIMARY KEY, v text, at timestamp, n numeric)", "INSERT INTO upd VALUES (1, 'a'), (2, 'b'), (3, 'c')");
      try (Statement statement = updatable(c)) {
        ResultSet rows = statement.executeQuery("SELECT id, v, at, n FROM upd ORDER BY id");
        rows.next();
        rows.updateString("v", "changed");
        rows.updateTimestamp("at", java.sql.Timestamp.valueOf("2024-02-29 12:00:00"));
        rows.updateRow();
        rows.next();
        rows.deleteRow();
        rows.moveToInsertRow();
        rows.updateInt(1, 9);
        rows.updateBigDecimal("n", new java.math.BigDecimal("1.50"));
        rows.insertRow();
        rows.first();
        Checks.execute(c, "UPDATE upd SET v = 'behind' WHERE id = 1");
        rows.refreshRow();
        System.out.println(rows.getString("v"));
      }
      Checks.query(c, "SELECT * FROM upd ORDER BY id");
    }
  }

  private static void updatableWithTwoColumns() throws Exception {
    try (Connection c = Checks.connect()) {
      Checks.execute(c, "CREATE TABLE upd2 (a int, b text, v int, PRIMARY KEY (a, b))", "INSERT INTO upd2 VALUES (1, 'x', 1), (1, 'y', 2)");
      try (Statement statement = updatable(c)) {
        ResultSet rows = statement.executeQuery("SELECT * FROM upd2");
        while (rows.next()) {
          rows.updateInt("v", rows.getInt("v") * 10);
          rows.updateRow();
        }
      }
      Checks.query(c, "SELECT * FROM upd2 ORDER BY a, b");
    }
  }

  private static void refused() throws Exception {
    try (Connection c = Checks.connect()) {
      Checks.execute(c, "CREATE TABLE keyless (a int)", "INSERT INTO keyless VALUES (1)");
      try (Statement statement = updatable(c)) {
        ResultSet rows = statement.executeQuery("SELECT * FROM keyless");
        rows.next();
        Checks.fails(() -> rows.updateInt(1, 2));
      }
    }
  }

  private static void namedCursor() throws Exception {
    try (Connection c = Checks.connect()) {
      c.setAutoCommit(false);
      Checks.execute(c, "DECLARE named CURSOR FOR SELECT generate_series(1, 5)");
      Checks.query(c, "FETCH 2 FROM named");
      Checks.query(c, "FETCH ALL FROM named");
      Checks.execute(c, "CLOSE named");
    }
  }

  private static void twoOpen() throws Exception {
    try (Connection c = Checks.connect();
        Statement one = c.createStatement();
        Statement two = c.createStatement()) {
      c.setAutoCommit(false);
      one.setFetchSize(2);
      two.setFetchSize(3);
      ResultSet a = one.executeQuery("SELECT generate_series(1, 10)");
      ResultSet b = two.executeQuery("SELECT generate_series(11, 20)");
      while (a.next() && b.next()) {
        System.out.print(a.getInt(1) + "," + b.getInt(1) + " ");
      }
      System.out.println();
    }
  }

  private static void closedEarly() throws Exception {
    try (Connection c = Checks.connect();
        Statement statement = c.createStatement()) {
      c.setAutoCommit(false);
      statement.setFetchSize(10);
      for (int i = 0; i < 3; i++) {
        ResultSet rows = statement.executeQuery("SELECT generate_series(1, 100000)");
        rows.next();
        System.out.println(rows.getInt(1));
        rows.close();
      }
      Checks.query(c, "SELECT count(*) FROM pg_cursors");
    }
  }

  private static void large() throws Exception {
    try (Connection c = Checks.connect()) {
      try (PreparedStatement statement = c.prepareStatement("SELECT length(?), md5(?)")) {
        String text = "é".repeat(1_000_000);
        statement.setString(1, text);
        statement.setString(2, text);
        Checks.print(statement.executeQuery());
      }
      StringBuilder columns = new StringBuilder("SELECT 0 AS c0");
      for (int i = 1; i < 600; i++) {
        columns.append(", ").append(i).append(" AS c").append(i);
      }
      try (Statement statement = c.createStatement()) {
        ResultSet rows = statement.executeQuery(columns.toString());
        rows.next();
        System.out.println(rows.getMetaData().getColumnCount() + " " + rows.getInt("c599"));
      }
    }
  }
}
