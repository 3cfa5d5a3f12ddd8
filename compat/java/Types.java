import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.UUID;

/** Every type of types.tsv, as text and as binary, read and written back; then Java's own classes. */
final class Types {
  static void checks() throws Exception {
    for (String line : Files.readAllLines(Path.of("types.tsv"))) {
      String[] parts = line.split("\t");
      Checks.check("text " + parts[0] + " " + parts[1], () -> roundTrip(parts[0], parts[1], false));
      Checks.check("binary " + parts[0] + " " + parts[1], () -> roundTrip(parts[0], parts[1], true));
    }
    Checks.check("classes of Java as parameters", Types::parameters);
    Checks.check("typed getters", Types::getters);
    Checks.check("arrays as parameters", Types::arrays);
    Checks.check("nulls of each type", Types::nulls);
  }

  /** Binary transfer sets in once a statement is prepared on the server, here from the first use on. */
  private static void roundTrip(String type, String literal, boolean binary) throws Exception {
    try (Connection c = Checks.connect("prepareThreshold", binary ? "-1" : "0", "binaryTransfer", String.valueOf(binary))) {
      Checks.execute(c, "SET timezone = 'UTC'");
      Object value;
      try (PreparedStatement statement = c.prepareStatement("SELECT '" + literal.replace("'", "''") + "'::" + type + " AS v")) {
        ResultSet rows = statement.executeQuery();
        rows.next();
        // The driver takes money for a double, which does not read what the server writes.
        value = type.equals("money") ? rows.getString(1) : rows.getObject(1);
        System.out.println(Checks.text(value));
        var m = rows.getMetaData();
        System.out.println(m.getColumnType(1) + " " + m.getColumnTypeName(1) + " " + m.getColumnClassName(1));
        System.out.println(m.getPrecision(1) + " " + m.getScale(1) + " " + m.getColumnDisplaySize(1) + " " + m.isSigned(1));
      }
      try (PreparedStatement statement = c.prepareStatement("SELECT ?::" + type + "::text")) {
        if (value instanceof String) {
          statement.setObject(1, value, java.sql.Types.OTHER);
        } else {
          statement.setObject(1, value);
        }
        Checks.print(statement.executeQuery());
      }
    }
  }

  private static void parameters() throws Exception {
    Object[] values = {
      true, (short) 1, 2, 3L, 1.5f, 2.5, new java.math.BigDecimal("1.50"), "text", 'c', new byte[] {0, -1}, UUID.fromString("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
      LocalDate.of(2024, 2, 29), LocalTime.of(1, 2, 3), LocalDateTime.of(2024, 2, 29, 12, 0), OffsetDateTime.parse("2024-02-29T12:00:00+02:00"),
      java.sql.Date.valueOf("2024-02-29"), java.sql.Timestamp.valueOf("2024-02-29 12:00:00.123456"), new java.math.BigInteger("123456789012345678901234567890"),
      new org.postgresql.util.PGInterval("1 day 2 hours"),
    };
    try (Connection c = Checks.connect("prepareThreshold", "1")) {
      Checks.execute(c, "SET timezone = 'UTC'");
      for (Object value : values) {
        try (PreparedStatement statement = c.prepareStatement("SELECT ? AS v")) {
          for (int use = 0; use < 2; use++) {
            statement.setObject(1, value);
            Checks.print(statement.executeQuery());
          }
          System.out.println(statement.getParameterMetaData().getParameterTypeName(1));
        } catch (java.sql.SQLException e) {
          System.out.println(Checks.describe(e));
        }
      }
    }
  }

  private static void getters() throws Exception {
    String sql = "SELECT 42::int4, 1.5::numeric, 'x'::text, date '2024-02-29', timestamptz '2024-02-29 12:00Z', time '01:02', true, '\\x01'::bytea";
    for (String threshold : new String[] {"0", "-1"}) {
      try (Connection c = Checks.connect("prepareThreshold", threshold);
          PreparedStatement statement = c.prepareStatement(sql)) {
        ResultSet rows = statement.executeQuery();
        rows.next();
        System.out.println(rows.getShort(1) + " " + rows.getLong(1) + " " + rows.getDouble(1) + " " + rows.getBigDecimal(1) + " " + rows.getString(1));
        System.out.println(rows.getInt(2) + " " + rows.getFloat(2) + " " + rows.getBigDecimal(2));
        System.out.println(rows.getObject(4, LocalDate.class) + " " + rows.getObject(5, OffsetDateTime.class) + " " + rows.getObject(6, LocalTime.class));
        System.out.println(rows.getBoolean(7) + " " + rows.getBytes(8).length + " " + rows.getBinaryStream(8).read());
        Checks.fails(() -> rows.getInt(3));
      }
    }
  }

  private static void arrays() throws Exception {
    try (Connection c = Checks.connect("prepareThreshold", "-1");
        PreparedStatement statement = c.prepareStatement("SELECT ?::int[], ?::text[], ?::float8[], ?::uuid[], ?::int[][]")) {
      statement.setArray(1, c.createArrayOf("int4", new Integer[] {1, null, 3}));
      statement.setArray(2, c.createArrayOf("text", new String[] {"a", "b,\"c", null}));
      statement.setObject(3, new double[] {1.5, 2});
      statement.setArray(4, c.createArrayOf("uuid", new UUID[] {new UUID(1, 2)}));
      statement.setArray(5, c.createArrayOf("int4", new Integer[][] {{1, 2}, {3, 4}}));
      Checks.print(statement.executeQuery());
      var array = c.createArrayOf("int4", new Integer[] {7, 8});
      Checks.print(array.getResultSet());
    }
  }

  private static void nulls() throws Exception {
    try (Connection c = Checks.connect();
        PreparedStatement statement = c.prepareStatement("SELECT ?::int, ?::text, ?::timestamptz, ?::bytea, ?::int[]")) {
      int[] types = {java.sql.Types.INTEGER, java.sql.Types.VARCHAR, java.sql.Types.TIMESTAMP_WITH_TIMEZONE, java.sql.Types.BINARY, java.sql.Types.ARRAY};
      for (int i = 0; i < types.length; i++) {
        statement.setNull(i + 1, types[i]);
      }
      Checks.print(statement.executeQuery());
    }
  }
}
